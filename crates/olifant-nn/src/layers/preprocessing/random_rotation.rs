//! Images turned at random.

use std::f64::consts::TAU;

use olifant_core::{Float, Shape, Var};
use serde::{Deserialize, Serialize};

use super::image_sampling::{Factor, ImageSampling, about_centre, check_images, image_sampling_options};
use crate::{BuildError, Layer, WeightBuilder};

/// Turns each image by a random angle in training; in use nothing happens.
///
/// # Shapes
///
/// Inputs and outputs `[batch, rows, columns, channels]`.
///
/// # Defaults
///
/// `fill_mode` reflect, `interpolation` bilinear, `fill_value` 0.
///
/// # Errors
///
/// When built: a factor outside [−1, 1], inputs of another rank.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RandomRotation {
    factor: Factor,
    #[serde(flatten)]
    sampling: ImageSampling,
}

impl RandomRotation {
    /// The range of the angle, in full turns: a number f for −f to f, or a pair. 0.1 is up to 36° either way.
    pub fn new(factor: impl Into<Factor>) -> RandomRotation {
        RandomRotation { factor: factor.into(), sampling: ImageSampling::default() }
    }
}

image_sampling_options!(RandomRotation);

#[typetag::serde(name = "random_rotation")]
impl Layer for RandomRotation {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        self.factor.check("factor", -1.0, 1.0)?;
        check_images(input)?;
        Ok(*input)
    }

    fn call<'t>(&self, images: Var<'t>) -> Var<'t> {
        self.sampling.apply(images, |key, sample, size| {
            let (sine, cosine) = (self.factor.draw(key, sample) * TAU as Float).sin_cos();
            about_centre(size, [cosine, -sine, sine, cosine])
        })
    }
}
