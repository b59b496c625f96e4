//! The exponential function less one.

use super::elementwise::UnaryFunction;
use crate::{Float, Var, kernels::functions};

/// y = eˣ − 1
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expm1;

impl UnaryFunction for Expm1 {
    const COST: usize = 6;

    #[inline(always)]
    fn value(self, x: Float) -> Float {
        functions::expm1(x)
    }

    #[inline(always)]
    fn slope(self, _: Float, y: Float) -> Float {
        y + 1.0
    }
}

impl<'t> Var<'t> {
    /// eˣ − 1 of each element, exact near 0.
    pub fn expm1(self) -> Var<'t> {
        self.tape.operate(Expm1, &[self])
    }
}
