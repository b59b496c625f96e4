//! The functions that a recurrent operation applies to its gates and states.

use crate::{Float, kernels::functions};

/// A function whose slope is known from its result alone: nothing else has to be kept for the backward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecurrentActivation {
    /// y = x
    Linear,
    /// y = max(x, 0)
    Relu,
    /// y = min(max(x, 0), 6)
    Relu6,
    /// y = tanh x
    Tanh,
    /// y = x, cut to [−1, 1]
    HardTanh,
    /// y = 1 / (1 + e⁻ˣ)
    Sigmoid,
    /// y = x/6 + ½, cut to [0, 1]
    HardSigmoid,
    /// y = x / (1 + |x|)
    Softsign,
    /// y = ln(1 + eˣ)
    Softplus,
    /// y = eˣ
    Exponential,
}

/// Replaces each number by a function of it.
#[inline(always)]
fn map(x: &mut [Float], function: impl Fn(Float) -> Float) {
    x.iter_mut().for_each(|x| *x = function(*x));
}

/// Multiplies each gradient by the slope at a result.
#[inline(always)]
fn multiply(gradients: &mut [Float], results: &[Float], slope: impl Fn(Float) -> Float) {
    gradients.iter_mut().zip(results).for_each(|(gradient, &y)| *gradient *= slope(y));
}

/// 1 if the condition holds, else 0.
#[inline(always)]
fn one_if(condition: bool) -> Float {
    if condition { 1.0 } else { 0.0 }
}

/// x, cut to [low, high]; NaN stays NaN.
#[inline(always)]
fn cut(x: Float, low: Float, high: Float) -> Float {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

impl RecurrentActivation {
    /// Replaces numbers by their activations.
    #[inline(always)]
    pub(crate) fn apply(self, x: &mut [Float]) {
        match self {
            RecurrentActivation::Linear => {}
            RecurrentActivation::Relu => map(
                x,
                #[inline(always)]
                |x| if x < 0.0 { 0.0 } else { x },
            ),
            RecurrentActivation::Relu6 => map(
                x,
                #[inline(always)]
                |x| cut(x, 0.0, 6.0),
            ),
            RecurrentActivation::Tanh => map(x, functions::tanh),
            RecurrentActivation::HardTanh => map(
                x,
                #[inline(always)]
                |x| cut(x, -1.0, 1.0),
            ),
            RecurrentActivation::Sigmoid => map(x, functions::sigmoid),
            RecurrentActivation::HardSigmoid => map(
                x,
                #[inline(always)]
                |x| cut(x / 6.0 + 0.5, 0.0, 1.0),
            ),
            RecurrentActivation::Softsign => map(
                x,
                #[inline(always)]
                |x| x / (1.0 + x.abs()),
            ),
            RecurrentActivation::Softplus => map(x, functions::softplus),
            RecurrentActivation::Exponential => map(x, functions::exp),
        }
    }

    /// Turns gradients of the results y into gradients of the arguments; at a corner the slope is 0.
    #[inline(always)]
    pub(crate) fn multiply_slopes(self, gradients: &mut [Float], y: &[Float]) {
        match self {
            RecurrentActivation::Linear => {}
            RecurrentActivation::Relu => multiply(
                gradients,
                y,
                #[inline(always)]
                |y| one_if(y > 0.0),
            ),
            RecurrentActivation::Relu6 => multiply(
                gradients,
                y,
                #[inline(always)]
                |y| one_if(y > 0.0 && y < 6.0),
            ),
            RecurrentActivation::Tanh => multiply(
                gradients,
                y,
                #[inline(always)]
                |y| 1.0 - y * y,
            ),
            RecurrentActivation::HardTanh => multiply(
                gradients,
                y,
                #[inline(always)]
                |y| one_if(y.abs() < 1.0),
            ),
            RecurrentActivation::Sigmoid => multiply(
                gradients,
                y,
                #[inline(always)]
                |y| y * (1.0 - y),
            ),
            RecurrentActivation::HardSigmoid => {
                multiply(
                    gradients,
                    y,
                    #[inline(always)]
                    |y| one_if(y > 0.0 && y < 1.0) / 6.0,
                );
            }
            // 1 / (1 + |x|) is 1 − |y|.
            RecurrentActivation::Softsign => multiply(
                gradients,
                y,
                #[inline(always)]
                |y| (1.0 - y.abs()) * (1.0 - y.abs()),
            ),
            // The slope is σ(x), and e^−y is 1 − σ(x).
            RecurrentActivation::Softplus => multiply(
                gradients,
                y,
                #[inline(always)]
                |y| -functions::expm1(-y),
            ),
            RecurrentActivation::Exponential => multiply(
                gradients,
                y,
                #[inline(always)]
                |y| y,
            ),
        }
    }
}
