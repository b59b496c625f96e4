//! Layers that convolve.

mod conv;
mod conv_transpose;
mod depthwise;
mod depthwise_conv;
mod separable_conv;
mod sliding;

pub use conv::{Conv, Conv1D, Conv2D, Conv3D};
pub use conv_transpose::{Conv1DTranspose, Conv2DTranspose, Conv3DTranspose, ConvTranspose};
pub use depthwise_conv::{DepthwiseConv, DepthwiseConv1D, DepthwiseConv2D};
pub use separable_conv::{SeparableConv, SeparableConv1D, SeparableConv2D};

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
                    self.sliding.activity.penalize(self.record(x))
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

#[cfg(test)]
mod tests;
