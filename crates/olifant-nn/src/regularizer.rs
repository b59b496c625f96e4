//! Penalties on weights, and on what layers return.

use olifant_core::{Axes, Float, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, schedule::check_rate};

/// A penalty on the size of a weight, or of what a layer returns, added to the loss in training and evaluation.
///
/// Penalty = l1 · Σ|w| + l2 · Σw²  (no ½; as in Keras).
/// That of a weight is not divided by the batch size, that of what a layer returns (`activity_regularizer`) is.
/// Keras's strings `"l1"` and `"l2"` stand for a factor of 0.01.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, Weights, Workspace};
/// use olifant_nn::Regularizer;
///
/// let mut weights = Weights::default();
/// let w = weights.add("w", [2], true);
/// weights.get_mut(w).copy_from_slice(&[3.0, -4.0]);
///
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let penalty = Regularizer::l2(0.5).penalty(tape.weight(w));
/// assert_eq!(penalty.item(), 12.5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regularizer {
    l1: Float,
    l2: Float,
}

impl Regularizer {
    /// l1 · Σ|w|: drives weights to exactly 0.
    pub fn l1(l1: Float) -> Regularizer {
        Regularizer { l1, l2: 0.0 }
    }

    /// l2 · Σw²: keeps weights small.
    pub fn l2(l2: Float) -> Regularizer {
        Regularizer { l1: 0.0, l2 }
    }

    /// l1 · Σ|w| + l2 · Σw²
    pub fn l1_l2(l1: Float, l2: Float) -> Regularizer {
        Regularizer { l1, l2 }
    }

    /// Records the penalty of a weight or any other value: a scalar. A part whose factor is 0 costs nothing.
    pub fn penalty<'t>(&self, weight: Var<'t>) -> Var<'t> {
        let absolute = || self.l1 * weight.abs().sum(Axes::All);
        let square = || self.l2 * weight.square().sum(Axes::All);
        match (self.l1 != 0.0, self.l2 != 0.0) {
            (true, true) => absolute() + square(),
            (true, false) => absolute(),
            (false, true) => square(),
            (false, false) => weight.tape().constant(0.0),
        }
    }

    /// Whether the penalty is always 0.
    pub(crate) fn is_zero(&self) -> bool {
        (self.l1, self.l2) == (0.0, 0.0)
    }

    /// Whether the factors are in their ranges.
    ///
    /// # Errors
    ///
    /// One is negative or not finite.
    pub fn check(&self) -> Result<(), BuildError> {
        check_rate("l1", self.l1)?;
        check_rate("l2", self.l2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_out_of_range_are_refused() {
        let message = |regularizer: Regularizer| regularizer.check().unwrap_err().to_string();
        assert_eq!(message(Regularizer::l1(-0.1)), "l1 must be a number from 0, but is -0.1");
        assert_eq!(message(Regularizer::l1_l2(0.1, Float::NAN)), "l2 must be a number from 0, but is NaN");
        assert_eq!(Regularizer::l2(0.01).check(), Ok(()));
    }
}
