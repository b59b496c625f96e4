//! A smooth version of the rectified linear unit.

use super::elementwise::UnaryFunction;
use crate::{Float, Var, kernels::functions};

/// y = ln(1 + eˣ), computed so that nothing overflows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Softplus;

impl UnaryFunction for Softplus {
    const COST: usize = 18;

    #[inline(always)]
    fn value(self, x: Float) -> Float {
        functions::softplus(x)
    }

    #[inline(always)]
    fn slope(self, x: Float, _: Float) -> Float {
        functions::sigmoid(x)
    }
}

impl<'t> Var<'t> {
    /// ln(1 + eˣ) of each element.
    pub fn softplus(self) -> Var<'t> {
        self.tape.operate(Softplus, &[self])
    }
}
