//! A learning rate that goes to its end along a power of the time left.

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, Schedule,
    schedule::{check_rate, check_steps},
};

/// (initial − end) · (1 − step / decay_steps)^power + end, and `end` after `decay_steps`
///
/// With `cycle`, the rate does not stay at its end but rises again:
/// decay_steps is multiplied by the smallest whole number that makes it reach the step.
///
/// # Defaults
///
/// As in Keras: `end_learning_rate` 0.0001, `power` 1 (a straight line), `cycle` false.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Schedule, schedules::PolynomialDecay};
///
/// let schedule = PolynomialDecay::new(0.5, 100).end_learning_rate(0.25);
/// assert_eq!(schedule.learning_rate(50), 0.375);
/// assert_eq!(schedule.learning_rate(1000), 0.25);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolynomialDecay {
    initial_learning_rate: Float,
    decay_steps: u64,
    end_learning_rate: Float,
    power: Float,
    cycle: bool,
}

impl PolynomialDecay {
    /// A straight line to 0.0001 in `decay_steps` steps.
    pub fn new(initial_learning_rate: Float, decay_steps: u64) -> PolynomialDecay {
        PolynomialDecay {
            initial_learning_rate,
            decay_steps,
            end_learning_rate: 1e-4,
            power: 1.0,
            cycle: false,
        }
    }

    /// The rate after `decay_steps`.
    pub fn end_learning_rate(mut self, end_learning_rate: Float) -> PolynomialDecay {
        self.end_learning_rate = end_learning_rate;
        self
    }

    /// The exponent: 1 is a straight line, 2 a parabola that ends flat.
    pub fn power(mut self, power: Float) -> PolynomialDecay {
        self.power = power;
        self
    }

    /// Whether the rate rises again after `decay_steps`.
    pub fn cycle(mut self, cycle: bool) -> PolynomialDecay {
        self.cycle = cycle;
        self
    }
}

#[typetag::serde(name = "polynomial_decay")]
impl Schedule for PolynomialDecay {
    fn learning_rate(&self, step: u64) -> Float {
        let time = step as f64 / self.decay_steps as f64;
        let done = if self.cycle { time / time.ceil().max(1.0) } else { time.min(1.0) };
        let end = f64::from(self.end_learning_rate);
        let left = (1.0 - done).powf(f64::from(self.power));
        ((f64::from(self.initial_learning_rate) - end) * left + end) as Float
    }

    fn check(&self) -> Result<(), BuildError> {
        check_rate("initial_learning_rate", self.initial_learning_rate)?;
        check_steps("decay_steps", self.decay_steps)?;
        check_rate("end_learning_rate", self.end_learning_rate)?;
        check_rate("power", self.power)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |schedule: PolynomialDecay| schedule.check().unwrap_err().to_string();
        let schedule = || PolynomialDecay::new(0.1, 10);
        assert_eq!(
            message(PolynomialDecay::new(-1.0, 1)),
            "initial_learning_rate must be a number from 0, but is -1"
        );
        assert_eq!(message(PolynomialDecay::new(0.1, 0)), "decay_steps must be at least 1, but is 0");
        assert_eq!(
            message(schedule().end_learning_rate(-0.5)),
            "end_learning_rate must be a number from 0, but is -0.5"
        );
        assert_eq!(message(schedule().power(-2.0)), "power must be a number from 0, but is -2");
    }
}
