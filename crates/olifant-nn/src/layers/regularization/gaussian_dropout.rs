//! Noise that is multiplied.

use olifant_core::{Float, Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Layer, WeightBuilder};

/// Multiplies by normal noise in training, with the mean and variance that [`Dropout`](crate::layers::Dropout) has.
///
/// y = x · N(1, rate/(1 − rate)). In use the layer does nothing.
///
/// # Shapes
///
/// Outputs have the shape of the inputs.
///
/// # Errors
///
/// When built: a rate outside [0, 1). (Keras also takes 1, which divides by 0.)
///
/// # References
///
/// Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014),
/// "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct GaussianDropout {
    rate: Float,
}

impl GaussianDropout {
    /// The rate of the dropout it stands for, in [0, 1).
    pub fn new(rate: Float) -> GaussianDropout {
        GaussianDropout { rate }
    }
}

#[typetag::serde(name = "gaussian_dropout")]
impl Layer for GaussianDropout {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        let is_right = (0.0..1.0).contains(&self.rate);
        BuildError::check_option("rate", "at least 0 and below 1", self.rate, is_right)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        match x.tape().random_key() {
            Some(key) if self.rate > 0.0 => {
                let stddev = (self.rate / (1.0 - self.rate)).sqrt();
                x * (1.0 + stddev * x.tape().random_normal(key, x.shape()))
            }
            _ => x,
        }
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
