//! A learning rate that shrinks like 1/t.

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, Schedule,
    schedule::{check_rate, check_steps, decays},
};

/// initial_learning_rate / (1 + decay_rate · step / decay_steps)
///
/// # Defaults
///
/// `staircase` false; if true, step / decay_steps is rounded down, so the rate falls in jumps.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Schedule, schedules::InverseTimeDecay};
///
/// assert_eq!(InverseTimeDecay::new(0.5, 100, 1.0).learning_rate(300), 0.125);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InverseTimeDecay {
    initial_learning_rate: Float,
    decay_steps: u64,
    decay_rate: Float,
    staircase: bool,
}

impl InverseTimeDecay {
    /// A rate whose divisor grows by `decay_rate` in the course of every `decay_steps` steps.
    pub fn new(initial_learning_rate: Float, decay_steps: u64, decay_rate: Float) -> InverseTimeDecay {
        InverseTimeDecay { initial_learning_rate, decay_steps, decay_rate, staircase: false }
    }

    /// Whether the rate falls in jumps, one every `decay_steps` steps.
    pub fn staircase(mut self, staircase: bool) -> InverseTimeDecay {
        self.staircase = staircase;
        self
    }
}

#[typetag::serde(name = "inverse_time_decay")]
impl Schedule for InverseTimeDecay {
    fn learning_rate(&self, step: u64) -> Float {
        let time = decays(step, self.decay_steps, self.staircase);
        (f64::from(self.initial_learning_rate) / (1.0 + f64::from(self.decay_rate) * time)) as Float
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
        let message = |schedule: InverseTimeDecay| schedule.check().unwrap_err().to_string();
        assert_eq!(
            message(InverseTimeDecay::new(Float::NAN, 1, 0.5)),
            "initial_learning_rate must be a number from 0, but is NaN"
        );
        assert_eq!(message(InverseTimeDecay::new(0.1, 0, 0.5)), "decay_steps must be at least 1, but is 0");
        assert_eq!(
            message(InverseTimeDecay::new(0.1, 1, -1.0)),
            "decay_rate must be a number from 0, but is -1"
        );
    }
}
