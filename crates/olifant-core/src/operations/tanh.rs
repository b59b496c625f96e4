//! The hyperbolic tangent.

use super::elementwise::UnaryFunction;
use crate::{Float, Var, kernels::functions};

/// y = tanh x
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tanh;

impl UnaryFunction for Tanh {
    const COST: usize = 13;

    #[inline(always)]
    fn value(self, x: Float) -> Float {
        functions::tanh(x)
    }

    #[inline(always)]
    fn slope(self, _: Float, y: Float) -> Float {
        1.0 - y * y
    }
}

impl<'t> Var<'t> {
    /// tanh x of each element.
    pub fn tanh(self) -> Var<'t> {
        self.tape.operate(Tanh, &[self])
    }
}
