//! Pooling of means.

use olifant_core::{Padding, Shape, Var};

use super::windows::{Windows, pooling};
use crate::{BuildError, Layer, WeightBuilder, layers::per_axis::PerAxis};

pooling! {
    /// The mean of each window, channel by channel: [`AveragePooling1D`], [`AveragePooling2D`], [`AveragePooling3D`].
    ///
    /// What padding adds does not count: windows at the border are means of fewer numbers.
    AveragePooling, average_pool;
    /// Pooling of means over time: inputs `[batch, steps, channels]`. See [`AveragePooling`].
    AveragePooling1D, 1, "average_pooling1d";
    /// Pooling of means over images: inputs `[batch, rows, columns, channels]`. See [`AveragePooling`].
    AveragePooling2D, 2, "average_pooling2d";
    /// Pooling of means over volumes: inputs `[batch, planes, rows, columns, channels]`. See [`AveragePooling`].
    AveragePooling3D, 3, "average_pooling3d";
}
