//! Layers that convolve.

mod conv;
mod conv_transpose;
mod depthwise;
mod depthwise_conv;
mod separable_conv;

use olifant_core::{Padding, Shape, Weight};

pub use conv::{Conv, Conv1D, Conv2D, Conv3D};
pub use conv_transpose::{Conv1DTranspose, Conv2DTranspose, Conv3DTranspose, ConvTranspose};
pub use depthwise_conv::{DepthwiseConv, DepthwiseConv1D, DepthwiseConv2D};
pub use separable_conv::{SeparableConv, SeparableConv1D, SeparableConv2D};

use super::per_axis::PerAxis;
use crate::{Activation, BuildError, Initializer, Regularizer, WeightBuilder};

/// Writes the builder methods of options, each called after its field.
macro_rules! options {
    ($($(#[$documentation:meta])* $option:ident: $Type:ty;)*) => {
        $(
            $(#[$documentation])*
            #[must_use]
            pub fn $option(mut self, $option: impl Into<$Type>) -> Self {
                self.$option = $option.into();
                self
            }
        )*
    };
}
use options;

/// Declares the layers of one kind, for so many axes, which `create` and `record` as the kind does.
macro_rules! layers {
    (
        $Kind:ident $(, fuse: $fuse:ident)?;
        $($(#[$documentation:meta])* $Layer:ident, $axes:literal, $name:literal;)*
    ) => {
        layers! { @each [$($fuse)?] $Kind; $($(#[$documentation])* $Layer, $axes, $name;)* }
    };
    (@each $fuse:tt $Kind:ident; $($(#[$documentation:meta])* $Layer:ident, $axes:literal, $name:literal;)*) => {
        $(
            $(#[$documentation])*
            pub type $Layer = $Kind<$axes>;

            #[typetag::serde(name = $name)]
            impl Layer for $Kind<$axes> {
                fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
                    self.create(input, weights)
                }

                fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
                    self.record(x)
                }

                layers! { @fuse $fuse }

                fn class_name(&self) -> &'static str {
                    stringify!($Layer)
                }
            }
        )*
    };
    (@fuse []) => {};
    (@fuse [$fuse:ident]) => {
        fn fuse(&mut self, next: &dyn Layer) -> bool {
            self.$fuse(next)
        }
    };
}
use layers;

fn one() -> usize {
    1
}

/// Whether a window of these options can slide at all.
fn check_sizes<const N: usize>(
    kernel_size: PerAxis<N>,
    strides: PerAxis<N>,
    dilation_rate: PerAxis<N>,
) -> Result<(), BuildError> {
    kernel_size.check("kernel_size", 1)?;
    strides.check("strides", 1)?;
    dilation_rate.check("dilation_rate", 1)
}

/// The same, where strides and dilation exclude each other.
fn check_sliding<const N: usize>(
    kernel_size: PerAxis<N>,
    strides: PerAxis<N>,
    dilation_rate: PerAxis<N>,
) -> Result<(), BuildError> {
    check_sizes(kernel_size, strides, dilation_rate)?;
    let is_more = |numbers: PerAxis<N>| numbers.numbers().iter().any(|&number| number > 1);
    if is_more(strides) && is_more(dilation_rate) {
        let given = format!("{:?}", strides.numbers());
        return Err(BuildError::option("strides", "1 along each axis, for dilation_rate is above 1", given));
    }
    Ok(())
}

/// Whether a layer with `N` axes knows this padding.
fn check_padding<const N: usize>(padding: Padding, knows_causal: bool) -> Result<(), BuildError> {
    if padding == Padding::Causal && !(N == 1 && knows_causal) {
        let expected = if knows_causal { "valid or same: causal is for one axis" } else { "valid or same" };
        return Err(BuildError::option("padding", expected, "causal"));
    }
    Ok(())
}

/// The weight that is added to each channel of the results, if it is wanted.
fn add_bias(
    use_bias: bool,
    channels: usize,
    initializer: &Initializer,
    regularizer: Option<Regularizer>,
    weights: &mut WeightBuilder<'_>,
) -> Result<Option<Weight>, BuildError> {
    if !use_bias {
        return Ok(None);
    }
    let bias = weights.add("bias", Shape::from([channels]), initializer)?;
    weights.regularize(bias, regularizer)?;
    Ok(Some(bias))
}

/// The shape of a sample of the results: that of a batch without its first axis, after the activation.
fn sample_shape(batch: Shape, activation: Activation) -> Result<Shape, BuildError> {
    activation.output_shape(&batch.without_batch())
}

#[cfg(test)]
mod tests;
