//! The softmax function over the last axis.

use super::rowwise;
use crate::{
    Float, Operation, Shape, ShapeError, Var,
    kernels::{functions, lanes},
    operation::{BackwardStep, ForwardStep, InputGradients, Inputs},
};

/// yᵢ = e^(xᵢ) / Σⱼ e^(xⱼ) along the last axis, computed from xᵢ − max x so that nothing overflows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Softmax;

/// What an element costs, counted in additions.
const COST: usize = 22;

impl Operation for Softmax {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        rowwise::output_shape(inputs)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        rowwise::forward(step, COST, softmax_row);
    }

    /// ∂L/∂xᵢ = yᵢ (∂L/∂yᵢ − Σⱼ yⱼ ∂L/∂yⱼ)
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        rowwise::backward(
            step,
            gradients,
            1,
            #[inline(always)]
            |y, dy, mut dx| {
                let mean = lanes::sum_of_pairs(y, dy, |y, dy| y * dy);
                dx.write_from(y.iter().zip(dy).map(|(&y, &dy)| y * (dy - mean)));
            },
        );
    }
}

/// Writes the softmax of one row.
#[inline(always)]
fn softmax_row(x: &[Float], y: &mut [Float]) {
    let (_, sum) = exponentials(x, y);
    y.iter_mut().for_each(|y| *y /= sum);
}

/// Writes the softmax of one row and returns log Σ e^x.
#[inline(always)]
pub(crate) fn softmax_and_log_sum(x: &[Float], y: &mut [Float]) -> Float {
    let (max, sum) = exponentials(x, y);
    y.iter_mut().for_each(|y| *y /= sum);
    max + functions::log(sum)
}

/// Returns log Σ e^x of one row; `scratch` is overwritten.
#[inline(always)]
pub(crate) fn log_sum_exp(x: &[Float], scratch: &mut [Float]) -> Float {
    let (max, sum) = exponentials(x, scratch);
    max + functions::log(sum)
}

/// Writes e^(x − max x) of one row and returns max x and the sum.
#[inline(always)]
fn exponentials(x: &[Float], y: &mut [Float]) -> (Float, Float) {
    let max = lanes::fold(x, Float::NEG_INFINITY, Float::max);
    y.iter_mut().zip(x).for_each(|(y, &x)| *y = functions::exp(x - max));
    (max, lanes::sum(y))
}

impl<'t> Var<'t> {
    /// e^(xᵢ) / Σⱼ e^(xⱼ) along the last axis.
    ///
    /// A cross-entropy loss that is given the result works with x itself; see [`Var::softmax_logits`].
    ///
    /// # Panics
    ///
    /// The value is a scalar.
    #[track_caller]
    pub fn softmax(self) -> Var<'t> {
        self.tape.operate(Softmax, &[self])
    }
}
