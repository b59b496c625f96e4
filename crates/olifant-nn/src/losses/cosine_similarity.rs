//! How little two vectors point the same way.

use olifant_core::Var;
use serde::{Deserialize, Serialize};

use super::{EPSILON, alignment::same_rank};
use crate::Loss;

/// The negative cosine of the angle between targets and predictions: L = −Σ t p / (‖t‖ ‖p‖).
///
/// −1 is the same direction, 0 a right angle, 1 the opposite direction.
/// Norms are 10⁻⁷ at least, so the loss of a zero vector is 0.
///
/// # Shapes
///
/// Targets and predictions `[batch, …, features]`, result `[batch, …]`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::CosineSimilarity};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[0.0, 1.0, 1.0, 1.0], shape: [2, 2].into() });
/// let y_pred = tape.input(TensorView { data: &[1.0, 0.0, 1.0, 1.0], shape: [2, 2].into() });
/// let loss = CosineSimilarity::new().call(y_true, y_pred);
/// loss.with_value(|value| assert!(value.data[0] == 0.0 && (value.data[1] + 1.0).abs() < 1e-6));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CosineSimilarity {}

impl CosineSimilarity {
    /// The loss along the last axis.
    pub fn new() -> CosineSimilarity {
        CosineSimilarity::default()
    }
}

#[typetag::serde(name = "cosine_similarity")]
impl Loss for CosineSimilarity {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let (y_true, y_pred) = same_rank(y_true, y_pred);
        -(normalized(y_true) * normalized(y_pred)).sum(-1)
    }
}

/// Vectors of length 1 in the same directions.
fn normalized(x: Var<'_>) -> Var<'_> {
    // The floor stands before the root: at 0 a root has no slope.
    x / x.square().sum_keepdims(-1).maximum(EPSILON * EPSILON).sqrt()
}
