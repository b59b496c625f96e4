//! The softmax function over the last axis.

use crate::{
    Float, Operation, Shape, ShapeError, Var,
    kernels::{dispatch::vectorised, functions, parallel::for_each_rows, lanes},
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
};

/// yᵢ = e^(xᵢ) / Σⱼ e^(xⱼ) along the last axis, computed from xᵢ − max x so that nothing overflows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Softmax;

/// What an element costs, counted in additions.
const COST: usize = 16;

impl Operation for Softmax {
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
                        softmax_row(x, y);
                    }
                },
            );
        });
    }

    /// ∂L/∂xᵢ = yᵢ (∂L/∂yᵢ − Σⱼ yⱼ ∂L/∂yⱼ)
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let Some(GradientMut { data, add }) = gradients.get(0) else { return };
        let (y, dy) = (step.output, &*step.output_gradient);
        let classes = y.row_len();
        for_each_rows(data, classes, classes, &|first, dx: &mut [Float]| {
            vectorised(
                #[inline(always)]
                || {
                    let rows = y.rows().zip(dy.chunks_exact(classes)).skip(first);
                    for (data, (y, dy)) in dx.chunks_exact_mut(classes).zip(rows) {
                        let mean = lanes::sum_of_pairs(y, dy, |y, dy| y * dy);
                        let terms = y.iter().zip(dy).map(|(&y, &dy)| y * (dy - mean));
                        GradientMut { data, add }.write_from(terms);
                    }
                },
            );
        });
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
