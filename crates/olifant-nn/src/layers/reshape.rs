//! Giving samples another shape.

use olifant_core::{MAX_RANK, Shape, ShapeError, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Layer, WeightBuilder};

/// Gives each sample another shape with as many elements, in the same row-major order.
///
/// # Shapes
///
/// Inputs `[batch, …]`, outputs `[batch, target…]`; one axis of the target may be −1: it takes what is left.
///
/// # Errors
///
/// When built: the numbers of elements differ, more than one −1, another negative number.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Sequential, layers::Reshape};
///
/// let network = Sequential::new([784]).add(Reshape::new([28, 28])).add(Reshape::new([-1, 7])).build(0)?;
/// assert_eq!(network.output().axes(), [112, 7]);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reshape {
    target_shape: TargetShape,
}

/// The shape that [`Reshape`] is asked for: sizes, of which one may be −1.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TargetShape(Vec<isize>);

impl From<Shape> for TargetShape {
    fn from(shape: Shape) -> TargetShape {
        // A size beyond isize is as impossible as a negative one.
        TargetShape(shape.axes().iter().map(|&axis| isize::try_from(axis).unwrap_or(isize::MIN)).collect())
    }
}

impl<const N: usize> From<[usize; N]> for TargetShape {
    fn from(axes: [usize; N]) -> TargetShape {
        Shape::from(axes).into()
    }
}

impl<const N: usize> From<[i32; N]> for TargetShape {
    fn from(axes: [i32; N]) -> TargetShape {
        TargetShape(axes.map(|axis| axis as isize).to_vec())
    }
}

impl From<usize> for TargetShape {
    fn from(size: usize) -> TargetShape {
        TargetShape::from([size])
    }
}

impl From<i32> for TargetShape {
    fn from(size: i32) -> TargetShape {
        TargetShape::from([size])
    }
}

impl TargetShape {
    /// The shape for samples of this one, with −1 replaced by what is left.
    fn resolve(&self, input: &Shape) -> Result<Shape, BuildError> {
        if self.0.len() > MAX_RANK {
            return Err(ShapeError::TooManyAxes { given: self.0.len() }.into());
        }
        let mut axes = [1; MAX_RANK];
        let axes = &mut axes[..self.0.len()];
        let mut unknown = None;
        for (place, &size) in self.0.iter().enumerate() {
            match usize::try_from(size) {
                Ok(size) => axes[place] = size,
                Err(_) if size == -1 && unknown.is_none() => unknown = Some(place),
                Err(_) => {
                    let given = format!("{:?}", self.0);
                    return Err(BuildError::option("target_shape", "sizes, of which one may be -1", given));
                }
            }
        }
        if let Some(place) = unknown {
            axes[place] = input.size().checked_div(Shape::new(axes)?.size()).unwrap_or(0);
        }
        let target = Shape::new(axes)?;
        if target.size() != input.size() {
            return Err(ShapeError::Reshape { from: *input, to: target }.into());
        }
        Ok(target)
    }
}

impl Reshape {
    /// The shape each sample gets, without the batch axis.
    pub fn new(target_shape: impl Into<TargetShape>) -> Reshape {
        Reshape { target_shape: target_shape.into() }
    }
}

#[typetag::serde(name = "reshape")]
impl Layer for Reshape {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        self.target_shape.resolve(input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        let target = self.target_shape.resolve(&x.shape().without_batch());
        x.reshape(target.expect("the shape was checked when built").with_batch(x.shape()[0]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_axis_takes_what_is_left() {
        let resolve = |target: TargetShape| target.resolve(&Shape::from([4, 6]));
        assert_eq!(resolve([-1, 3].into()), Ok(Shape::from([8, 3])));
        assert_eq!(resolve([2, -1, 2].into()), Ok(Shape::from([2, 6, 2])));
        assert_eq!(resolve((-1).into()), Ok(Shape::from([24])));
        assert_eq!(resolve(24usize.into()), Ok(Shape::from([24])));
        assert_eq!(resolve(Shape::from([3, 8]).into()), Ok(Shape::from([3, 8])));
    }

    #[test]
    fn targets_that_do_not_fit_are_refused() {
        let message = |target: TargetShape| target.resolve(&Shape::from([4, 6])).unwrap_err().to_string();
        assert_eq!(
            message([-1, 7].into()),
            "shape [4, 6] cannot be reshaped to [3, 7]: they have 24 and 21 elements"
        );
        let expected = "target_shape must be sizes, of which one may be -1, but is ";
        assert_eq!(message([-1, -1].into()), format!("{expected}[-1, -1]"));
        assert_eq!(message([-2, -12].into()), format!("{expected}[-2, -12]"));
        assert_eq!(
            message([0, -1].into()),
            "shape [4, 6] cannot be reshaped to [0, 0]: they have 24 and 0 elements"
        );
    }
}
