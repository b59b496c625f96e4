//! Penalties on weights.

use olifant_core::{Axes, Float, Var};
use serde::{Deserialize, Serialize};

/// A penalty on the size of a weight, added to the loss in training and evaluation.
///
/// Penalty = l1 · Σ|w| + l2 · Σw²  (no ½, not divided by the batch size; as in Keras).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regularizer {
    l1: Float,
    l2: Float,
}

impl Regularizer {
    /// Records the penalty of a weight.
    pub fn penalty<'t>(&self, weight: Var<'t>) -> Var<'t> {
        self.l2 * weight.square().sum(Axes::All)
    }
}
