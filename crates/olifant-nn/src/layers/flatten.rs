//! Joining all axes of a sample into one.

use olifant_core::{Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Layer, WeightBuilder};

/// Joins all axes of a sample into one, row by row.
///
/// # Shapes
///
/// Inputs `[batch, a, b, …]`, outputs `[batch, a·b·…]`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Flatten {}

impl Flatten {
    /// The layer; it has no options.
    pub fn new() -> Flatten {
        Flatten {}
    }
}

#[typetag::serde(name = "flatten")]
impl Layer for Flatten {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        Ok(Shape::from([input.size()]))
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        x.flatten()
    }
}
