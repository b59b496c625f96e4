//! The mean of all places, channel by channel.

use olifant_core::{Axes, Shape, Var};

use super::global::{self, global_pooling};
use crate::{BuildError, Layer, WeightBuilder};

global_pooling! {
    /// The mean of all places: [`GlobalAveragePooling1D`], [`GlobalAveragePooling2D`], [`GlobalAveragePooling3D`].
    ///
    /// If time steps have a mask, the mean is over those that count.
    GlobalAveragePooling, mean;
    /// The mean of all time steps that count: inputs `[batch, steps, channels]`. See [`GlobalAveragePooling`].
    GlobalAveragePooling1D, 1, "global_average_pooling1d";
    /// The mean of an image: inputs `[batch, rows, columns, channels]`. See [`GlobalAveragePooling`].
    GlobalAveragePooling2D, 2, "global_average_pooling2d";
    /// The mean of a volume: inputs `[batch, planes, rows, columns, channels]`. See [`GlobalAveragePooling`].
    GlobalAveragePooling3D, 3, "global_average_pooling3d";
}

fn mean(x: Var<'_>, axes: Axes, keepdims: bool) -> Var<'_> {
    let Some(mask) = x.mask().filter(|_| axes == Axes::from(1)) else {
        return if keepdims { x.mean_keepdims(axes) } else { x.mean(axes) };
    };
    let shape = mask.shape();
    let mask = mask.reshape([shape[0], shape[1], 1]);
    let counted = mask.select(x, 0.0);
    if keepdims {
        counted.sum_keepdims(axes) / mask.sum_keepdims(axes)
    } else {
        counted.sum(axes) / mask.sum(axes)
    }
}
