//! What a loss is.

use std::fmt;

use olifant_core::{Shape, TensorView, Var};

use crate::BuildError;

/// The price of a prediction.
///
/// The trainer weighs the prices of the samples and averages them.
/// A program that only loads a model must mention the crate its losses come from: `use their_losses as _;`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Axes, Var};
/// use olifant_nn::Loss;
/// use serde::{Deserialize, Serialize};
///
/// /// The mean fourth power of the error.
/// #[derive(Clone, Debug, Serialize, Deserialize)]
/// struct MeanQuarticError;
///
/// #[typetag::serde(name = "my_crate/mean_quartic_error")]
/// impl Loss for MeanQuarticError {
///     fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
///         (y_true - y_pred).square().square().mean(-1)
///     }
/// }
/// ```
#[typetag::serde(tag = "loss")]
pub trait Loss: fmt::Debug + Send + Sync + 'static {
    /// Records the loss of each element: both arguments have the batch axis in front, and so has the result.
    ///
    /// `y_true` and `y_pred` have passed [`check`](Loss::check), and have the same rank unless the targets are class indices.
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t>;

    /// Whether these targets suit predictions of shape `y_pred` (batch axis in front).
    ///
    /// The default expects targets of the shape of the predictions; a last axis of size 1 may be missing.
    ///
    /// # Errors
    ///
    /// They do not; the error names the first row that is wrong, if it is only one.
    fn check(&self, y_true: TensorView<'_>, y_pred: Shape) -> Result<(), TargetError> {
        expect_same_shape(y_true.shape, y_pred, "; for class indices use SparseCategoricalCrossentropy")
    }

    /// Whether all options are in their ranges; asked once, when a model is compiled.
    ///
    /// # Errors
    ///
    /// The first option that is not.
    fn check_options(&self) -> Result<(), BuildError> {
        Ok(())
    }
}

/// Anything that names the losses of a model: one for all outputs, or for several outputs an array, a vector, a tuple.
pub trait IntoLosses {
    /// The losses in the order of the outputs.
    fn into_losses(self) -> Vec<Box<dyn Loss>>;
}

impl<L: Loss> IntoLosses for L {
    fn into_losses(self) -> Vec<Box<dyn Loss>> {
        vec![Box::new(self)]
    }
}

impl<L: Loss, const N: usize> IntoLosses for [L; N] {
    fn into_losses(self) -> Vec<Box<dyn Loss>> {
        self.into_iter().map(|loss| Box::new(loss) as Box<dyn Loss>).collect()
    }
}

impl IntoLosses for Vec<Box<dyn Loss>> {
    fn into_losses(self) -> Vec<Box<dyn Loss>> {
        self
    }
}

macro_rules! tuples {
    ($($name:ident)+) => {
        impl<$($name: Loss),+> IntoLosses for ($($name,)+) {
            #[allow(non_snake_case)]
            fn into_losses(self) -> Vec<Box<dyn Loss>> {
                let ($($name,)+) = self;
                vec![$(Box::new($name)),+]
            }
        }
    };
}

tuples!(A B);
tuples!(A B C);
tuples!(A B C D);

/// Why targets do not suit a model's predictions.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The shapes do not fit.
    #[error(
        "targets of shape {given} do not suit predictions of shape {predictions}: expected {expected}{remedy}"
    )]
    Shape {
        /// The targets' shape, batch axis in front.
        given: String,
        /// The predictions' shape.
        predictions: String,
        /// What would be right.
        expected: String,
        /// What to do, starting with `; `, or empty.
        remedy: &'static str,
    },
    /// One target cannot be.
    #[error("row {row} of y is {value}, but {expected}")]
    Value {
        /// The row, from 0.
        row: usize,
        /// What is there.
        value: f64,
        /// What would be right, as a clause.
        expected: String,
    },
}

impl TargetError {
    /// Shapes that do not fit; `remedy` starts with `; ` or is empty.
    pub fn shape(
        given: Shape,
        predictions: Shape,
        expected: impl ToString,
        remedy: &'static str,
    ) -> TargetError {
        TargetError::Shape {
            given: given.to_string(),
            predictions: predictions.to_string(),
            expected: expected.to_string(),
            remedy,
        }
    }
}

/// Whether targets have the shape of the predictions; a last axis of size 1 may be missing in either.
///
/// `if_indices` is the remedy if the targets look like class indices.
pub(crate) fn expect_same_shape(
    given: Shape,
    predictions: Shape,
    if_indices: &'static str,
) -> Result<(), TargetError> {
    if given == predictions || given == squeezed(predictions) || squeezed(given) == predictions {
        return Ok(());
    }
    let remedy = if are_class_indices(given, predictions) { if_indices } else { CHECK_UNITS };
    Err(TargetError::shape(given, predictions, predictions, remedy))
}

/// Whether targets are one class index for each row of predictions; `if_one_hot` is the remedy if they look one-hot.
pub(crate) fn expect_class_indices(
    given: Shape,
    predictions: Shape,
    if_one_hot: &'static str,
) -> Result<(), TargetError> {
    if are_class_indices(given, predictions) {
        return Ok(());
    }
    let rows = &predictions.axes()[..predictions.rank().saturating_sub(1)];
    let remedy = if given == predictions { if_one_hot } else { "" };
    Err(TargetError::shape(given, predictions, format!("class indices, {rows:?}"), remedy))
}

/// Whether targets are one row of probabilities for each row of predictions; `if_indices` is the remedy for class indices.
pub(crate) fn expect_one_hot(
    given: Shape,
    predictions: Shape,
    if_indices: &'static str,
) -> Result<(), TargetError> {
    if given == predictions {
        return Ok(());
    }
    let remedy = if are_class_indices(given, predictions) { if_indices } else { CHECK_UNITS };
    Err(TargetError::shape(given, predictions, predictions, remedy))
}

/// Whether predictions have more than one class: a softmax over a single one is always 1, so nothing can be learnt.
pub(crate) fn expect_several_classes(given: Shape, predictions: Shape) -> Result<(), TargetError> {
    if predictions.last_axis() != Ok(1) {
        return Ok(());
    }
    let remedy = "; for a single output use BinaryCrossentropy";
    Err(TargetError::shape(given, predictions, "at least two classes", remedy))
}

const CHECK_UNITS: &str = "; check the units of the last layer";

/// Whether there is one number for each row of predictions; a last axis of size 1 may follow.
fn are_class_indices(given: Shape, predictions: Shape) -> bool {
    match predictions.axes() {
        [rows @ .., _] if !rows.is_empty() => given.axes() == rows || given == predictions.with_last_axis(1),
        _ => false,
    }
}

/// The shape without its last axis, if that has size 1 and is not the batch.
fn squeezed(shape: Shape) -> Shape {
    match shape.axes() {
        [rest @ .., 1] if !rest.is_empty() => Shape::new(rest).unwrap_or(shape),
        _ => shape,
    }
}
