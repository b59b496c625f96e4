//! Powers with a constant exponent.

use super::elementwise::UnaryFunction;
use crate::{Float, Var};

/// y = xᵖ
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pow {
    exponent: Float,
}

impl UnaryFunction for Pow {
    const COST: usize = 68;

    #[inline(always)]
    fn value(self, x: Float) -> Float {
        x.powf(self.exponent)
    }

    /// p xᵖ⁻¹, which is 0 for p = 0 even at x = 0.
    #[inline(always)]
    fn slope(self, x: Float, _: Float) -> Float {
        if self.exponent == 0.0 { 0.0 } else { self.exponent * x.powf(self.exponent - 1.0) }
    }
}

impl<'t> Var<'t> {
    /// xᵖ of each element; NaN below 0 unless p is a whole number.
    ///
    /// [`square`](Var::square) and [`sqrt`](Var::sqrt) are faster where they apply.
    pub fn pow(self, exponent: Float) -> Var<'t> {
        self.tape.operate(Pow { exponent }, &[self])
    }
}
