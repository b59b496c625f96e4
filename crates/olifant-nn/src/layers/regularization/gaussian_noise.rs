//! Noise that is added.

use olifant_core::{Float, Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Layer, WeightBuilder};

/// Adds normal noise in training.
///
/// y = x + N(0, stddev²). In use the layer does nothing.
///
/// # Shapes
///
/// Outputs have the shape of the inputs.
///
/// # Errors
///
/// When built: a standard deviation outside [0, 1], as in Keras.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct GaussianNoise {
    stddev: Float,
}

impl GaussianNoise {
    /// The standard deviation of the noise, in [0, 1].
    pub fn new(stddev: Float) -> GaussianNoise {
        GaussianNoise { stddev }
    }
}

#[typetag::serde(name = "gaussian_noise")]
impl Layer for GaussianNoise {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        let is_right = (0.0..=1.0).contains(&self.stddev);
        BuildError::check_option("stddev", "between 0 and 1", self.stddev, is_right)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        match x.tape().random_key() {
            Some(key) if self.stddev > 0.0 => x + self.stddev * x.tape().random_normal(key, x.shape()),
            _ => x,
        }
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
