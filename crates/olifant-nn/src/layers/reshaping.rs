//! Layers that add places to images, or take some away.

mod cropping;
mod sides;
mod up_sampling;
mod zero_padding;

pub use cropping::{Cropping, Cropping1D, Cropping2D, Cropping3D};
pub use sides::Sides;
pub use up_sampling::{UpSampling, UpSampling1D, UpSampling2D, UpSampling3D};
pub use zero_padding::{ZeroPadding, ZeroPadding1D, ZeroPadding2D, ZeroPadding3D};

/// Declares the layers of one kind, for one to three axes, which have an `output_shape` and `record` as the kind does.
macro_rules! layers {
    ($Kind:ident; $($(#[$documentation:meta])* $Layer:ident, $axes:literal, $name:literal;)*) => {
        $(
            $(#[$documentation])*
            pub type $Layer = $Kind<$axes>;

            #[typetag::serde(name = $name)]
            impl Layer for $Kind<$axes> {
                fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
                    self.output_shape(input)
                }

                fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
                    self.record(x)
                }

                fn class_name(&self) -> &'static str {
                    stringify!($Layer)
                }
            }
        )*
    };
}
use layers;

#[cfg(test)]
mod tests {
    use olifant_core::{Interpolation, Shape};

    use super::*;
    use crate::{Layer, Sequential};

    /// The shape of the outputs, or the reason why there is none, without the layer's name.
    fn output(input: impl Into<Shape>, layer: impl Layer) -> Result<Shape, String> {
        let network = Sequential::new(input).add(layer).build(0);
        let reason = |error: crate::BuildError| error.to_string().split_once(": ").unwrap().1.to_owned();
        network.map(|network| network.output()).map_err(reason)
    }

    #[test]
    fn defaults_are_keras() {
        assert_eq!(output([4, 3], UpSampling1D::default()), Ok(Shape::from([8, 3])));
        assert_eq!(output([4, 3], ZeroPadding1D::default()), Ok(Shape::from([6, 3])));
        assert_eq!(output([4, 3], Cropping1D::default()), Ok(Shape::from([2, 3])));
        assert_eq!(output([4, 5, 3], Cropping2D::default()), Ok(Shape::from([4, 5, 3])));
        assert_eq!(output([3, 4, 5, 3], Cropping3D::default()), Ok(Shape::from([1, 2, 3, 3])));
        let smooth = UpSampling2D::new(3).interpolation(Interpolation::Bilinear);
        assert_eq!(output([4, 5, 3], smooth), Ok(Shape::from([12, 15, 3])));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let size = "size must be at least 1 along each axis, but is [1, 0]";
        assert_eq!(output([4, 4, 1], UpSampling2D::new([1, 0])).unwrap_err(), size);
        let nothing = "cropping must be less than there is of inputs [4, 1], but is [(2, 2)]";
        assert_eq!(output([4, 1], Cropping1D::new(2)).unwrap_err(), nothing);
        assert!(output([4, 1], Cropping1D::new(9)).is_err());
        assert!(output([4, 1], ZeroPadding1D::new(usize::MAX)).unwrap_err().contains("padding must be"));
        assert!(
            output([4, 1], ZeroPadding2D::new(1)).unwrap_err().contains("[batch, rows, columns, channels]")
        );
        assert!(output([4], Cropping1D::new(0)).unwrap_err().contains("[batch, steps, channels]"));
        assert!(output([4, 4], UpSampling3D::new(2)).is_err());
    }
}
