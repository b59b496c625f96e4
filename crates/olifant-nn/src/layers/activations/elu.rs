//! The exponential linear unit.

use olifant_core::{Float, Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{Activation, BuildError, Layer, WeightBuilder};

/// y = x above 0, α (eˣ − 1) below.
///
/// # Shapes
///
/// Outputs have the shape of the inputs.
///
/// # Defaults
///
/// `alpha` 1.
///
/// # Errors
///
/// When built: an alpha that is not a number.
///
/// # References
///
/// Clevert, Unterthiner, Hochreiter (2015), [Fast and Accurate Deep Network Learning by Exponential Linear Units](https://arxiv.org/abs/1511.07289).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ELU {
    #[serde(default = "alpha")]
    alpha: Float,
}

fn alpha() -> Float {
    1.0
}

impl Default for ELU {
    fn default() -> ELU {
        ELU { alpha: alpha() }
    }
}

impl ELU {
    /// The layer with the default option.
    pub fn new() -> ELU {
        ELU::default()
    }

    /// What −y approaches for x far below 0.
    pub fn alpha(mut self, alpha: Float) -> ELU {
        self.alpha = alpha;
        self
    }
}

#[typetag::serde(name = "elu")]
impl Layer for ELU {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        Activation::Elu { alpha: self.alpha }.output_shape(input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        Activation::Elu { alpha: self.alpha }.call(x)
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
