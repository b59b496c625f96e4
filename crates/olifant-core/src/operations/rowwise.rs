//! What functions of whole rows share: walking over the rows of the last axis.

use crate::{
    Float, Shape, ShapeError,
    kernels::dispatch::vectorised,
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
};

/// The shape of the input, which must have a last axis.
pub(super) fn output_shape(inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
    let shape = inputs.get(0).shape;
    shape.last_axis()?;
    Ok(shape)
}

/// Calls `write(x, y)` for each row of the input and of the output; `cost` is what an element takes, in additions.
#[inline(always)]
pub(super) fn forward(step: ForwardStep<'_>, cost: usize, write: impl Fn(&[Float], &mut [Float]) + Sync) {
    let x = step.inputs.get(0);
    let len = x.row_len();
    step.team.for_each_rows(step.output, len, len * cost, &|first, y: &mut [Float]| {
        vectorised(
            #[inline(always)]
            || y.chunks_exact_mut(len).zip(x.rows().skip(first)).for_each(|(y, x)| write(x, y)),
        );
    });
}

/// Calls `write(y, ∂L/∂y, ∂L/∂x)` for each row; `cost` is what an element takes, in additions.
#[inline(always)]
pub(super) fn backward(
    step: BackwardStep<'_>,
    gradients: &mut InputGradients<'_>,
    cost: usize,
    write: impl Fn(&[Float], &[Float], GradientMut<'_>) + Sync,
) {
    let Some(GradientMut { data, add }) = gradients.get(0) else { return };
    let (y, dy) = (step.output, &*step.output_gradient);
    let len = y.row_len();
    step.team.for_each_rows(data, len, len * cost, &|first, dx: &mut [Float]| {
        vectorised(
            #[inline(always)]
            || {
                let rows = y.rows().zip(dy.chunks_exact(len)).skip(first);
                for (data, (y, dy)) in dx.chunks_exact_mut(len).zip(rows) {
                    write(y, dy, GradientMut { data, add });
                }
            },
        );
    });
}
