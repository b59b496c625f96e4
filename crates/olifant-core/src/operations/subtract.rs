//! The difference of two operands.

use super::elementwise::BinaryFunction;
use crate::Float;

/// y = a − b
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subtract;

impl BinaryFunction for Subtract {
    #[inline(always)]
    fn value(self, a: Float, b: Float) -> Float {
        a - b
    }

    #[inline(always)]
    fn slopes(self, _: Float, _: Float) -> (Float, Float) {
        (1.0, -1.0)
    }
}

crate::var::operator!(Subtract, Sub, sub);
