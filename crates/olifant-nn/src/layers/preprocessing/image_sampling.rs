//! What layers that move the pixels of images share.

use olifant_core::{FillMode, Float, Interpolation, RandomKey, Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, with_batch};

/// How pixels of moved images are found.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct ImageSampling {
    #[serde(default)]
    pub(super) fill_mode: FillMode,
    #[serde(default)]
    pub(super) interpolation: Interpolation,
    #[serde(default)]
    pub(super) fill_value: Float,
}

/// The range that a random share is drawn from: a number f stands for −f to f, a pair for itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Factor([Float; 2]);

impl From<Float> for Factor {
    fn from(factor: Float) -> Factor {
        Factor([-factor.abs(), factor.abs()])
    }
}

impl From<(Float, Float)> for Factor {
    fn from((low, high): (Float, Float)) -> Factor {
        Factor([low.min(high), low.max(high)])
    }
}

impl Factor {
    /// Whether both ends lie between these bounds.
    pub(super) fn check(self, option: &'static str, low: Float, high: Float) -> Result<(), BuildError> {
        let is_right = self.0.iter().all(|end| (low..=high).contains(end));
        let given = format!("{} to {}", self.0[0], self.0[1]);
        BuildError::check_option(option, &format!("between {low} and {high}"), given, is_right)
    }

    /// The `index`-th number of the range.
    pub(super) fn draw(self, key: RandomKey, index: u32) -> Float {
        self.0[0] + (self.0[1] - self.0[0]) * Float::from(key.uniform(index))
    }
}

/// Writes `fill_mode`, `interpolation` and `fill_value`, for a layer with a field `sampling`.
macro_rules! image_sampling_options {
    ($Layer:ident) => {
        impl $Layer {
            /// What lies outside of an image.
            pub fn fill_mode(mut self, fill_mode: olifant_core::FillMode) -> $Layer {
                self.sampling.fill_mode = fill_mode;
                self
            }

            /// What lies between pixels.
            pub fn interpolation(mut self, interpolation: olifant_core::Interpolation) -> $Layer {
                self.sampling.interpolation = interpolation;
                self
            }

            /// The value of all pixels outside, for [`FillMode::Constant`](olifant_core::FillMode::Constant).
            pub fn fill_value(mut self, fill_value: olifant_core::Float) -> $Layer {
                self.sampling.fill_value = fill_value;
                self
            }
        }
    };
}

pub(super) use image_sampling_options;

/// Whether inputs are images.
pub(super) fn check_images(input: &Shape) -> Result<(), BuildError> {
    if input.rank() == 3 {
        return Ok(());
    }
    let (expected, given) = ("[batch, rows, columns, channels]".to_string(), with_batch(input));
    Err(BuildError::InputShape {
        expected,
        given,
        remedy: "; reshape the data: one channel is an axis of size 1",
    })
}

impl ImageSampling {
    /// In training, moves each image as `transform(key, sample, [rows, columns])` says, which is given a key for the step;
    /// in use, nothing happens.
    pub(super) fn apply<'t>(
        &self,
        images: Var<'t>,
        transform: impl Fn(RandomKey, u32, [Float; 2]) -> [Float; 6],
    ) -> Var<'t> {
        let Some(key) = images.tape().random_key() else { return images };
        let shape = images.shape();
        let size = [shape[1] as Float, shape[2] as Float];
        let transforms = images.tape().input_with([shape[0], 6], |transforms| {
            for (sample, numbers) in (0..).zip(transforms.chunks_exact_mut(6)) {
                numbers.copy_from_slice(&transform(key, sample, size));
            }
        });
        images.affine_transform(transforms, self.interpolation, self.fill_mode, self.fill_value)
    }
}

/// The transformation whose first rows are these, and which leaves the centre of an image where it is.
pub(super) fn about_centre([rows, columns]: [Float; 2], [a0, b0, a1, b1]: [Float; 4]) -> [Float; 6] {
    let (x, y) = ((columns - 1.0) / 2.0, (rows - 1.0) / 2.0);
    [a0, b0, x - a0 * x - b0 * y, a1, b1, y - a1 * x - b1 * y]
}
