//! More places out of few.

use olifant_core::{Float, Interpolation, Shape, Var};
use serde::{Deserialize, Serialize};

use super::layers;
use crate::{
    BuildError, Layer, WeightBuilder,
    layers::per_axis::{PerAxis, channels},
};

/// Makes several places of each: [`UpSampling1D`], [`UpSampling2D`], [`UpSampling3D`].
///
/// # Shapes
///
/// Inputs `[batch, …, channels]`, outputs the same, `size` times as long along each axis between.
///
/// # Defaults
///
/// Twice as long with [`default`](Default::default); [`UpSampling2D`] interpolates by repeating the nearest place.
///
/// # Errors
///
/// When built: inputs with another number of axes, or a size of zero.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct UpSampling<const N: usize> {
    size: PerAxis<N>,
    #[serde(default = "nearest")]
    interpolation: Interpolation,
}

fn nearest() -> Interpolation {
    Interpolation::Nearest
}

impl<const N: usize> UpSampling<N> {
    /// A layer that makes axes so many times as long.
    pub fn new(size: impl Into<PerAxis<N>>) -> UpSampling<N> {
        UpSampling { size: size.into(), interpolation: Interpolation::Nearest }
    }

    fn output_shape(&self, input: &Shape) -> Result<Shape, BuildError> {
        let channels = channels::<N>(input)?;
        self.size.check("size", 1)?;
        let mut axes = [channels; olifant_core::MAX_RANK];
        for (i, &size) in self.size.numbers().iter().enumerate() {
            let too_large = || BuildError::option("size", "smaller: there are too many places", size);
            axes[i] = input[i].checked_mul(size).ok_or_else(too_large)?;
        }
        Ok(Shape::new(&axes[..=N])?)
    }

    fn record<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.size.numbers().iter().enumerate().fold(x, |x, (i, &size)| match (size, self.interpolation) {
            (1, _) => x,
            (_, Interpolation::Nearest) => places(x, i + 1, size, |place| (place / size) as Float),
            (_, Interpolation::Bilinear) => between_neighbours(x, i + 1, size),
        })
    }
}

impl UpSampling<2> {
    /// What is put between the places that there are.
    #[must_use]
    pub fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.interpolation = interpolation;
        self
    }
}

/// Twice as long.
impl<const N: usize> Default for UpSampling<N> {
    fn default() -> UpSampling<N> {
        UpSampling::new(2)
    }
}

/// Along an axis, `size` times as many places, each of which is a copy of the one that `source` names.
fn places<'t>(x: Var<'t>, axis: usize, size: usize, source: impl Fn(usize) -> Float) -> Var<'t> {
    let count = x.shape()[axis] * size;
    let sources = x.tape().input_with([count], |sources| {
        sources.iter_mut().enumerate().for_each(|(place, slot)| *slot = source(place));
    });
    x.gather(sources, axis as isize)
}

/// Along an axis, `size` times as many places, each of which lies between two neighbours:
/// the centre of place i is at (i + ½) / size − ½ of theirs. Beyond the first and the last centre nothing changes any more.
fn between_neighbours<'t>(x: Var<'t>, axis: usize, size: usize) -> Var<'t> {
    let last = (x.shape()[axis] - 1) as Float;
    let centre = |place: usize| ((place as Float + 0.5) / size as Float - 0.5).clamp(0.0, last);
    let lower = places(x, axis, size, |place| centre(place).floor());
    let upper = places(x, axis, size, |place| centre(place).ceil());
    let mut shape = [1; olifant_core::MAX_RANK];
    shape[axis] = x.shape()[axis] * size;
    let shape = Shape::new(&shape[..x.shape().rank()]).expect("one axis of a shape that exists");
    let shares = x.tape().input_with(shape, |shares| {
        shares.iter_mut().enumerate().for_each(|(place, share)| *share = centre(place).fract());
    });
    lower + (upper - lower) * shares
}

layers! {
    UpSampling;
    /// More steps of a sequence: inputs `[batch, steps, channels]`. See [`UpSampling`].
    UpSampling1D, 1, "up_sampling1d";
    /// Larger images: inputs `[batch, rows, columns, channels]`. See [`UpSampling`].
    UpSampling2D, 2, "up_sampling2d";
    /// Larger volumes: inputs `[batch, planes, rows, columns, channels]`. See [`UpSampling`].
    UpSampling3D, 3, "up_sampling3d";
}
