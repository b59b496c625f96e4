//! Cross-entropy between two distributions over classes.

use olifant_core::{Float, Shape, TensorView, Var};
use serde::{Deserialize, Serialize};

use super::{
    EPSILON,
    label_smoothing::{check_label_smoothing, smoothed},
};
use crate::{
    BuildError, Loss, TargetError,
    loss::{expect_one_hot, expect_several_classes},
};

/// Cross-entropy between targets, one-hot or soft, and predicted probabilities: L = −Σⱼ tⱼ ln pⱼ.
///
/// Computed from logits x, also those beneath a softmax: L = Σⱼ tⱼ (ln Σₖ e^(xₖ) − xⱼ).
/// Other probabilities are divided by their sum and clipped to [10⁻⁷, 1 − 10⁻⁷].
///
/// For class indices use [`SparseCategoricalCrossentropy`](super::SparseCategoricalCrossentropy).
///
/// # Shapes
///
/// Targets and predictions `[batch, …, classes]`, result `[batch, …]`.
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
/// use olifant_nn::{Loss, losses::CategoricalCrossentropy};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[0.0, 1.0, 0.0, 0.0, 0.0, 1.0], shape: [2, 3].into() });
/// let y_pred = tape.input(TensorView { data: &[0.05, 0.95, 0.0, 0.1, 0.8, 0.1], shape: [2, 3].into() });
/// let loss = CategoricalCrossentropy::new().call(y_true, y_pred);
/// loss.with_value(|value| {
///     assert!((value.data[0] - 0.0513).abs() < 1e-4);
///     assert!((value.data[1] - 2.3026).abs() < 1e-4);
/// });
/// ```
///
/// # References
///
/// Label smoothing: Szegedy et al. (2016), *Rethinking the Inception Architecture for Computer Vision*,
/// <https://arxiv.org/abs/1512.00567>.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CategoricalCrossentropy {
    from_logits: bool,
    label_smoothing: Float,
}

impl CategoricalCrossentropy {
    /// The loss for predicted probabilities.
    pub fn new() -> CategoricalCrossentropy {
        CategoricalCrossentropy::default()
    }

    /// Whether predictions are logits, to which the loss applies a softmax.
    pub fn from_logits(mut self, from_logits: bool) -> CategoricalCrossentropy {
        self.from_logits = from_logits;
        self
    }

    /// The share s of each target, from 0 to 1, that is spread evenly over the classes: t (1 − s) + s / classes.
    pub fn label_smoothing(mut self, label_smoothing: Float) -> CategoricalCrossentropy {
        self.label_smoothing = label_smoothing;
        self
    }
}

#[typetag::serde(name = "categorical_crossentropy")]
impl Loss for CategoricalCrossentropy {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let classes = y_pred.shape().last_axis().unwrap_or(1);
        let y_true = smoothed(y_true, self.label_smoothing, classes);
        match y_pred.softmax_logits() {
            Some(logits) => logits.softmax_cross_entropy(y_true),
            None if self.from_logits => y_pred.softmax_cross_entropy(y_true),
            None => {
                let probabilities = y_pred / y_pred.sum_keepdims(-1);
                -(y_true * probabilities.clip(EPSILON, 1.0 - EPSILON).log()).sum(-1)
            }
        }
    }

    fn check(&self, y_true: TensorView<'_>, y_pred: Shape) -> Result<(), TargetError> {
        expect_several_classes(y_true.shape, y_pred)?;
        expect_one_hot(y_true.shape, y_pred, "; for class indices use SparseCategoricalCrossentropy")
    }

    fn check_options(&self) -> Result<(), BuildError> {
        check_label_smoothing(self.label_smoothing)
    }
}
