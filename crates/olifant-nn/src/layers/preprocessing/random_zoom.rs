//! Images enlarged or made smaller at random.

use olifant_core::{Float, Shape, Var};
use serde::{Deserialize, Serialize};

use super::image_sampling::{Factor, ImageSampling, about_centre, check_images, image_sampling_options};
use crate::{BuildError, Layer, WeightBuilder};

/// Zooms into or out of each image at random in training, about its centre; in use nothing happens.
///
/// # Shapes
///
/// Inputs and outputs `[batch, rows, columns, channels]`.
///
/// # Defaults
///
/// `width_factor` none: the same factor in both directions. `fill_mode` reflect, `interpolation` bilinear, `fill_value` 0.
///
/// # Errors
///
/// When built: a factor outside (−1, 1], inputs of another rank.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RandomZoom {
    height_factor: Factor,
    #[serde(default)]
    width_factor: Option<Factor>,
    #[serde(flatten)]
    sampling: ImageSampling,
}

/// An image is never enlarged without end.
const LEAST: Float = -0.999_999;

impl RandomZoom {
    /// The range of the factor: a number f for −f to f, or a pair. −0.2 enlarges to 1/0.8, 0.2 makes smaller to 1/1.2.
    pub fn new(height_factor: impl Into<Factor>) -> RandomZoom {
        let height_factor = height_factor.into();
        RandomZoom { height_factor, width_factor: None, sampling: ImageSampling::default() }
    }

    /// The range of a factor of its own for the width, so that proportions change.
    pub fn width_factor(mut self, width_factor: impl Into<Factor>) -> RandomZoom {
        self.width_factor = Some(width_factor.into());
        self
    }
}

image_sampling_options!(RandomZoom);

#[typetag::serde(name = "random_zoom")]
impl Layer for RandomZoom {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        self.height_factor.check("height_factor", LEAST, 1.0)?;
        if let Some(factor) = self.width_factor {
            factor.check("width_factor", LEAST, 1.0)?;
        }
        check_images(input)?;
        Ok(*input)
    }

    fn call<'t>(&self, images: Var<'t>) -> Var<'t> {
        self.sampling.apply(images, |key, sample, size| {
            let draw = |factor: Factor, number: u32| {
                1.0 + factor.draw(key, sample.wrapping_mul(2).wrapping_add(number))
            };
            let height = draw(self.height_factor, 0);
            let width = self.width_factor.map_or(height, |factor| draw(factor, 1));
            about_centre(size, [width, 0.0, 0.0, height])
        })
    }
}
