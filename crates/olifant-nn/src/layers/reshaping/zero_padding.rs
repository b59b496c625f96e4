//! Zeros around images.

use olifant_core::{MAX_RANK, Shape, Var};
use serde::{Deserialize, Serialize};

use super::{layers, sides::Sides};
use crate::{BuildError, Layer, WeightBuilder};

/// Puts zeros around the places of each sample: [`ZeroPadding1D`], [`ZeroPadding2D`], [`ZeroPadding3D`].
///
/// # Shapes
///
/// Inputs `[batch, …, channels]`, outputs the same, longer by what is in front and behind along each axis between.
///
/// # Defaults
///
/// One zero on each side, with [`default`](Default::default).
///
/// # Errors
///
/// When built: inputs with another number of axes, or more places than there can be.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Sequential, layers::ZeroPadding2D};
///
/// let network = Sequential::new([5, 5, 3]).add(ZeroPadding2D::new([(0, 1), (2, 2)])).build(0)?;
/// assert_eq!(network.output().axes(), [6, 9, 3]);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ZeroPadding<const N: usize> {
    padding: Sides<N>,
}

impl<const N: usize> ZeroPadding<N> {
    /// A layer that adds so many zeros.
    pub fn new(padding: impl Into<Sides<N>>) -> ZeroPadding<N> {
        ZeroPadding { padding: padding.into() }
    }

    fn output_shape(&self, input: &Shape) -> Result<Shape, BuildError> {
        let length = |length: usize, before, after| length.checked_add(before)?.checked_add(after);
        self.padding.resized(input, "padding", "numbers whose sums can be", length)
    }

    fn record<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.padding.numbers().iter().enumerate().fold(x, |x, (i, &(before, after))| {
            let zeros = |count| {
                let (shape, mut axes) = (x.shape(), [0; MAX_RANK]);
                axes[..shape.rank()].copy_from_slice(shape.axes());
                axes[i + 1] = count;
                let shape =
                    Shape::new(&axes[..shape.rank()]).expect("the larger shape was checked when built");
                x.tape().input_with(shape, |zeros| zeros.fill(0.0))
            };
            let axis = i as isize + 1;
            match (before, after) {
                (0, 0) => x,
                (0, after) => Var::concatenate(&[x, zeros(after)], axis),
                (before, 0) => Var::concatenate(&[zeros(before), x], axis),
                (before, after) => Var::concatenate(&[zeros(before), x, zeros(after)], axis),
            }
        })
    }
}

/// One zero on each side.
impl<const N: usize> Default for ZeroPadding<N> {
    fn default() -> ZeroPadding<N> {
        ZeroPadding::new(1)
    }
}

layers! {
    ZeroPadding;
    /// Zeros before and after a sequence: inputs `[batch, steps, channels]`. See [`ZeroPadding`].
    ZeroPadding1D, 1, "zero_padding1d";
    /// Zeros around images: inputs `[batch, rows, columns, channels]`. See [`ZeroPadding`].
    ZeroPadding2D, 2, "zero_padding2d";
    /// Zeros around volumes: inputs `[batch, planes, rows, columns, channels]`. See [`ZeroPadding`].
    ZeroPadding3D, 3, "zero_padding3d";
}
