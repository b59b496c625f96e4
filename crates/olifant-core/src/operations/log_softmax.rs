//! The logarithm of the softmax function over the last axis.

use super::softmax::log_sum_exp;
use crate::{
    Float, Operation, Shape, ShapeError, Var,
    kernels::{dispatch::vectorised, functions, parallel::for_each_rows, lanes},
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
};

/// yᵢ = xᵢ − log Σⱼ e^(xⱼ) along the last axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogSoftmax;

/// What an element costs, counted in additions.
const COST: usize = 16;

impl Operation for LogSoftmax {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        inputs.get(0).shape.last_axis()?;
        Ok(inputs.get(0).shape)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let x = step.inputs.get(0);
        let classes = x.row_len();
        for_each_rows(step.output, classes, classes * COST, &|first, y: &mut [Float]| {
            vectorised(
                #[inline(always)]
                || {
                    for (y, x) in y.chunks_exact_mut(classes).zip(x.rows().skip(first)) {
                        let log_sum = log_sum_exp(x, y);
                        y.iter_mut().zip(x).for_each(|(y, &x)| *y = x - log_sum);
                    }
                },
            );
        });
    }

    /// ∂L/∂xᵢ = ∂L/∂yᵢ − e^(yᵢ) Σⱼ ∂L/∂yⱼ
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let Some(GradientMut { data, add }) = gradients.get(0) else { return };
        let (y, dy) = (step.output, &*step.output_gradient);
        let classes = y.row_len();
        for_each_rows(data, classes, classes * COST, &|first, dx: &mut [Float]| {
            vectorised(
                #[inline(always)]
                || {
                    let rows = y.rows().zip(dy.chunks_exact(classes)).skip(first);
                    for (data, (y, dy)) in dx.chunks_exact_mut(classes).zip(rows) {
                        let total = lanes::sum(dy);
                        let terms = y.iter().zip(dy).map(|(&y, &dy)| dy - functions::exp(y) * total);
                        GradientMut { data, add }.write_from(terms);
                    }
                },
            );
        });
    }
}

impl<'t> Var<'t> {
    /// xᵢ − log Σⱼ e^(xⱼ) along the last axis: the logarithm of the softmax, exact where that is nearly 0.
    ///
    /// # Panics
    ///
    /// The value is a scalar.
    #[track_caller]
    pub fn log_softmax(self) -> Var<'t> {
        self.tape.operate(LogSoftmax, &[self])
    }
}
