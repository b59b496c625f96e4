//! Forgetting whole channels.

use olifant_core::{Float, Shape, Var};
use serde::{Deserialize, Serialize};

use super::{dropout::drop_shared, noise_shape};
use crate::{BuildError, Layer, WeightBuilder, with_batch};

/// Writes one of the three layers, with `new`: its name, and the axes of its inputs.
macro_rules! spatial_dropout {
    ($Layer:ident, $name:literal, $expected:literal, $rank:literal, $what:literal) => {
        #[doc = concat!("Sets whole channels of ", $what, " to zero at random in training.")]
        ///
        /// Neighbours within a channel are much alike, so that dropping single elements would only slow learning down.
        /// In training each channel of a sample is 0 with probability `rate`, else multiplied by 1/(1 − rate).
        /// In use the layer does nothing.
        ///
        /// # Shapes
        ///
        #[doc = concat!("Inputs and outputs `", $expected, "`.")]
        ///
        /// # Errors
        ///
        /// When built: a rate outside [0, 1], inputs of another rank.
        ///
        /// # References
        ///
        /// Tompson et al. (2014), [Efficient Object Localization Using Convolutional Networks](https://arxiv.org/abs/1411.4280).
        #[derive(Clone, Copy, Debug, Serialize, Deserialize)]
        pub struct $Layer {
            rate: Float,
        }

        impl $Layer {
            /// The share of channels to drop, in [0, 1].
            pub fn new(rate: Float) -> $Layer {
                $Layer { rate }
            }
        }

        #[typetag::serde(name = $name)]
        impl Layer for $Layer {
            fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
                noise_shape::check_rate(self.rate)?;
                if input.rank() != $rank {
                    let (expected, given) = ($expected.to_string(), with_batch(input));
                    return Err(BuildError::InputShape { expected, given, remedy: "" });
                }
                Ok(*input)
            }

            fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
                let channels = x.shape()[$rank];
                drop_shared(x, self.rate, noise_shape::of_batch(Some(Shape::from([channels])), x))
            }

            fn supports_masking(&self) -> bool {
                true
            }
        }
    };
}

spatial_dropout!(SpatialDropout1D, "spatial_dropout1d", "[batch, time, channels]", 2, "sequences");
spatial_dropout!(SpatialDropout2D, "spatial_dropout2d", "[batch, rows, columns, channels]", 3, "images");
spatial_dropout!(
    SpatialDropout3D,
    "spatial_dropout3d",
    "[batch, depth, rows, columns, channels]",
    4,
    "volumes"
);
