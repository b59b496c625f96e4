//! Cross-entropy of answers to yes-or-no questions.

use olifant_core::{Float, Shape, TensorView, Var};
use serde::{Deserialize, Serialize};

use super::{
    EPSILON,
    alignment::same_rank,
    label_smoothing::{check_label_smoothing, smoothed},
    target_values::check_probabilities,
};
use crate::{BuildError, Loss, TargetError, loss::expect_same_shape};

/// Cross-entropy of answers to yes-or-no questions: L = −mean (t ln p + (1 − t) ln(1 − p)).
///
/// Computed from logits x, also those beneath a sigmoid: L = mean (max(x, 0) − x t + ln(1 + e^(−|x|))).
/// Other probabilities are clipped to [10⁻⁷, 1 − 10⁻⁷].
///
/// # Shapes
///
/// Targets and predictions `[batch, …, questions]`, result `[batch, …]`; a last axis of size 1 may be missing in either.
///
/// # Defaults
///
/// - `from_logits`: `false`.
/// - `label_smoothing`: 0.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::BinaryCrossentropy};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[0.0, 1.0, 0.0, 0.0], shape: [2, 2].into() });
/// let y_pred = tape.input(TensorView { data: &[0.6, 0.4, 0.4, 0.6], shape: [2, 2].into() });
/// let loss = BinaryCrossentropy::new().call(y_true, y_pred);
/// loss.with_value(|value| {
///     assert!((value.data[0] - 0.9163).abs() < 1e-4);
///     assert!((value.data[1] - 0.7136).abs() < 1e-4);
/// });
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BinaryCrossentropy {
    from_logits: bool,
    label_smoothing: Float,
}

impl BinaryCrossentropy {
    /// The loss for predicted probabilities.
    pub fn new() -> BinaryCrossentropy {
        BinaryCrossentropy::default()
    }

    /// Whether predictions are logits, to which the loss applies a sigmoid.
    pub fn from_logits(mut self, from_logits: bool) -> BinaryCrossentropy {
        self.from_logits = from_logits;
        self
    }

    /// The share s, from 0 to 1, by which each target is drawn to one half: t (1 − s) + s / 2.
    pub fn label_smoothing(mut self, label_smoothing: Float) -> BinaryCrossentropy {
        self.label_smoothing = label_smoothing;
        self
    }
}

#[typetag::serde(name = "binary_crossentropy")]
impl Loss for BinaryCrossentropy {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let y_true = smoothed(y_true, self.label_smoothing, 2);
        let loss = match y_pred.sigmoid_logits() {
            Some(logits) => cross_entropy_from_logits(y_true, logits),
            None if self.from_logits => cross_entropy_from_logits(y_true, y_pred),
            None => cross_entropy_from_probabilities(y_true, y_pred),
        };
        loss.mean(-1)
    }

    fn check(&self, y_true: TensorView<'_>, y_pred: Shape) -> Result<(), TargetError> {
        check_yes_or_no(y_true, y_pred)
    }

    fn check_options(&self) -> Result<(), BuildError> {
        check_label_smoothing(self.label_smoothing)
    }
}

/// The cross-entropy of each element, from logits.
pub(super) fn cross_entropy_from_logits<'t>(y_true: Var<'t>, logits: Var<'t>) -> Var<'t> {
    let (y_true, logits) = same_rank(y_true, logits);
    logits.sigmoid_cross_entropy(y_true)
}

/// The cross-entropy of each element, from probabilities.
pub(super) fn cross_entropy_from_probabilities<'t>(y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
    let (t, y_pred) = same_rank(y_true, y_pred);
    let p = y_pred.clip(EPSILON, 1.0 - EPSILON);
    -(t * p.log() + (1.0 - t) * (1.0 - p).log())
}

/// Whether targets are probabilities, one for each prediction.
pub(super) fn check_yes_or_no(y_true: TensorView<'_>, y_pred: Shape) -> Result<(), TargetError> {
    expect_same_shape(y_true.shape, y_pred, "; for class indices use SparseCategoricalCrossentropy")?;
    check_probabilities(y_true)
}
