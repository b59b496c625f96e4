//! Cross-entropy between class indices and predicted probabilities.

use olifant_core::{Axes, Float, Shape, TensorView, Var};
use serde::{Deserialize, Serialize};

use super::{EPSILON, alignment::without_last_axis, target_values::check_class_indices};
use crate::{
    Loss, TargetError,
    loss::{expect_class_indices, expect_several_classes},
};

/// Cross-entropy between class indices and predicted probabilities: L = −ln pₜ.
///
/// Computed from logits x, also those beneath a softmax: L = ln Σⱼ e^(xⱼ) − xₜ.
/// Other probabilities are clipped to [10⁻⁷, 1 − 10⁻⁷] and divided by their sum.
///
/// For one-hot targets use [`CategoricalCrossentropy`](super::CategoricalCrossentropy).
///
/// # Shapes
///
/// Targets `[batch, …]` or `[batch, …, 1]`, predictions `[batch, …, classes]`, result `[batch, …]`.
///
/// # Defaults
///
/// - `from_logits`: `false`.
/// - `ignore_class`: none.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::SparseCategoricalCrossentropy};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[1.0, 2.0], shape: [2].into() });
/// let y_pred = tape.input(TensorView { data: &[0.05, 0.95, 0.0, 0.1, 0.8, 0.1], shape: [2, 3].into() });
/// let loss = SparseCategoricalCrossentropy::new().call(y_true, y_pred);
/// loss.with_value(|value| {
///     assert!((value.data[0] - 0.0513).abs() < 1e-4);
///     assert!((value.data[1] - 2.3026).abs() < 1e-4);
/// });
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SparseCategoricalCrossentropy {
    from_logits: bool,
    ignore_class: Option<i32>,
}

impl SparseCategoricalCrossentropy {
    /// The loss for predicted probabilities.
    pub fn new() -> SparseCategoricalCrossentropy {
        SparseCategoricalCrossentropy::default()
    }

    /// Whether predictions are logits, to which the loss applies a softmax.
    pub fn from_logits(mut self, from_logits: bool) -> SparseCategoricalCrossentropy {
        self.from_logits = from_logits;
        self
    }

    /// A label that costs nothing and is left out of the mean, such as −1 or 255 for "not labelled".
    ///
    /// So that the mean over a batch is the mean over what is counted,
    /// the losses of the others are multiplied by (all labels) / (counted labels).
    pub fn ignore_class(mut self, class: i32) -> SparseCategoricalCrossentropy {
        self.ignore_class = Some(class);
        self
    }
}

#[typetag::serde(name = "sparse_categorical_crossentropy")]
impl Loss for SparseCategoricalCrossentropy {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let logits = match y_pred.softmax_logits() {
            Some(logits) => logits,
            None if self.from_logits => y_pred,
            None => y_pred.clip(EPSILON, 1.0 - EPSILON).log(),
        };
        match self.ignore_class {
            None => logits.softmax_cross_entropy(y_true),
            Some(class) => without_class(class as Float, y_true, y_pred, logits),
        }
    }

    fn check(&self, y_true: TensorView<'_>, y_pred: Shape) -> Result<(), TargetError> {
        expect_several_classes(y_true.shape, y_pred)?;
        expect_class_indices(y_true.shape, y_pred, "; for one-hot targets use CategoricalCrossentropy")?;
        check_class_indices(y_true, y_pred.last_axis().unwrap_or(0), self.ignore_class)
    }
}

/// The cross-entropy in which the labels that are `class` do not count.
fn without_class<'t>(class: Float, y_true: Var<'t>, y_pred: Var<'t>, logits: Var<'t>) -> Var<'t> {
    // Rows of predictions and labels have the same rank when a label column loses its axis.
    let labels =
        if y_true.shape().rank() == y_pred.shape().rank() { without_last_axis(y_true) } else { y_true };
    let counts = 1.0 - labels.equal(class);
    let losses = logits.softmax_cross_entropy(labels * counts);
    let all = counts.shape().size() as Float;
    let share = all / counts.sum(Axes::All).maximum(1.0);
    counts.select(losses * share, 0.0)
}
