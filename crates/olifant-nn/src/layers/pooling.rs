//! Layers that keep one number of many.

mod average_pooling;
mod global;
mod global_average_pooling;
mod global_max_pooling;
mod max_pooling;
mod windows;

pub use average_pooling::{AveragePooling, AveragePooling1D, AveragePooling2D, AveragePooling3D};
pub use global_average_pooling::{
    GlobalAveragePooling, GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D,
};
pub use global_max_pooling::{GlobalMaxPooling, GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D};
pub use max_pooling::{MaxPooling, MaxPooling1D, MaxPooling2D, MaxPooling3D};

#[cfg(test)]
mod tests {
    use olifant_core::{Padding, Shape};

    use super::*;
    use crate::{Layer, Sequential};

    /// The reason why a layer cannot be built for such samples, without the layer's name.
    fn reason(input: impl Into<Shape>, layer: impl Layer) -> String {
        let error = Sequential::new(input).add(layer).build(0).unwrap_err().to_string();
        error.split_once(": ").unwrap().1.to_owned()
    }

    #[test]
    fn windows_have_two_places_unless_told_otherwise() {
        let output = |network: Sequential| network.build(0).unwrap().output();
        assert_eq!(output(Sequential::new([8, 3]).add(MaxPooling1D::default())), [4, 3].into());
        assert_eq!(output(Sequential::new([8, 7, 3]).add(MaxPooling2D::default())), [4, 3, 3].into());
        let averages = AveragePooling3D::default();
        assert_eq!(output(Sequential::new([8, 7, 6, 3]).add(averages)), [4, 3, 3, 3].into());
    }

    #[test]
    fn options_out_of_range_are_refused() {
        let size = "pool_size must be at least 1 along each axis, but is [2, 0]";
        assert_eq!(reason([8, 8, 3], MaxPooling2D::new([2, 0])), size);
        let strides = "strides must be at least 1 along each axis, but is [0]";
        assert_eq!(reason([8, 3], AveragePooling1D::new(2).strides(0)), strides);
        let causal = "padding must be valid or same, but is causal";
        assert_eq!(reason([8, 3], MaxPooling1D::new(2).padding(Padding::Causal)), causal);
        let large = "a window over 9 places does not fit into 8: use a smaller one, or padding same";
        assert_eq!(reason([8, 8, 8, 3], AveragePooling3D::new(9)), large);
        assert!(reason([8, 3], MaxPooling1D::new(usize::MAX).padding(Padding::Same)).contains("is too long"));
    }

    #[test]
    fn other_shapes_are_refused() {
        assert!(reason([8, 3], MaxPooling2D::new(2)).contains("[batch, rows, columns, channels]"));
        assert!(reason([8, 8, 3], GlobalMaxPooling1D::new()).contains("[batch, steps, channels]"));
        assert!(reason([8, 0, 3], GlobalAveragePooling2D::new()).contains("at least 1, but is 0"));
    }
}
