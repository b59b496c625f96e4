//! Binary cross-entropy in which easy answers count less.

use olifant_core::{Float, Shape, TensorView, Var};
use serde::{Deserialize, Serialize};

use super::{
    alignment::same_rank,
    binary_crossentropy::{check_yes_or_no, cross_entropy_from_logits, cross_entropy_from_probabilities},
    label_smoothing::{check_label_smoothing, smoothed},
};
use crate::{BuildError, Loss, TargetError};

/// Binary cross-entropy in which easy answers count less: L = mean w (1 − q)^γ · H(t, p).
///
/// H is the cross-entropy of [`BinaryCrossentropy`](super::BinaryCrossentropy),
/// q = t p + (1 − t)(1 − p) the probability given to the right answer,
/// and w is 1, or α t + (1 − α)(1 − t) with class balancing.
///
/// # Shapes
///
/// Targets and predictions `[batch, …, questions]`, result `[batch, …]`; a last axis of size 1 may be missing in either.
///
/// # Defaults
///
/// - `apply_class_balancing`: `false`.
/// - `alpha`: 0.25, the weight of the "yes" with class balancing.
/// - `gamma`: 2, the focusing exponent; 0 gives plain cross-entropy.
/// - `from_logits`: `false`.
/// - `label_smoothing`: 0.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::BinaryFocalCrossentropy};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[0.0, 1.0, 0.0, 0.0], shape: [2, 2].into() });
/// let y_pred = tape.input(TensorView { data: &[0.6, 0.4, 0.4, 0.6], shape: [2, 2].into() });
/// let loss = BinaryFocalCrossentropy::new().call(y_true, y_pred);
/// loss.with_value(|value| {
///     assert!((value.data[0] - 0.3299).abs() < 1e-4);
///     assert!((value.data[1] - 0.2058).abs() < 1e-4);
/// });
/// ```
///
/// # References
///
/// Lin et al. (2017), *Focal Loss for Dense Object Detection*, <https://arxiv.org/abs/1708.02002>.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BinaryFocalCrossentropy {
    apply_class_balancing: bool,
    alpha: Float,
    gamma: Float,
    from_logits: bool,
    label_smoothing: Float,
}

impl Default for BinaryFocalCrossentropy {
    fn default() -> BinaryFocalCrossentropy {
        BinaryFocalCrossentropy {
            apply_class_balancing: false,
            alpha: 0.25,
            gamma: 2.0,
            from_logits: false,
            label_smoothing: 0.0,
        }
    }
}

impl BinaryFocalCrossentropy {
    /// The loss for predicted probabilities.
    pub fn new() -> BinaryFocalCrossentropy {
        BinaryFocalCrossentropy::default()
    }

    /// Whether to weigh "yes" with α and "no" with 1 − α.
    pub fn apply_class_balancing(mut self, apply_class_balancing: bool) -> BinaryFocalCrossentropy {
        self.apply_class_balancing = apply_class_balancing;
        self
    }

    /// α: the weight of the "yes", from 0 to 1; it needs class balancing.
    pub fn alpha(mut self, alpha: Float) -> BinaryFocalCrossentropy {
        self.alpha = alpha;
        self
    }

    /// γ: how strongly easy answers are played down; at least 0.
    pub fn gamma(mut self, gamma: Float) -> BinaryFocalCrossentropy {
        self.gamma = gamma;
        self
    }

    /// Whether predictions are logits, to which the loss applies a sigmoid.
    pub fn from_logits(mut self, from_logits: bool) -> BinaryFocalCrossentropy {
        self.from_logits = from_logits;
        self
    }

    /// The share s, from 0 to 1, by which each target is drawn to one half: t (1 − s) + s / 2.
    pub fn label_smoothing(mut self, label_smoothing: Float) -> BinaryFocalCrossentropy {
        self.label_smoothing = label_smoothing;
        self
    }
}

#[typetag::serde(name = "binary_focal_crossentropy")]
impl Loss for BinaryFocalCrossentropy {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let y_true = smoothed(y_true, self.label_smoothing, 2);
        let probabilities = if self.from_logits { y_pred.sigmoid() } else { y_pred };
        let cross_entropy = match probabilities.sigmoid_logits() {
            Some(logits) => cross_entropy_from_logits(y_true, logits),
            None => cross_entropy_from_probabilities(y_true, probabilities),
        };
        let (t, p) = same_rank(y_true, probabilities);
        let right = t * p + (1.0 - t) * (1.0 - p);
        let loss = (1.0 - right).pow(self.gamma) * cross_entropy;
        if !self.apply_class_balancing {
            return loss.mean(-1);
        }
        let weight = t * self.alpha + (1.0 - t) * (1.0 - self.alpha);
        (weight * loss).mean(-1)
    }

    fn check(&self, y_true: TensorView<'_>, y_pred: Shape) -> Result<(), TargetError> {
        check_yes_or_no(y_true, y_pred)
    }

    fn check_options(&self) -> Result<(), BuildError> {
        check_focus(self.gamma)?;
        if !(0.0..=1.0).contains(&self.alpha) {
            return Err(BuildError::option("alpha", "a number from 0 to 1", self.alpha));
        }
        check_label_smoothing(self.label_smoothing)
    }
}

/// A negative exponent would make easy answers count more, without bound.
pub(super) fn check_focus(gamma: Float) -> Result<(), BuildError> {
    if gamma >= 0.0 && gamma.is_finite() {
        return Ok(());
    }
    Err(BuildError::option("gamma", "a number from 0 upwards", gamma))
}
