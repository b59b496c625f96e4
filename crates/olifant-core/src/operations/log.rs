//! The natural logarithm.

use super::elementwise::UnaryFunction;
use crate::{Float, Var, kernels::functions};

/// y = ln x
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log;

impl UnaryFunction for Log {
    const COST: usize = 10;

    #[inline(always)]
    fn value(self, x: Float) -> Float {
        functions::log(x)
    }

    #[inline(always)]
    fn slope(self, x: Float, _: Float) -> Float {
        1.0 / x
    }
}

impl<'t> Var<'t> {
    /// ln x of each element: −∞ at 0, NaN below.
    pub fn log(self) -> Var<'t> {
        self.tape.operate(Log, &[self])
    }
}
