//! Nothing at all.

use olifant_core::{Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Layer, WeightBuilder};

/// y = x: a place where a layer may stand.
///
/// # Shapes
///
/// Outputs have the shape of the inputs.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Identity {}

impl Identity {
    /// The layer; it has no options.
    pub fn new() -> Identity {
        Identity {}
    }
}

#[typetag::serde(name = "identity")]
impl Layer for Identity {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        x
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
