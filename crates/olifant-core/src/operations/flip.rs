//! The other way round along an axis.

use crate::{
    Operation, Shape, ShapeError, Var,
    axes::{Around, resolve},
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
};

/// yᵢ = xₙ₋₁₋ᵢ along one axis of size n.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flip {
    axis: isize,
}

impl Flip {
    /// The lengths of the blocks, and of the pieces whose order changes in each.
    fn lengths(&self, shape: Shape) -> (usize, usize) {
        let around = Around::new(shape, resolve(self.axis, shape).expect("the axis was checked before"));
        (around.block().max(1), around.inner.max(1))
    }
}

impl Operation for Flip {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let shape = inputs.get(0).shape;
        resolve(self.axis, shape).map(|_| shape)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let x = step.inputs.get(0);
        let (block, piece) = self.lengths(x.shape);
        for (y, x) in step.output.chunks_exact_mut(block).zip(x.data.chunks_exact(block)) {
            let pieces = y.chunks_exact_mut(piece).zip(x.rchunks_exact(piece));
            pieces.for_each(|(y, x)| y.copy_from_slice(x));
        }
    }

    /// ∂L/∂x is ∂L/∂y, flipped.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let (block, piece) = self.lengths(step.output.shape);
        let Some(GradientMut { data, add }) = gradients.get(0) else { return };
        for (dx, dy) in data.chunks_exact_mut(block).zip(step.output_gradient.chunks_exact(block)) {
            for (data, dy) in dx.chunks_exact_mut(piece).zip(dy.rchunks_exact(piece)) {
                GradientMut { data, add }.write_from(dy.iter().copied());
            }
        }
    }
}

impl<'t> Var<'t> {
    /// The same numbers the other way round along an axis; negative axes count from the last.
    ///
    /// # Panics
    ///
    /// The axis does not exist.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Mode, Tape, Weights, Workspace};
    ///
    /// let weights = Weights::default();
    /// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    /// let x = tape.input_with([2, 3], |x| x.copy_from_slice(&[0., 1., 2., 3., 4., 5.]));
    /// assert_eq!(x.flip(1).with_value(|y| y.data.to_vec()), [2., 1., 0., 5., 4., 3.]);
    /// ```
    #[track_caller]
    pub fn flip(self, axis: isize) -> Var<'t> {
        self.tape.operate(Flip { axis }, &[self])
    }
}
