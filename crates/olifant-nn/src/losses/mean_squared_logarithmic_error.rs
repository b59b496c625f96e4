//! The mean of the squared errors of logarithms.

use olifant_core::Var;
use serde::{Deserialize, Serialize};

use super::{EPSILON, alignment::same_rank};
use crate::Loss;

/// The mean of the squared errors of logarithms: L = mean (ln(1 + max(t, 10⁻⁷)) − ln(1 + max(p, 10⁻⁷)))².
///
/// It is for targets from 0 upwards that span several orders of magnitude.
///
/// # Shapes
///
/// Targets and predictions `[batch, …, outputs]`, result `[batch, …]`; a last axis of size 1 may be missing in either.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::MeanSquaredLogarithmicError};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[0.0, 1.0], shape: [1, 2].into() });
/// let y_pred = tape.input(TensorView { data: &[0.0, 3.0], shape: [1, 2].into() });
/// let loss = MeanSquaredLogarithmicError::new().call(y_true, y_pred);
/// loss.with_value(|value| assert!((value.data[0] - 0.2402).abs() < 1e-4));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MeanSquaredLogarithmicError {}

impl MeanSquaredLogarithmicError {
    /// The loss; it has no options.
    pub fn new() -> MeanSquaredLogarithmicError {
        MeanSquaredLogarithmicError::default()
    }
}

#[typetag::serde(name = "mean_squared_logarithmic_error")]
impl Loss for MeanSquaredLogarithmicError {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let (y_true, y_pred) = same_rank(y_true, y_pred);
        let logarithm = |x: Var<'t>| (x.maximum(EPSILON) + 1.0).log();
        (logarithm(y_true) - logarithm(y_pred)).square().mean(-1)
    }
}
