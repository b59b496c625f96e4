//! The sizes of a tensor's axes, kept inline so that a shape never touches the heap.

use std::{fmt, ops::Index};

use serde::{Deserialize, Serialize};

use crate::error::ShapeError;

/// The largest number of axes a tensor may have.
pub const MAX_RANK: usize = 6;

/// The sizes of a tensor's axes, outermost first; row-major (the last axis is contiguous).
///
/// A shape is small and `Copy`.
/// Without axes it describes a scalar, which has one element.
///
/// # Examples
///
/// ```
/// use olifant_core::Shape;
///
/// let images = Shape::from([64, 28, 28]);
/// assert_eq!(images.size(), 64 * 784);
/// assert_eq!(images.without_batch(), Shape::from([28, 28]));
/// assert_eq!(images.to_string(), "[64, 28, 28]");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<usize>", into = "Vec<usize>")]
pub struct Shape {
    axes: [usize; MAX_RANK],
    rank: u8,
}

impl Shape {
    /// The shape of a scalar: no axes, one element.
    pub const SCALAR: Shape = Shape { axes: [0; MAX_RANK], rank: 0 };

    /// A shape from a slice of axis sizes.
    ///
    /// # Errors
    ///
    /// More than [`MAX_RANK`] axes, or a number of elements that does not fit a `usize`.
    /// Axes of size 0 do not help: what is left when they are taken away must fit as well.
    pub fn new(axes: &[usize]) -> Result<Shape, ShapeError> {
        if axes.len() > MAX_RANK {
            return Err(ShapeError::TooManyAxes { given: axes.len() });
        }
        if axes.iter().try_fold(1usize, |size, &axis| size.checked_mul(axis.max(1))).is_none() {
            return Err(ShapeError::TooLarge { axes: axes.to_vec() });
        }
        let mut shape = Shape { axes: [0; MAX_RANK], rank: axes.len() as u8 };
        shape.axes[..axes.len()].copy_from_slice(axes);
        Ok(shape)
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        usize::from(self.rank)
    }

    /// The number of elements: the product of all axes.
    pub fn size(&self) -> usize {
        self.axes().iter().product()
    }

    /// The sizes of the axes.
    pub fn axes(&self) -> &[usize] {
        &self.axes[..self.rank()]
    }

    /// The size of the last axis.
    ///
    /// # Errors
    ///
    /// A scalar has no last axis.
    pub fn last_axis(&self) -> Result<usize, ShapeError> {
        self.axes().last().copied().ok_or(ShapeError::NoAxes)
    }

    /// The same shape with another size of the last axis.
    ///
    /// # Panics
    ///
    /// A scalar has no last axis.
    #[track_caller]
    pub fn with_last_axis(mut self, size: usize) -> Shape {
        assert!(self.rank > 0, "a scalar has no last axis");
        self.axes[self.rank() - 1] = size;
        self
    }

    /// The same shape with another size of an axis that exists.
    pub(crate) fn with_axis(mut self, axis: usize, size: usize) -> Shape {
        self.axes[axis] = size;
        self
    }

    /// The shape of `samples` such tensors, stacked along a new first axis.
    ///
    /// # Panics
    ///
    /// The shape has [`MAX_RANK`] axes already.
    #[track_caller]
    pub fn with_batch(&self, samples: usize) -> Shape {
        assert!(self.rank() < MAX_RANK, "{self} has no room for a batch axis: {MAX_RANK} axes are the most");
        let mut shape = Shape { axes: [0; MAX_RANK], rank: self.rank + 1 };
        shape.axes[0] = samples;
        shape.axes[1..=self.rank()].copy_from_slice(self.axes());
        shape
    }

    /// The shape of one sample: all axes but the first. A scalar stays a scalar.
    pub fn without_batch(&self) -> Shape {
        let mut shape = Shape::SCALAR;
        for &axis in self.axes().iter().skip(1) {
            shape.push(axis);
        }
        shape
    }

    /// The shape that both operands of an elementwise operation are stretched to.
    ///
    /// Axes are compared from the last; each pair must be equal, or one of them 1 or missing.
    ///
    /// # Errors
    ///
    /// The two shapes do not fit together, or their common shape has too many elements.
    pub fn broadcast(&self, other: &Shape) -> Result<Shape, ShapeError> {
        let rank = self.rank().max(other.rank());
        let mut shape = Shape { axes: [0; MAX_RANK], rank: rank as u8 };
        for back in 1..=rank {
            let (mine, theirs) = (self.axis_from_end(back), other.axis_from_end(back));
            shape.axes[rank - back] = match (mine, theirs) {
                (a, b) if a == b => a,
                (1, b) => b,
                (a, 1) => a,
                _ => return Err(ShapeError::Broadcast { left: *self, right: *other }),
            };
        }
        Shape::new(shape.axes())
    }

    /// Distances, in elements, between neighbours along each axis.
    pub(crate) fn strides(&self) -> [usize; MAX_RANK] {
        let mut strides = [0; MAX_RANK];
        let mut step = 1;
        for axis in (0..self.rank()).rev() {
            strides[axis] = step;
            step *= self.axes[axis];
        }
        strides
    }

    /// Appends an axis; the caller knows that there is room.
    pub(crate) fn push(&mut self, size: usize) {
        self.axes[self.rank()] = size;
        self.rank += 1;
    }

    /// The size of the `back`-th axis from the end (1 is the last); a missing axis has size 1.
    fn axis_from_end(&self, back: usize) -> usize {
        if back <= self.rank() { self.axes[self.rank() - back] } else { 1 }
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(axes: [usize; N]) -> Shape {
        const { assert!(N <= MAX_RANK, "a shape has at most six axes") }
        let mut shape = Shape::SCALAR;
        for axis in axes {
            shape.push(axis);
        }
        shape
    }
}

impl From<usize> for Shape {
    fn from(size: usize) -> Shape {
        Shape::from([size])
    }
}

impl TryFrom<Vec<usize>> for Shape {
    type Error = ShapeError;

    fn try_from(axes: Vec<usize>) -> Result<Shape, ShapeError> {
        Shape::new(&axes)
    }
}

impl From<Shape> for Vec<usize> {
    fn from(shape: Shape) -> Vec<usize> {
        shape.axes().to_vec()
    }
}

impl Index<usize> for Shape {
    type Output = usize;

    fn index(&self, axis: usize) -> &usize {
        &self.axes()[axis]
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (position, axis) in self.axes().iter().enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            write!(f, "{separator}{axis}")?;
        }
        f.write_str("]")
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_follows_numpy() {
        let broadcast = |a: &[usize], b: &[usize]| {
            Shape::new(a).unwrap().broadcast(&Shape::new(b).unwrap()).map(|shape| shape.axes().to_vec())
        };
        assert_eq!(broadcast(&[4, 3], &[3]).unwrap(), [4, 3]);
        assert_eq!(broadcast(&[4, 1], &[1, 5]).unwrap(), [4, 5]);
        assert_eq!(broadcast(&[], &[2]).unwrap(), [2]);
        assert_eq!(broadcast(&[0, 3], &[1, 3]).unwrap(), [0, 3]);
        let error = broadcast(&[4, 3], &[4]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "shapes [4, 3] and [4] cannot be broadcast together: counted from the last, each pair of axes must be equal, or one of them 1"
        );
    }

    #[test]
    fn a_shape_that_overflows_is_refused() {
        let error = Shape::new(&[usize::MAX, 2]).unwrap_err();
        assert!(error.to_string().contains("more elements than this machine can address"));
        assert!(Shape::new(&[1; 7]).unwrap_err().to_string().contains("7 axes"));
        // A part of the shape would overflow, whatever the order.
        assert!(Shape::new(&[0, usize::MAX, 2]).is_err() && Shape::new(&[usize::MAX, 2, 0]).is_err());
        let (column, row) = (Shape::from([usize::MAX, 1]), Shape::from([1, 2]));
        assert!(matches!(column.broadcast(&row), Err(ShapeError::TooLarge { .. })));
    }

    #[test]
    fn strides_are_row_major() {
        assert_eq!(Shape::from([2, 3, 4]).strides()[..3], [12, 4, 1]);
    }
}
