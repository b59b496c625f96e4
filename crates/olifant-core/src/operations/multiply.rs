//! The product of two operands, element by element.

use super::elementwise::BinaryFunction;
use crate::Float;

/// y = a · b
#[derive(Clone, Copy, Debug)]
pub(crate) struct Multiply;

impl BinaryFunction for Multiply {
    #[inline(always)]
    fn value(self, a: Float, b: Float) -> Float {
        a * b
    }

    #[inline(always)]
    fn slopes(self, a: Float, b: Float) -> (Float, Float) {
        (b, a)
    }
}

crate::var::operator!(Multiply, Mul, mul);
