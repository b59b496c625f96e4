//! Giving samples another shape.

use olifant_core::{Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Layer, WeightBuilder};

/// Gives each sample another shape with as many elements, in the same row-major order.
///
/// # Shapes
///
/// Inputs `[batch, …]`, outputs `[batch, target…]`.
///
/// # Errors
///
/// When built: the numbers of elements differ.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Sequential, layers::Reshape};
///
/// let network = Sequential::new([784]).add(Reshape::new([28, 28])).build(0)?;
/// assert_eq!(network.output().axes(), [28, 28]);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Reshape {
    target_shape: Shape,
}

impl Reshape {
    /// The shape each sample gets, without the batch axis.
    pub fn new(target_shape: impl Into<Shape>) -> Reshape {
        Reshape { target_shape: target_shape.into() }
    }
}

#[typetag::serde(name = "reshape")]
impl Layer for Reshape {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        if input.size() != self.target_shape.size() {
            return Err(olifant_core::ShapeError::Reshape { from: *input, to: self.target_shape }.into());
        }
        Ok(self.target_shape)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        x.reshape(self.target_shape.with_batch(x.shape()[0]))
    }
}
