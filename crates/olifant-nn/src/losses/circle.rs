//! Vectors of one class close together, those of different classes far apart.

use olifant_core::{Axes, Float, Shape, TensorView, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Loss, TargetError, loss::expect_class_indices};

/// Learns a space in which samples of one class are close, by comparing all pairs of a batch: for each sample,
/// L = ln(1 + Σₚ exp(−γ αₚ (m − dₚ)) · Σₙ exp(γ αₙ (1 − m − dₙ))).
///
/// d = max(1 − cos, 0) is the distance of a pair, p goes through the pairs of one class, n through those of different classes,
/// αₚ = m + dₚ, αₙ = max(1 + m − dₙ, 0), m is the margin. As in Keras, gradients flow through α as well.
/// A sample without a pair of both kinds costs nothing, and the mean is that of the samples which cost something.
///
/// Predictions are vectors of length 1: let a model end with
/// [`UnitNormalization`](crate::layers::UnitNormalization).
/// A batch needs several samples of each class.
///
/// # Shapes
///
/// Targets `[batch]` or `[batch, 1]`, class indices; predictions `[batch, features]`; result `[batch]`.
///
/// # Defaults
///
/// - `gamma`: 80, how strongly differences count.
/// - `margin`: 0.4.
/// - `remove_diagonal`: `true`; a sample is no pair with itself.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::Circle};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[0.0, 0.0, 1.0], shape: [3].into() });
/// let y_pred = tape.input(TensorView { data: &[1.0, 0.0, 0.6, 0.8, -1.0, 0.0], shape: [3, 2].into() });
/// let loss = Circle::new().gamma(1.0).call(y_true, y_pred);
/// // The first sample has a pair at distance 0.4 and one at distance 2; the third has none of its class.
/// loss.with_value(|value| assert!(value.data[0] > 0.0 && value.data[2] == 0.0));
/// ```
///
/// # References
///
/// Sun et al. (2020), *Circle Loss: A Unified Perspective of Pair Similarity Optimization*, <https://arxiv.org/abs/2002.10857>.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Circle {
    gamma: Float,
    margin: Float,
    remove_diagonal: bool,
}

impl Default for Circle {
    fn default() -> Circle {
        Circle { gamma: 80.0, margin: 0.4, remove_diagonal: true }
    }
}

impl Circle {
    /// The loss with Keras's defaults.
    pub fn new() -> Circle {
        Circle::default()
    }

    /// γ: how strongly differences count; above 0.
    pub fn gamma(mut self, gamma: Float) -> Circle {
        self.gamma = gamma;
        self
    }

    /// m: pairs of one class are to be closer than this, those of different classes farther than 1 − m; from 0 to 1.
    pub fn margin(mut self, margin: Float) -> Circle {
        self.margin = margin;
        self
    }

    /// Whether the pair of a sample and itself is left out.
    pub fn remove_diagonal(mut self, remove_diagonal: bool) -> Circle {
        self.remove_diagonal = remove_diagonal;
        self
    }

    /// Which pairs are of one class, and which of different ones.
    fn pairs<'t>(&self, y_true: Var<'t>, samples: usize) -> [Var<'t>; 2] {
        let is_same = y_true.reshape([samples, 1]).equal(y_true.reshape([1, samples]));
        let is_other = 1.0 - is_same;
        if !self.remove_diagonal {
            return [is_same, is_other];
        }
        let diagonal = y_true.tape().input_with([samples, samples], |places| {
            places.fill(0.0);
            places.iter_mut().step_by(samples + 1).for_each(|place| *place = 1.0);
        });
        [is_same - diagonal, is_other]
    }
}

#[typetag::serde(name = "circle")]
impl Loss for Circle {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let samples = y_pred.shape().axes()[0];
        let [is_same, is_other] = self.pairs(y_true, samples);
        let distance = (1.0 - y_pred.matmul_transposed(y_pred)).maximum(0.0);
        let same = (distance + self.margin) * (distance - self.margin) * self.gamma;
        let other = (1.0 + self.margin - distance).maximum(0.0) * (1.0 - self.margin - distance) * self.gamma;
        let losses = (log_sum_exp(same, is_same) + log_sum_exp(other, is_other)).softplus();
        let counts = losses.greater(0.0).sum(Axes::All).maximum(1.0);
        losses * (samples as Float / counts)
    }

    fn check(&self, y_true: TensorView<'_>, y_pred: Shape) -> Result<(), TargetError> {
        if y_pred.rank() != 2 {
            return Err(TargetError::shape(y_true.shape, y_pred, "two axes, [batch, features]", ""));
        }
        expect_class_indices(y_true.shape, y_pred, "; for one vector to come close to use CosineSimilarity")
    }

    fn check_options(&self) -> Result<(), BuildError> {
        let is_right = self.gamma > 0.0 && self.gamma.is_finite();
        BuildError::check_option("gamma", "a number above 0", self.gamma, is_right)?;
        let is_right = (0.0..=1.0).contains(&self.margin);
        BuildError::check_option("margin", "a number from 0 to 1", self.margin, is_right)
    }
}

/// ln Σ exp(x) of each row, over the places where `is_included` is 1; hugely negative if there is none.
fn log_sum_exp<'t>(x: Var<'t>, is_included: Var<'t>) -> Var<'t> {
    let x = is_included.select(x, NOTHING);
    let largest = x.max_keepdims(-1);
    ((x - largest).exp().sum_keepdims(-1).log() + largest).sum(-1)
}

/// The logarithm of what does not count beside any number, but is finite, so that gradients are.
const NOTHING: Float = -1e9;
