//! Dropout for networks of selu.

use olifant_core::{Float, Shape, Var};
use serde::{Deserialize, Serialize};

use super::noise_shape;
use crate::{BuildError, Layer, WeightBuilder};

/// Dropout that keeps mean 0 and variance 1, as networks of selu need.
///
/// In training each element becomes α′ = −1.7580993 (what selu tends to far below 0) with probability `rate`;
/// then y = a·x + b with a = ((1 − rate) (1 + rate · α′²))^(−½), b = −a · α′ · rate.
/// In use the layer does nothing.
///
/// # Shapes
///
/// Outputs have the shape of the inputs.
///
/// # Defaults
///
/// `noise_shape` none: each element has a chance of its own.
///
/// # Errors
///
/// When built: a rate outside [0, 1), a noise shape that does not fit. (Keras also takes 1, which divides by 0.)
///
/// # References
///
/// Klambauer, Unterthiner, Mayr, Hochreiter (2017), [Self-Normalizing Neural Networks](https://arxiv.org/abs/1706.02515).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct AlphaDropout {
    rate: Float,
    #[serde(default)]
    noise_shape: Option<Shape>,
}

/// −α · λ of selu.
const DROPPED: Float = -1.758_099_3;

impl AlphaDropout {
    /// The share of elements to drop, in [0, 1).
    pub fn new(rate: Float) -> AlphaDropout {
        AlphaDropout { rate, noise_shape: None }
    }

    /// The shape of what is drawn for a sample, without the batch axis: along axes of size 1, elements share their chance.
    pub fn noise_shape(mut self, noise_shape: impl Into<Shape>) -> AlphaDropout {
        self.noise_shape = Some(noise_shape.into());
        self
    }
}

#[typetag::serde(name = "alpha_dropout")]
impl Layer for AlphaDropout {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        let is_right = (0.0..1.0).contains(&self.rate);
        BuildError::check_option("rate", "at least 0 and below 1", self.rate, is_right)?;
        noise_shape::check(self.noise_shape, input)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (tape, rate) = (x.tape(), self.rate);
        match tape.random_key() {
            Some(key) if rate > 0.0 => {
                let draws = tape.random_uniform(key, noise_shape::of_batch(self.noise_shape, x));
                let a = ((1.0 - rate) * (1.0 + rate * DROPPED * DROPPED)).powf(-0.5);
                a * draws.less(rate).select(DROPPED, x) - a * DROPPED * rate
            }
            _ => x,
        }
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
