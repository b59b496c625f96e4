//! How little two sets overlap, with a price for each kind of error.

use olifant_core::{Float, Var};
use serde::{Deserialize, Serialize};

use super::{
    EPSILON,
    alignment::same_rank,
    dice::{for_each_sample, sum_of_region},
};
use crate::{BuildError, Loss};

/// How little the predicted and the true region overlap, with a price for each kind of error:
/// L = 1 − I / (I + α Σ t (1 − p) + β Σ (1 − t) p + 10⁻⁷), with I = Σ t p.
///
/// As in Keras, α is the price of what was missed, β of what was imagined.
///
/// # Shapes
///
/// Targets and predictions `[batch, …]`, result `[batch]`.
///
/// # Defaults
///
/// - `alpha`, `beta`: 0.5, which makes it the [`Dice`](super::Dice) loss.
/// - `per_sample`: `false`; the sums are over the whole batch, and all its samples have the same loss.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::Tversky};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[1.0, 1.0, 0.0, 0.0], shape: [1, 4].into() });
/// let y_pred = tape.input(TensorView { data: &[0.0, 1.0, 0.0, 0.0], shape: [1, 4].into() });
/// let loss = Tversky::new().alpha(3.0).call(y_true, y_pred);
/// loss.with_value(|value| assert!((value.data[0] - 0.75).abs() < 1e-6));
/// ```
///
/// # References
///
/// Salehi et al. (2017), *Tversky loss function for image segmentation using 3D fully convolutional deep networks*,
/// <https://arxiv.org/abs/1706.05721>.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tversky {
    alpha: Float,
    beta: Float,
    per_sample: bool,
}

impl Default for Tversky {
    fn default() -> Tversky {
        Tversky { alpha: 0.5, beta: 0.5, per_sample: false }
    }
}

impl Tversky {
    /// The loss over a whole batch, with both prices one half.
    pub fn new() -> Tversky {
        Tversky::default()
    }

    /// α: the price of what was missed; at least 0.
    pub fn alpha(mut self, alpha: Float) -> Tversky {
        self.alpha = alpha;
        self
    }

    /// β: the price of what was imagined; at least 0.
    pub fn beta(mut self, beta: Float) -> Tversky {
        self.beta = beta;
        self
    }

    /// Whether each sample has a loss of its own (Keras's `axis` with all axes but the first).
    pub fn per_sample(mut self, per_sample: bool) -> Tversky {
        self.per_sample = per_sample;
        self
    }
}

#[typetag::serde(name = "tversky")]
impl Loss for Tversky {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let (t, p) = same_rank(y_true, y_pred);
        let sum = |x| sum_of_region(x, self.per_sample);
        let (found, missed, imagined) = (sum(t * p), sum(t * (1.0 - p)), sum((1.0 - t) * p));
        let overlap = found / (found + self.alpha * missed + self.beta * imagined + EPSILON);
        for_each_sample(1.0 - overlap, y_pred)
    }

    fn check_options(&self) -> Result<(), BuildError> {
        for (option, value) in [("alpha", self.alpha), ("beta", self.beta)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(BuildError::option(option, "a number from 0 upwards", value));
            }
        }
        Ok(())
    }
}
