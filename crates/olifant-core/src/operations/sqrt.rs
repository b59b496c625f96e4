//! The square root.

use super::elementwise::UnaryFunction;
use crate::{Float, Var};

/// y = √x
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sqrt;

impl UnaryFunction for Sqrt {
    const COST: usize = 2;

    #[inline(always)]
    fn value(self, x: Float) -> Float {
        x.sqrt()
    }

    #[inline(always)]
    fn slope(self, _: Float, y: Float) -> Float {
        0.5 / y
    }
}

impl<'t> Var<'t> {
    /// √x of each element; NaN below 0.
    pub fn sqrt(self) -> Var<'t> {
        self.tape.operate(Sqrt, &[self])
    }
}
