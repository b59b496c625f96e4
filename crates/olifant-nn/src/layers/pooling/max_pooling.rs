//! Pooling of maxima.

use olifant_core::{Padding, Shape, Var};

use super::windows::{Windows, pooling};
use crate::{BuildError, Layer, WeightBuilder, layers::per_axis::PerAxis};

pooling! {
    /// The largest number of each window, channel by channel: [`MaxPooling1D`], [`MaxPooling2D`], [`MaxPooling3D`].
    ///
    /// The first of several largest gets the gradient. Behind a convolution it costs next to nothing, see [`Conv`](crate::layers::Conv).
    MaxPooling, max_pool;
    /// Pooling of maxima over time: inputs `[batch, steps, channels]`. See [`MaxPooling`].
    MaxPooling1D, 1, "max_pooling1d";
    /// Pooling of maxima over images: inputs `[batch, rows, columns, channels]`. See [`MaxPooling`].
    MaxPooling2D, 2, "max_pooling2d";
    /// Pooling of maxima over volumes: inputs `[batch, planes, rows, columns, channels]`. See [`MaxPooling`].
    MaxPooling3D, 3, "max_pooling3d";
}

impl<const N: usize> MaxPooling<N> {
    /// The sizes of the windows, if they stand side by side and nothing is around the inputs.
    pub(crate) fn windows_side_by_side(&self) -> Option<PerAxis<N>> {
        self.windows.side_by_side()
    }
}
