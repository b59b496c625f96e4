//! Giving samples another shape.

use olifant_core::{Shape, ShapeError, Var};
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
    /// The target without −1, when it is known.
    #[serde(skip)]
    target: Shape,
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
        let wrong =
            || BuildError::option("target_shape", "sizes, of which one may be -1", format!("{:?}", self.0));
        let unknown = self.0.iter().filter(|&&axis| axis == -1).count();
        let known: Option<Vec<usize>> = self
            .0
            .iter()
            .map(|&axis| if axis == -1 { Some(1) } else { usize::try_from(axis).ok() })
            .collect();
        let mut axes = known.filter(|_| unknown <= 1).ok_or_else(wrong)?;
        if let Some(place) = self.0.iter().position(|&axis| axis == -1) {
            let others = Shape::new(&axes)?.size();
            axes[place] = if others > 0 { input.size() / others } else { 0 };
        }
        let target = Shape::new(&axes)?;
        if target.size() != input.size() {
            return Err(ShapeError::Reshape { from: *input, to: target }.into());
        }
        Ok(target)
    }
}

impl Reshape {
    /// The shape each sample gets, without the batch axis.
    pub fn new(target_shape: impl Into<TargetShape>) -> Reshape {
        Reshape { target_shape: target_shape.into(), target: Shape::SCALAR }
    }
}

#[typetag::serde(name = "reshape")]
impl Layer for Reshape {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        self.target = self.target_shape.resolve(input)?;
        Ok(self.target)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        x.reshape(self.target.with_batch(x.shape()[0]))
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
