//! The logarithm of the softmax function over the last axis.

use super::{rowwise, softmax::log_sum_exp};
use crate::{
    Operation, Shape, ShapeError, Var,
    kernels::{functions, lanes},
    operation::{BackwardStep, ForwardStep, InputGradients, Inputs},
};

/// yᵢ = xᵢ − log Σⱼ e^(xⱼ) along the last axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogSoftmax;

/// What an element costs, counted in additions.
const COST: usize = 22;

impl Operation for LogSoftmax {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        rowwise::output_shape(inputs)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        rowwise::forward(
            step,
            COST,
            #[inline(always)]
            |x, y| {
                let log_sum = log_sum_exp(x, y);
                y.iter_mut().zip(x).for_each(|(y, &x)| *y = x - log_sum);
            },
        );
    }

    /// ∂L/∂xᵢ = ∂L/∂yᵢ − e^(yᵢ) Σⱼ ∂L/∂yⱼ
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        rowwise::backward(
            step,
            gradients,
            COST,
            #[inline(always)]
            |y, dy, mut dx| {
                let total = lanes::sum(dy);
                dx.write_from(y.iter().zip(dy).map(|(&y, &dy)| dy - functions::exp(y) * total));
            },
        );
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
