//! The quotient of two operands, element by element.

use super::elementwise::BinaryFunction;
use crate::Float;

/// y = a / b
#[derive(Clone, Copy, Debug)]
pub(crate) struct Divide;

impl BinaryFunction for Divide {
    const COST: usize = 3;

    #[inline(always)]
    fn value(self, a: Float, b: Float) -> Float {
        a / b
    }

    #[inline(always)]
    fn slopes(self, a: Float, b: Float) -> (Float, Float) {
        (1.0 / b, -a / (b * b))
    }
}

crate::var::operator!(Divide, Div, div);
