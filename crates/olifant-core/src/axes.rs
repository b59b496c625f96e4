//! Which axes of a tensor are meant, and walking over a tensor whose axes are reduced.

use crate::{Shape, error::ShapeError, shape::MAX_RANK};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// How the elements of a tensor are gathered when some of its axes are reduced.
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

    /// Calls `f(position in the tensor, position in the result)` for all elements, in row-major order.
    pub(crate) fn for_each(&self, mut f: impl FnMut(usize, usize)) {
        let output_strides = self.output_strides();
        let rank = self.shape.rank();
        let mut counters = [0; MAX_RANK];
        let mut to = 0;
        for from in 0..self.shape.size() {
            f(from, to);
            for axis in (0..rank).rev() {
                counters[axis] += 1;
                to += output_strides[axis];
                if counters[axis] < self.shape[axis] {
                    break;
                }
                counters[axis] = 0;
                to -= self.shape[axis] * output_strides[axis];
            }
        }
    }

    /// Steps in the result along the tensor's axes: 0 for those that are reduced.
    fn output_strides(&self) -> [usize; MAX_RANK] {
        let mut strides = [0; MAX_RANK];
        let mut step = 1;
        for axis in (0..self.shape.rank()).rev() {
            if !self.reduced[axis] {
                strides[axis] = step;
                step *= self.shape[axis];
            }
        }
        strides
    }
}
