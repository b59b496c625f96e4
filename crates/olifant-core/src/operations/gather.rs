//! Picking slices by their numbers.

use crate::{
    Operation, Shape, ShapeError, Var,
    axes::{Around, check_indices, resolve},
    operation::{BackwardStep, ForwardStep, InputGradients, Inputs},
    shape::MAX_RANK,
};

/// y = the slices of x along an axis that the indices name: an embedding if x is a table and the axis its first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gather {
    axis: isize,
}

impl Gather {
    fn around(&self, shape: Shape) -> Around {
        Around::new(shape, resolve(self.axis, shape).expect("the axis was checked before"))
    }
}

impl Operation for Gather {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let (x, indices) = (inputs.get(0).shape, inputs.get(1));
        let axis = resolve(self.axis, x)?;
        check_indices("gather: index", indices.data, x[axis])?;
        let parts = [&x.axes()[..axis], indices.shape.axes(), &x.axes()[axis + 1..]];
        let mut axes = [0; 2 * MAX_RANK];
        let mut rank = 0;
        for part in parts {
            axes[rank..rank + part.len()].copy_from_slice(part);
            rank += part.len();
        }
        Shape::new(&axes[..rank])
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let (x, indices) = (step.inputs.get(0), step.inputs.get(1).data);
        let around = self.around(x.shape);
        if step.output.is_empty() {
            return;
        }
        let blocks = step.output.chunks_exact_mut(indices.len() * around.inner);
        for (y, x) in blocks.zip(x.data.chunks_exact(around.block())) {
            for (y, &index) in y.chunks_exact_mut(around.inner).zip(indices) {
                y.copy_from_slice(&x[index as usize * around.inner..][..around.inner]);
            }
        }
    }

    /// Each slice of x gets the sum over the places it was copied to; the indices get no gradient.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let (x, indices) = (step.inputs.get(0), step.inputs.get(1).data);
        let Some(mut dx) = gradients.get(0) else { return };
        let around = self.around(x.shape);
        let dx = dx.accumulator();
        if step.output_gradient.is_empty() {
            return;
        }
        let blocks = step.output_gradient.chunks_exact(indices.len() * around.inner);
        for (dy, dx) in blocks.zip(dx.chunks_exact_mut(around.block())) {
            for (dy, &index) in dy.chunks_exact(around.inner).zip(indices) {
                let dx = &mut dx[index as usize * around.inner..][..around.inner];
                dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += dy);
            }
        }
    }
}

impl<'t> Var<'t> {
    /// The slices along an axis that `indices` name: Keras's `take`.
    ///
    /// # Shapes
    ///
    /// The axis is replaced by the axes of the indices: a table `[vocabulary, units]`, gathered along axis 0
    /// with indices `[batch, time]`, gives `[batch, time, units]`.
    ///
    /// # Panics
    ///
    /// The axis does not exist, or an index is not a whole number below its size.
    #[doc(alias = "take")]
    #[track_caller]
    pub fn gather(self, indices: Var<'t>, axis: isize) -> Var<'t> {
        self.tape.operate(Gather { axis }, &[self, indices])
    }
}
