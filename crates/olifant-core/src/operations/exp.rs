//! The exponential function.

use super::elementwise::UnaryFunction;
use crate::{Float, Var, kernels::functions};

/// y = eˣ
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exp;

impl UnaryFunction for Exp {
    const COST: usize = 6;

    #[inline(always)]
    fn value(self, x: Float) -> Float {
        functions::exp(x)
    }

    #[inline(always)]
    fn slope(self, _: Float, y: Float) -> Float {
        y
    }
}

impl<'t> Var<'t> {
    /// eˣ of each element.
    pub fn exp(self) -> Var<'t> {
        self.tape.operate(Exp, &[self])
    }
}
