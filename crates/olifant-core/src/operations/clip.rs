//! Numbers forced into a range.

use super::elementwise::UnaryFunction;
use crate::{Float, Var};

/// y = min(max(x, low), high); the slope is 1 in the range, its bounds included, and 0 outside, as in Keras.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clip {
    low: Float,
    high: Float,
}

impl UnaryFunction for Clip {
    #[inline(always)]
    fn value(self, x: Float) -> Float {
        if x < self.low {
            self.low
        } else if x > self.high {
            self.high
        } else {
            x
        }
    }

    #[inline(always)]
    fn slope(self, x: Float, _: Float) -> Float {
        if self.low <= x && x <= self.high { 1.0 } else { 0.0 }
    }
}

impl<'t> Var<'t> {
    /// min(max(x, low), high) of each element; NaN stays NaN.
    ///
    /// # Panics
    ///
    /// `low` is not at most `high`.
    #[track_caller]
    pub fn clip(self, low: Float, high: Float) -> Var<'t> {
        assert!(low <= high, "clip needs low ≤ high, but was given low {low} and high {high}");
        self.tape.operate(Clip { low, high }, &[self])
    }
}
