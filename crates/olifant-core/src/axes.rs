//! Which axes of a tensor are meant, and what is left when they are reduced.

use serde::{Deserialize, Serialize};

use crate::{
    Float, Shape,
    error::ShapeError,
    kernels::{broadcast::Broadcast, team::Team},
    shape::MAX_RANK,
};

/// Some axes of a tensor. Negative numbers count from the last, as in NumPy.
///
/// # Examples
///
/// ```
/// use olifant_core::Axes;
///
/// let last = Axes::from(-1);
/// let rows_and_columns = Axes::from([1, 2]);
/// let everything = Axes::All;
/// # let _ = (last, rows_and_columns, everything);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Option<Vec<isize>>", into = "Option<Vec<isize>>")]
#[non_exhaustive]
pub enum Axes {
    /// Every axis.
    All,
    /// The axes listed; `count` of them.
    #[doc(hidden)]
    These {
        /// Axis numbers.
        list: [isize; MAX_RANK],
        /// How many of the list are meant.
        count: usize,
    },
}

impl Axes {
    /// The axes of a slice.
    ///
    /// # Errors
    ///
    /// More than [`MAX_RANK`].
    pub fn new(axes: &[isize]) -> Result<Axes, ShapeError> {
        if axes.len() > MAX_RANK {
            return Err(ShapeError::TooManyAxes { given: axes.len() });
        }
        let mut list = [0; MAX_RANK];
        list[..axes.len()].copy_from_slice(axes);
        Ok(Axes::These { list, count: axes.len() })
    }

    /// The positions that are meant in a shape, in order.
    ///
    /// # Errors
    ///
    /// An axis does not exist.
    pub fn positions(self, shape: Shape) -> Result<Vec<usize>, ShapeError> {
        let reduction = Reduction::new(shape, self)?;
        Ok((0..shape.rank()).filter(|&axis| reduction.reduced[axis]).collect())
    }
}

impl TryFrom<Option<Vec<isize>>> for Axes {
    type Error = ShapeError;

    fn try_from(axes: Option<Vec<isize>>) -> Result<Axes, ShapeError> {
        axes.map_or(Ok(Axes::All), |axes| Axes::new(&axes))
    }
}

impl From<Axes> for Option<Vec<isize>> {
    fn from(axes: Axes) -> Option<Vec<isize>> {
        match axes {
            Axes::All => None,
            Axes::These { list, count } => Some(list[..count].to_vec()),
        }
    }
}

impl From<isize> for Axes {
    fn from(axis: isize) -> Axes {
        Axes::from([axis])
    }
}

impl<const N: usize> From<[isize; N]> for Axes {
    fn from(axes: [isize; N]) -> Axes {
        const { assert!(N <= MAX_RANK, "a tensor has at most six axes") }
        let mut list = [0; MAX_RANK];
        list[..N].copy_from_slice(&axes);
        Axes::These { list, count: N }
    }
}

/// The position of an axis that may be counted from the last.
pub(crate) fn resolve(axis: isize, shape: Shape) -> Result<usize, ShapeError> {
    let rank = shape.rank() as isize;
    let position = if axis < 0 { axis + rank } else { axis };
    if (0..rank).contains(&position) {
        Ok(position as usize)
    } else {
        Err(ShapeError::NoSuchAxis { axis, shape })
    }
}

/// Checks numbers that stand for positions below `size`: NaN, fractions and numbers out of range are refused.
pub(crate) fn check_indices(what: &str, indices: &[Float], size: usize) -> Result<(), ShapeError> {
    let is_index = |index: Float| index >= 0.0 && index < size as Float && index.fract() == 0.0;
    match indices.iter().position(|&index| !is_index(index)) {
        None => Ok(()),
        Some(position) => Err(ShapeError::Mismatch(format!(
            "{what} {} at position {position} is not a whole number from 0 to below {size}",
            indices[position]
        ))),
    }
}

/// What is left of a shape when some of its axes are reduced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reduction {
    shape: Shape,
    reduced: [bool; MAX_RANK],
}

impl Reduction {
    pub(crate) fn new(shape: Shape, axes: Axes) -> Result<Reduction, ShapeError> {
        let mut reduced = [false; MAX_RANK];
        match axes {
            Axes::All => reduced = [true; MAX_RANK],
            Axes::These { list, count } => {
                for &axis in &list[..count] {
                    reduced[resolve(axis, shape)?] = true;
                }
            }
        }
        Ok(Reduction { shape, reduced })
    }

    /// The plan for axes that were checked when the output's shape was asked for.
    pub(crate) fn known(shape: Shape, axes: Axes) -> Reduction {
        Reduction::new(shape, axes).expect("the axes were checked when the shape of the output was")
    }

    /// The shape that is left.
    pub(crate) fn output_shape(&self, keepdims: bool) -> Shape {
        let mut output = Shape::SCALAR;
        for (axis, &size) in self.shape.axes().iter().enumerate() {
            match (self.reduced[axis], keepdims) {
                (false, _) => output.push(size),
                (true, true) => output.push(1),
                (true, false) => (),
            }
        }
        output
    }

    /// How many elements come together in each result.
    pub(crate) fn count(&self) -> usize {
        let sizes = self.shape.axes().iter().enumerate();
        sizes.filter(|(axis, _)| self.reduced[*axis]).map(|(_, size)| size).product()
    }

    /// How results (the first operand) and elements (the second) line up: a reduction is broadcasting read backwards.
    pub(crate) fn plan<'t>(&self, team: &'t Team) -> Broadcast<'t> {
        Broadcast::onto(team, self.output_shape(true), self.shape, self.shape)
    }
}

/// A tensor seen as blocks of `size` pieces, each `inner` numbers long, around one axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around {
    pub(crate) size: usize,
    pub(crate) inner: usize,
}

impl Around {
    /// The axis exists.
    pub(crate) fn new(shape: Shape, axis: usize) -> Around {
        let axes = shape.axes();
        Around { size: axes[axis], inner: axes[axis + 1..].iter().product() }
    }

    /// The length of a block.
    pub(crate) fn block(&self) -> usize {
        self.size * self.inner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_counted_from_the_front_and_in_order() {
        let shape = Shape::from([5, 6, 7]);
        assert_eq!(Axes::from([-1, 1]).positions(shape), Ok(vec![1, 2]));
        assert_eq!(Axes::All.positions(shape), Ok(vec![0, 1, 2]));
        assert_eq!(Axes::from(3).positions(shape), Err(ShapeError::NoSuchAxis { axis: 3, shape }));
        assert_eq!(Axes::new(&[0; 7]), Err(ShapeError::TooManyAxes { given: 7 }));
    }
}
