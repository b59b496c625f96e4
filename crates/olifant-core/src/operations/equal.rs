//! Whether two operands are equal.

use super::elementwise::BinaryFunction;
use crate::{Float, Var, var::Operand};

/// y = 1 where a == b, else 0; the slopes are 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Equal;

impl BinaryFunction for Equal {
    #[inline(always)]
    fn value(self, a: Float, b: Float) -> Float {
        if a == b { 1.0 } else { 0.0 }
    }

    #[inline(always)]
    fn slopes(self, _: Float, _: Float) -> (Float, Float) {
        (0.0, 0.0)
    }
}

impl<'t> Var<'t> {
    /// 1 where this is equal to the other, else 0; no gradient comes through.
    ///
    /// # Panics
    ///
    /// The shapes do not fit together.
    #[track_caller]
    pub fn equal(self, other: impl Operand<'t>) -> Var<'t> {
        self.tape.operate(Equal, &[self, other.on(self.tape)])
    }
}
