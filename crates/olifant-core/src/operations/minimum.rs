//! The smaller of two operands, element by element.

use super::elementwise::BinaryFunction;
use crate::{Float, Var, var::Operand};

/// y = min(a, b); equal operands leave the whole gradient to the first, as in Keras. NaN stays NaN.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Minimum;

impl BinaryFunction for Minimum {
    #[inline(always)]
    fn value(self, a: Float, b: Float) -> Float {
        if b < a || b.is_nan() { b } else { a }
    }

    #[inline(always)]
    fn slopes(self, a: Float, b: Float) -> (Float, Float) {
        if a <= b { (1.0, 0.0) } else { (0.0, 1.0) }
    }
}

impl<'t> Var<'t> {
    /// The smaller of two numbers, element by element; NaN stays NaN.
    ///
    /// # Panics
    ///
    /// The shapes do not fit together.
    #[track_caller]
    pub fn minimum(self, other: impl Operand<'t>) -> Var<'t> {
        self.tape.operate(Minimum, &[self, other.on(self.tape)])
    }
}
