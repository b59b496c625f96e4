//! The rectifier that lets a little through.

use olifant_core::{Float, Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{Activation, BuildError, Layer, WeightBuilder};

/// y = x above 0, negative_slope · x below.
///
/// # Shapes
///
/// Outputs have the shape of the inputs.
///
/// # Defaults
///
/// `negative_slope` 0.3. (The activation function of that name has 0.2, in Keras as well.)
///
/// # Errors
///
/// When built: a slope that is negative or not a number.
///
/// # References
///
/// Maas, Hannun, Ng (2013), Rectifier Nonlinearities Improve Neural Network Acoustic Models.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct LeakyReLU {
    #[serde(default = "negative_slope")]
    negative_slope: Float,
}

fn negative_slope() -> Float {
    0.3
}

impl Default for LeakyReLU {
    fn default() -> LeakyReLU {
        LeakyReLU { negative_slope: negative_slope() }
    }
}

impl LeakyReLU {
    /// The layer with the default slope.
    pub fn new() -> LeakyReLU {
        LeakyReLU::default()
    }

    /// The slope below 0.
    pub fn negative_slope(mut self, negative_slope: Float) -> LeakyReLU {
        self.negative_slope = negative_slope;
        self
    }
}

#[typetag::serde(name = "leaky_relu")]
impl Layer for LeakyReLU {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        let slope = self.negative_slope;
        let is_right = slope >= 0.0 && slope.is_finite();
        BuildError::check_option("negative_slope", "a number from 0", slope, is_right)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        Activation::LeakyRelu { negative_slope: self.negative_slope }.call(x)
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
