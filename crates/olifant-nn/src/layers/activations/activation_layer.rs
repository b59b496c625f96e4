//! An activation function as a layer of its own.

use olifant_core::{Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{Activation, BuildError, Layer, WeightBuilder};

/// Applies an activation function: Keras's `layers.Activation`.
///
/// # Shapes
///
/// Outputs have the shape of the inputs, except where the activation says otherwise.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ActivationLayer {
    activation: Activation,
}

impl ActivationLayer {
    /// The layer that applies this function.
    pub fn new(activation: Activation) -> ActivationLayer {
        ActivationLayer { activation }
    }
}

#[typetag::serde(name = "activation")]
impl Layer for ActivationLayer {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        self.activation.output_shape(input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.activation.call(x)
    }

    fn supports_masking(&self) -> bool {
        true
    }

    fn class_name(&self) -> &'static str {
        "Activation"
    }
}
