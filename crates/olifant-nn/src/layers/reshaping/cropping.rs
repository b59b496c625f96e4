//! The inner part of images.

use olifant_core::{Shape, Var};
use serde::{Deserialize, Serialize};

use super::{layers, sides::Sides};
use crate::{BuildError, Layer, WeightBuilder};

/// Cuts places off around each sample: [`Cropping1D`], [`Cropping2D`], [`Cropping3D`].
///
/// # Shapes
///
/// Inputs `[batch, …, channels]`, outputs the same, shorter by what is cut off in front and behind along each axis between.
///
/// # Defaults
///
/// With [`default`](Default::default), as in Keras: one place on each side, but of images ([`Cropping2D`]) none.
///
/// # Errors
///
/// When built: inputs with another number of axes, or of which nothing would be left.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Cropping<const N: usize> {
    cropping: Sides<N>,
}

impl<const N: usize> Cropping<N> {
    /// A layer that cuts so many places off.
    pub fn new(cropping: impl Into<Sides<N>>) -> Cropping<N> {
        Cropping { cropping: cropping.into() }
    }

    fn output_shape(&self, input: &Shape) -> Result<Shape, BuildError> {
        let length = |length: usize, before, after| {
            length.checked_sub(before)?.checked_sub(after).filter(|&length| length > 0)
        };
        let expected = format!("less than there is of inputs {input}");
        self.cropping.resized(input, "cropping", &expected, length)
    }

    fn record<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.cropping.numbers().iter().enumerate().fold(x, |x, (i, &(before, after))| {
            if (before, after) == (0, 0) {
                return x;
            }
            let length = x.shape()[i + 1];
            x.slice(i as isize + 1, before..length - after)
        })
    }
}

/// One place on each side, of images none.
impl<const N: usize> Default for Cropping<N> {
    fn default() -> Cropping<N> {
        Cropping::new(if N == 2 { 0 } else { 1 })
    }
}

layers! {
    Cropping;
    /// A part of a sequence: inputs `[batch, steps, channels]`. See [`Cropping`].
    Cropping1D, 1, "cropping1d";
    /// The inner part of images: inputs `[batch, rows, columns, channels]`. See [`Cropping`].
    Cropping2D, 2, "cropping2d";
    /// The inner part of volumes: inputs `[batch, planes, rows, columns, channels]`. See [`Cropping`].
    Cropping3D, 3, "cropping3d";
}
