//! The error function.

use super::elementwise::UnaryFunction;
use crate::{Float, Var, kernels::functions};

/// y = 2/√π ∫₀ˣ e^(−t²) dt
#[derive(Clone, Copy, Debug)]
pub(crate) struct Erf;

impl UnaryFunction for Erf {
    const COST: usize = 17;

    #[inline(always)]
    fn value(self, x: Float) -> Float {
        functions::erf(x)
    }

    #[inline(always)]
    fn slope(self, x: Float, _: Float) -> Float {
        std::f64::consts::FRAC_2_SQRT_PI as Float * functions::exp(-x * x)
    }
}

impl<'t> Var<'t> {
    /// The error function of each element, 2/√π ∫₀ˣ e^(−t²) dt.
    pub fn erf(self) -> Var<'t> {
        self.tape.operate(Erf, &[self])
    }
}
