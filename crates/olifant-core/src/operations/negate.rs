//! The number with the other sign.

use super::elementwise::UnaryFunction;
use crate::{Float, Var};

/// y = −x
#[derive(Clone, Copy, Debug)]
pub(crate) struct Negate;

impl UnaryFunction for Negate {
    #[inline(always)]
    fn value(self, x: Float) -> Float {
        -x
    }

    #[inline(always)]
    fn slope(self, _: Float, _: Float) -> Float {
        -1.0
    }
}

impl<'t> std::ops::Neg for Var<'t> {
    type Output = Var<'t>;

    fn neg(self) -> Var<'t> {
        self.tape.operate(Negate, &[self])
    }
}
