//! Images mirrored at random.

use olifant_core::{FillMode, Float, Interpolation, Shape, Var};
use serde::{Deserialize, Serialize};

use super::image_sampling::{ImageSampling, about_centre, check_images};
use crate::{BuildError, Layer, WeightBuilder};

/// Mirrors images at random in training, each with probability ½; in use nothing happens.
///
/// With [`FlipMode::HorizontalAndVertical`] the two directions are drawn apart. (In Keras 3 both happen or none.)
///
/// # Shapes
///
/// Inputs and outputs `[batch, rows, columns, channels]`.
///
/// # Defaults
///
/// `mode` horizontal and vertical.
///
/// # Errors
///
/// When built: inputs of another rank.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct RandomFlip {
    #[serde(default)]
    mode: FlipMode,
}

/// In which directions images are mirrored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlipMode {
    /// Left and right change places.
    Horizontal,
    /// Top and bottom change places.
    Vertical,
    /// Each with its own chance.
    #[default]
    HorizontalAndVertical,
}

impl RandomFlip {
    /// The layer that mirrors in this way.
    pub fn new(mode: FlipMode) -> RandomFlip {
        RandomFlip { mode }
    }
}

#[typetag::serde(name = "random_flip")]
impl Layer for RandomFlip {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        check_images(input)?;
        Ok(*input)
    }

    fn call<'t>(&self, images: Var<'t>) -> Var<'t> {
        let (fill_mode, interpolation) = (FillMode::Nearest, Interpolation::Nearest);
        let sampling = ImageSampling { fill_mode, interpolation, fill_value: 0.0 };
        sampling.apply(images, |key, sample, size| {
            let factor = |direction: u32, is_asked_for: bool| -> Float {
                let heads = key.bits(sample.wrapping_mul(2).wrapping_add(direction)) >> 31 == 1;
                if heads && is_asked_for { -1.0 } else { 1.0 }
            };
            let (horizontal, vertical) =
                (factor(0, self.mode != FlipMode::Vertical), factor(1, self.mode != FlipMode::Horizontal));
            about_centre(size, [horizontal, 0.0, 0.0, vertical])
        })
    }
}
