//! The square.

use super::elementwise::UnaryFunction;
use crate::{Float, Var};

/// y = x²
#[derive(Clone, Copy, Debug)]
pub(crate) struct Square;

impl UnaryFunction for Square {
    #[inline(always)]
    fn value(self, x: Float) -> Float {
        x * x
    }

    #[inline(always)]
    fn slope(self, x: Float, _: Float) -> Float {
        2.0 * x
    }
}

impl<'t> Var<'t> {
    /// x² of each element.
    pub fn square(self) -> Var<'t> {
        self.tape.operate(Square, &[self])
    }
}
