//! The logistic function.

use super::elementwise::UnaryFunction;
use crate::{Float, Var, kernels::functions};

/// y = 1 / (1 + e⁻ˣ)
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sigmoid;

impl UnaryFunction for Sigmoid {
    const COST: usize = 9;

    #[inline(always)]
    fn value(self, x: Float) -> Float {
        functions::sigmoid(x)
    }

    #[inline(always)]
    fn slope(self, _: Float, y: Float) -> Float {
        y * (1.0 - y)
    }
}

impl<'t> Var<'t> {
    /// 1 / (1 + e⁻ˣ) of each element.
    ///
    /// A cross-entropy loss that is given the result works with x itself; see [`Var::sigmoid_logits`].
    pub fn sigmoid(self) -> Var<'t> {
        self.tape.operate(Sigmoid, &[self])
    }
}
