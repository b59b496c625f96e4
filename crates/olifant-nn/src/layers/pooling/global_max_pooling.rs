//! The largest number of all places, channel by channel.

use olifant_core::{Axes, Shape, Var};

use super::global::{self, global_pooling};
use crate::{BuildError, Layer, WeightBuilder};

global_pooling! {
    /// The largest number of all places: [`GlobalMaxPooling1D`], [`GlobalMaxPooling2D`], [`GlobalMaxPooling3D`].
    ///
    /// Several largest share the gradient, as in Keras.
    GlobalMaxPooling, max;
    /// The largest number of all time steps: inputs `[batch, steps, channels]`. See [`GlobalMaxPooling`].
    GlobalMaxPooling1D, 1, "global_max_pooling1d";
    /// The largest number of an image: inputs `[batch, rows, columns, channels]`. See [`GlobalMaxPooling`].
    GlobalMaxPooling2D, 2, "global_max_pooling2d";
    /// The largest number of a volume: inputs `[batch, planes, rows, columns, channels]`. See [`GlobalMaxPooling`].
    GlobalMaxPooling3D, 3, "global_max_pooling3d";
}

fn max(x: Var<'_>, axes: Axes, keepdims: bool) -> Var<'_> {
    if keepdims { x.max_keepdims(axes) } else { x.max(axes) }
}
