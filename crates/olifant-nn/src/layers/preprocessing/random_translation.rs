//! Images moved at random.

use olifant_core::{Shape, Var};
use serde::{Deserialize, Serialize};

use super::image_sampling::{Factor, ImageSampling, check_images, image_sampling_options};
use crate::{BuildError, Layer, WeightBuilder};

/// Moves each image by a random distance in training; in use nothing happens.
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
pub struct RandomTranslation {
    height_factor: Factor,
    width_factor: Factor,
    #[serde(flatten)]
    sampling: ImageSampling,
}

impl RandomTranslation {
    /// The ranges of the distances, as shares of height and width: a number f for −f to f, or a pair.
    /// Positive is down and to the right.
    pub fn new(height_factor: impl Into<Factor>, width_factor: impl Into<Factor>) -> RandomTranslation {
        let (height_factor, width_factor) = (height_factor.into(), width_factor.into());
        RandomTranslation { height_factor, width_factor, sampling: ImageSampling::default() }
    }
}

image_sampling_options!(RandomTranslation);

#[typetag::serde(name = "random_translation")]
impl Layer for RandomTranslation {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        self.height_factor.check("height_factor", -1.0, 1.0)?;
        self.width_factor.check("width_factor", -1.0, 1.0)?;
        check_images(input)?;
        Ok(*input)
    }

    fn call<'t>(&self, images: Var<'t>) -> Var<'t> {
        self.sampling.apply(images, |key, sample, [rows, columns]| {
            let draw =
                |factor: Factor, number: u32| factor.draw(key, sample.wrapping_mul(2).wrapping_add(number));
            let (down, right) = (rows * draw(self.height_factor, 0), columns * draw(self.width_factor, 1));
            [1.0, 0.0, -right, 0.0, 1.0, -down]
        })
    }
}
