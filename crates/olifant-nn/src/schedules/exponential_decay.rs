//! A learning rate that shrinks by the same factor again and again.

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, Schedule,
    schedule::{check_rate, check_steps, decays},
};

/// initial_learning_rate · decay_rate^(step / decay_steps)
///
/// # Defaults
///
/// `staircase` false; if true, the exponent is rounded down, so the rate falls in jumps.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Schedule, optimizers::Sgd, schedules::ExponentialDecay};
///
/// let halved = ExponentialDecay::new(0.1, 1000, 0.5);
/// assert_eq!(halved.learning_rate(2000), 0.025);
/// let sgd = Sgd::new(halved);
/// # let _ = sgd;
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExponentialDecay {
    initial_learning_rate: Float,
    decay_steps: u64,
    decay_rate: Float,
    staircase: bool,
}

impl ExponentialDecay {
    /// A rate that is multiplied by `decay_rate` in the course of every `decay_steps` steps.
    pub fn new(initial_learning_rate: Float, decay_steps: u64, decay_rate: Float) -> ExponentialDecay {
        ExponentialDecay { initial_learning_rate, decay_steps, decay_rate, staircase: false }
    }

    /// Whether the rate falls in jumps, one every `decay_steps` steps.
    pub fn staircase(mut self, staircase: bool) -> ExponentialDecay {
        self.staircase = staircase;
        self
    }
}

#[typetag::serde(name = "exponential_decay")]
impl Schedule for ExponentialDecay {
    fn learning_rate(&self, step: u64) -> Float {
        let exponent = decays(step, self.decay_steps, self.staircase);
        (f64::from(self.initial_learning_rate) * f64::from(self.decay_rate).powf(exponent)) as Float
    }

    fn check(&self) -> Result<(), BuildError> {
        check_rate("initial_learning_rate", self.initial_learning_rate)?;
        check_steps("decay_steps", self.decay_steps)?;
        check_rate("decay_rate", self.decay_rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |schedule: ExponentialDecay| schedule.check().unwrap_err().to_string();
        assert_eq!(
            message(ExponentialDecay::new(-0.1, 1, 0.5)),
            "initial_learning_rate must be a number from 0, but is -0.1"
        );
        assert_eq!(message(ExponentialDecay::new(0.1, 0, 0.5)), "decay_steps must be at least 1, but is 0");
        assert_eq!(
            message(ExponentialDecay::new(0.1, 1, Float::INFINITY)),
            "decay_rate must be a number from 0, but is inf"
        );
    }
}
