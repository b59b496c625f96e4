//! Activation functions.

use olifant_core::{DenseActivation, Var};
use serde::{Deserialize, Serialize};

/// The function a layer applies to its result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Activation {
    /// y = x
    #[default]
    Linear,
    /// y = max(x, 0)
    Relu,
    /// yᵢ = e^(xᵢ) / Σⱼ e^(xⱼ) along the last axis
    Softmax,
    /// y = 1 / (1 + e⁻ˣ)
    Sigmoid,
}

impl Activation {
    /// Records the activation.
    pub fn call(self, x: Var<'_>) -> Var<'_> {
        match self {
            Activation::Linear => x,
            Activation::Relu => x.relu(),
            Activation::Softmax => x.softmax(),
            Activation::Sigmoid => x.sigmoid(),
        }
    }

    /// The part that a dense operation computes in its own loop, and the part that remains.
    ///
    /// Softmax and sigmoid stay operations of their own, so that a loss can look through them to the logits.
    pub(crate) fn split(self) -> (DenseActivation, Activation) {
        match self {
            Activation::Relu => (DenseActivation::Relu, Activation::Linear),
            other => (DenseActivation::Linear, other),
        }
    }
}
