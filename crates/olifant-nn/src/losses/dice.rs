//! How little two sets overlap.

use olifant_core::{Axes, Var};
use serde::{Deserialize, Serialize};

use super::{EPSILON, alignment::same_rank};
use crate::Loss;

/// How little the predicted and the true region overlap: L = 1 − 2 Σ t p / (Σ t + Σ p + 10⁻⁷).
///
/// It is for segmentation, where the region is often a small part of an image.
///
/// # Shapes
///
/// Targets and predictions `[batch, …]`, result `[batch]`.
///
/// # Defaults
///
/// `per_sample`: `false`; the sums are over the whole batch, and all its samples have the same loss.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::Dice};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[1.0, 1.0, 0.0, 0.0], shape: [1, 4].into() });
/// let y_pred = tape.input(TensorView { data: &[0.0, 1.0, 0.0, 1.0], shape: [1, 4].into() });
/// let loss = Dice::new().call(y_true, y_pred);
/// loss.with_value(|value| assert!((value.data[0] - 0.5).abs() < 1e-6));
/// ```
///
/// # References
///
/// Milletari et al. (2016), *V-Net*, <https://arxiv.org/abs/1606.04797>.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dice {
    per_sample: bool,
}

impl Dice {
    /// The loss over a whole batch.
    pub fn new() -> Dice {
        Dice::default()
    }

    /// Whether each sample has a loss of its own (Keras's `axis` with all axes but the first).
    pub fn per_sample(mut self, per_sample: bool) -> Dice {
        self.per_sample = per_sample;
        self
    }
}

#[typetag::serde(name = "dice")]
impl Loss for Dice {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let (t, p) = same_rank(y_true, y_pred);
        let sum = |x| sum_of_region(x, self.per_sample);
        let overlap = 2.0 * sum(t * p) / (sum(t) + sum(p) + EPSILON);
        for_each_sample(1.0 - overlap, y_pred)
    }
}

/// The sum over each sample, or over the whole batch.
pub(super) fn sum_of_region(mut x: Var<'_>, per_sample: bool) -> Var<'_> {
    if !per_sample {
        return x.sum(Axes::All);
    }
    while x.shape().rank() > 1 {
        x = x.sum(-1);
    }
    x
}

/// One number for each sample of the batch: all the same if there is only one.
pub(super) fn for_each_sample<'t>(loss: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
    let samples = y_pred.shape().axes().first().copied().unwrap_or(1);
    loss * loss.tape().input_with([samples], |ones| ones.fill(1.0))
}
