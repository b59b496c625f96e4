//! The rectified linear unit.

use super::elementwise::UnaryFunction;
use crate::{Float, Var};

/// y = max(x, 0); the slope at 0 is 0, as in Keras.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Relu;

impl UnaryFunction for Relu {
    #[inline(always)]
    fn value(self, x: Float) -> Float {
        if x < 0.0 { 0.0 } else { x }
    }

    #[inline(always)]
    fn slope(self, x: Float, _: Float) -> Float {
        if x > 0.0 { 1.0 } else { 0.0 }
    }
}

impl<'t> Var<'t> {
    /// max(x, 0) of each element; NaN stays NaN.
    pub fn relu(self) -> Var<'t> {
        self.tape.operate(Relu, &[self])
    }
}
