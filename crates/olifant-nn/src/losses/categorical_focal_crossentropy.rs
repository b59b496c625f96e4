//! Categorical cross-entropy in which easy samples count less.

use olifant_core::{Float, Shape, TensorView, Var};
use serde::{Deserialize, Serialize};

use super::{
    EPSILON,
    binary_focal_crossentropy::check_focus,
    label_smoothing::{check_label_smoothing, smoothed},
};
use crate::{
    BuildError, Loss, TargetError,
    loss::{expect_one_hot, expect_several_classes},
};

/// Categorical cross-entropy in which easy samples count less: L = −Σⱼ α (1 − pⱼ)^γ tⱼ ln pⱼ.
///
/// Probabilities are divided by their sum and clipped to [10⁻⁷, 1 − 10⁻⁷], also those that come from logits or a softmax.
///
/// # Shapes
///
/// Targets and predictions `[batch, …, classes]`, result `[batch, …]`.
///
/// # Defaults
///
/// - `alpha`: 0.25, the weight of all classes.
/// - `gamma`: 2, the focusing exponent; 0 gives cross-entropy times α.
/// - `from_logits`: `false`.
/// - `label_smoothing`: 0.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::CategoricalFocalCrossentropy};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[0.0, 1.0, 0.0, 0.0, 0.0, 1.0], shape: [2, 3].into() });
/// let y_pred = tape.input(TensorView { data: &[0.05, 0.9, 0.05, 0.1, 0.85, 0.05], shape: [2, 3].into() });
/// let loss = CategoricalFocalCrossentropy::new().call(y_true, y_pred);
/// loss.with_value(|value| {
///     assert!((value.data[0] - 2.634e-4).abs() < 1e-6);
///     assert!((value.data[1] - 0.6759).abs() < 1e-4);
/// });
/// ```
///
/// # References
///
/// Lin et al. (2017), *Focal Loss for Dense Object Detection*, <https://arxiv.org/abs/1708.02002>.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CategoricalFocalCrossentropy {
    alpha: Float,
    gamma: Float,
    from_logits: bool,
    label_smoothing: Float,
}

impl Default for CategoricalFocalCrossentropy {
    fn default() -> CategoricalFocalCrossentropy {
        CategoricalFocalCrossentropy { alpha: 0.25, gamma: 2.0, from_logits: false, label_smoothing: 0.0 }
    }
}

impl CategoricalFocalCrossentropy {
    /// The loss for predicted probabilities.
    pub fn new() -> CategoricalFocalCrossentropy {
        CategoricalFocalCrossentropy::default()
    }

    /// α: the weight of all classes; at least 0.
    pub fn alpha(mut self, alpha: Float) -> CategoricalFocalCrossentropy {
        self.alpha = alpha;
        self
    }

    /// γ: how strongly easy samples are played down; at least 0.
    pub fn gamma(mut self, gamma: Float) -> CategoricalFocalCrossentropy {
        self.gamma = gamma;
        self
    }

    /// Whether predictions are logits, to which the loss applies a softmax.
    pub fn from_logits(mut self, from_logits: bool) -> CategoricalFocalCrossentropy {
        self.from_logits = from_logits;
        self
    }

    /// The share s of each target, from 0 to 1, that is spread evenly over the classes: t (1 − s) + s / classes.
    pub fn label_smoothing(mut self, label_smoothing: Float) -> CategoricalFocalCrossentropy {
        self.label_smoothing = label_smoothing;
        self
    }
}

#[typetag::serde(name = "categorical_focal_crossentropy")]
impl Loss for CategoricalFocalCrossentropy {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let classes = y_pred.shape().last_axis().unwrap_or(1);
        let y_true = smoothed(y_true, self.label_smoothing, classes);
        let y_pred = if self.from_logits { y_pred.softmax() } else { y_pred };
        let p = (y_pred / y_pred.sum_keepdims(-1)).clip(EPSILON, 1.0 - EPSILON);
        let focus = self.alpha * (1.0 - p).pow(self.gamma);
        -(focus * y_true * p.log()).sum(-1)
    }

    fn check(&self, y_true: TensorView<'_>, y_pred: Shape) -> Result<(), TargetError> {
        expect_several_classes(y_true.shape, y_pred)?;
        expect_one_hot(y_true.shape, y_pred, "; for class indices use SparseCategoricalCrossentropy")
    }

    fn check_options(&self) -> Result<(), BuildError> {
        check_focus(self.gamma)?;
        if !(self.alpha >= 0.0 && self.alpha.is_finite()) {
            return Err(BuildError::option("alpha", "a number from 0 upwards", self.alpha));
        }
        check_label_smoothing(self.label_smoothing)
    }
}
