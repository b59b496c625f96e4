//! The softmax function over the last axis.

use crate::{
    Float, Operation, Shape, ShapeError, Var,
    operation::{BackwardStep, ForwardStep, InputGradients, Inputs},
};

/// yᵢ = e^(xᵢ) / Σⱼ e^(xⱼ) along the last axis, computed from xᵢ − max x so that nothing overflows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Softmax;

impl Operation for Softmax {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        inputs.get(0).shape.last_axis()?;
        Ok(inputs.get(0).shape)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let x = step.inputs.get(0);
        for (y, x) in step.output.chunks_exact_mut(x.row_len()).zip(x.rows()) {
            softmax_row(x, y);
        }
    }

    /// ∂L/∂xᵢ = yᵢ (∂L/∂yᵢ − Σⱼ yⱼ ∂L/∂yⱼ)
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let Some(mut dx) = gradients.get(0) else { return };
        let classes = step.output.row_len();
        let dx = dx.accumulator().chunks_exact_mut(classes);
        for ((dx, y), dy) in dx.zip(step.output.rows()).zip(step.output_gradient.chunks_exact(classes)) {
            let mean: Float = y.iter().zip(dy).map(|(y, dy)| y * dy).sum();
            dx.iter_mut().zip(y).zip(dy).for_each(|((dx, y), dy)| *dx += y * (dy - mean));
        }
    }
}

/// Writes the softmax of one row and returns (max x, Σ e^(x − max)), from which log-sum-exp follows.
pub(crate) fn softmax_row(x: &[Float], y: &mut [Float]) -> (Float, Float) {
    let max = x.iter().copied().fold(Float::NEG_INFINITY, Float::max);
    let mut sum = 0.0;
    for (y, &x) in y.iter_mut().zip(x) {
        *y = (x - max).exp();
        sum += *y;
    }
    y.iter_mut().for_each(|y| *y /= sum);
    (max, sum)
}

impl<'t> Var<'t> {
    /// e^(xᵢ) / Σⱼ e^(xⱼ) along the last axis.
    ///
    /// A cross-entropy loss that is given the result works with x itself; see [`Var::logits`].
    ///
    /// # Panics
    ///
    /// The value is a scalar.
    #[track_caller]
    pub fn softmax(self) -> Var<'t> {
        self.tape.operate(Softmax, &[self])
    }
}
