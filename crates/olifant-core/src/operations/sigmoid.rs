//! The logistic function.

use super::elementwise::UnaryFunction;
use crate::{Float, Var};

/// y = 1 / (1 + e⁻ˣ)
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sigmoid;

impl UnaryFunction for Sigmoid {
    #[inline(always)]
    fn value(self, x: Float) -> Float {
        1.0 / (1.0 + (-x).exp())
    }

    #[inline(always)]
    fn slope(self, _: Float, y: Float) -> Float {
        y * (1.0 - y)
    }
}

impl<'t> Var<'t> {
    /// 1 / (1 + e⁻ˣ) of each element.
    pub fn sigmoid(self) -> Var<'t> {
        self.tape.operate(Sigmoid, &[self])
    }
}
