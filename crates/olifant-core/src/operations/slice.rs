//! A piece of a value along an axis.

use std::ops::{Bound, Range, RangeBounds};

use crate::{
    Operation, Shape, ShapeError, Var,
    axes::{Around, resolve},
    operation::{BackwardStep, ForwardStep, InputGradients, Inputs},
};

/// y = x with only the positions `start..end` of one axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice {
    axis: isize,
    start: Bound<usize>,
    end: Bound<usize>,
}

impl Slice {
    /// The axis and the positions.
    fn resolve(&self, shape: Shape) -> Result<(usize, Range<usize>), ShapeError> {
        let axis = resolve(self.axis, shape)?;
        let start = match self.start {
            Bound::Included(start) => start,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match self.end {
            Bound::Included(last) => last.saturating_add(1),
            Bound::Excluded(end) => end,
            Bound::Unbounded => shape[axis],
        };
        if start <= end && end <= shape[axis] {
            Ok((axis, start..end))
        } else {
            Err(ShapeError::Mismatch(format!(
                "slice: positions {start}..{end} are not within axis {axis} of shape {shape}"
            )))
        }
    }

    /// The length of a block of x, and the part of it that is taken.
    fn parts(&self, shape: Shape) -> (usize, Range<usize>) {
        let (axis, range) = self.resolve(shape).expect("the range was checked before");
        let around = Around::new(shape, axis);
        (around.block().max(1), range.start * around.inner..range.end * around.inner)
    }
}

impl Operation for Slice {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let shape = inputs.get(0).shape;
        let (axis, range) = self.resolve(shape)?;
        Ok(shape.with_axis(axis, range.len()))
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let x = step.inputs.get(0);
        let (block, part) = self.parts(x.shape);
        let y = step.output.chunks_exact_mut(part.len().max(1));
        for (y, x) in y.zip(x.data.chunks_exact(block)) {
            y.copy_from_slice(&x[part.clone()]);
        }
    }

    /// ∂L/∂x is ∂L/∂y where x was taken, else 0.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let Some(mut dx) = gradients.get(0) else { return };
        let (block, part) = self.parts(step.inputs.get(0).shape);
        let dy = step.output_gradient.chunks_exact(part.len().max(1));
        for (dx, dy) in dx.accumulator().chunks_exact_mut(block).zip(dy) {
            dx[part.clone()].iter_mut().zip(dy).for_each(|(dx, dy)| *dx += dy);
        }
    }
}

impl<'t> Var<'t> {
    /// The positions `range` along an axis; negative axes count from the last.
    ///
    /// # Panics
    ///
    /// The axis does not exist, or the range is not within it.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Mode, Shape, Tape, Weights, Workspace};
    ///
    /// let weights = Weights::default();
    /// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    /// let x = tape.input_with([2, 5], |x| x.copy_from_slice(&[0., 1., 2., 3., 4., 5., 6., 7., 8., 9.]));
    /// assert_eq!(x.slice(1, 3..).with_value(|y| y.data.to_vec()), [3., 4., 8., 9.]);
    /// ```
    #[track_caller]
    pub fn slice(self, axis: isize, range: impl RangeBounds<usize>) -> Var<'t> {
        let (start, end) = (range.start_bound().cloned(), range.end_bound().cloned());
        self.tape.operate(Slice { axis, start, end }, &[self])
    }
}
