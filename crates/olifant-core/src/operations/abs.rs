//! The absolute value.

use super::elementwise::UnaryFunction;
use crate::{Float, Var};

/// y = |x|; the slope at 0 is 0, as in Keras.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Abs;

impl UnaryFunction for Abs {
    #[inline(always)]
    fn value(self, x: Float) -> Float {
        x.abs()
    }

    #[inline(always)]
    fn slope(self, x: Float, _: Float) -> Float {
        if x > 0.0 {
            1.0
        } else if x < 0.0 {
            -1.0
        } else {
            0.0
        }
    }
}

impl<'t> Var<'t> {
    /// |x| of each element.
    pub fn abs(self) -> Var<'t> {
        self.tape.operate(Abs, &[self])
    }
}
