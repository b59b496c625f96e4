//! A learning rate that falls along half a cosine, after a warm-up if wanted.

use std::f64::consts::PI;

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, Schedule,
    schedule::{check_rate, check_steps},
};

/// initial · ((1 − alpha) · ½(1 + cos(π · step / decay_steps)) + alpha), and initial · alpha after `decay_steps`
///
/// With a warm-up, the rate first goes in a straight line from `initial_learning_rate` to `warmup_target`
/// in `warmup_steps` steps, and then falls from there in `decay_steps` more.
///
/// # Defaults
///
/// As in Keras: `alpha` 0 (the share of the rate that is left at the end), no warm-up.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Schedule, schedules::CosineDecay};
///
/// let schedule = CosineDecay::new(0.0, 1000).warmup_target(0.5).warmup_steps(100);
/// assert_eq!(schedule.learning_rate(50), 0.25);
/// assert_eq!(schedule.learning_rate(100), 0.5);
/// assert_eq!(schedule.learning_rate(1100), 0.0);
/// ```
///
/// # References
///
/// Loshchilov, Hutter (2016), [SGDR: Stochastic Gradient Descent with Warm Restarts](https://arxiv.org/abs/1608.03983).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CosineDecay {
    initial_learning_rate: Float,
    decay_steps: u64,
    alpha: Float,
    warmup_target: Option<Float>,
    warmup_steps: u64,
}

impl CosineDecay {
    /// A rate that falls to 0 in `decay_steps` steps.
    pub fn new(initial_learning_rate: Float, decay_steps: u64) -> CosineDecay {
        CosineDecay { initial_learning_rate, decay_steps, alpha: 0.0, warmup_target: None, warmup_steps: 0 }
    }

    /// The share of the rate that is left at the end.
    pub fn alpha(mut self, alpha: Float) -> CosineDecay {
        self.alpha = alpha;
        self
    }

    /// The rate that the warm-up leads to.
    pub fn warmup_target(mut self, warmup_target: Float) -> CosineDecay {
        self.warmup_target = Some(warmup_target);
        self
    }

    /// How many steps the warm-up takes.
    pub fn warmup_steps(mut self, warmup_steps: u64) -> CosineDecay {
        self.warmup_steps = warmup_steps;
        self
    }
}

#[typetag::serde(name = "cosine_decay")]
impl Schedule for CosineDecay {
    fn learning_rate(&self, step: u64) -> Float {
        let initial = f64::from(self.initial_learning_rate);
        let target = self.warmup_target.map_or(initial, f64::from);
        if step < self.warmup_steps {
            let done = step as f64 / self.warmup_steps as f64;
            return ((target - initial) * done + initial) as Float;
        }
        let done = ((step - self.warmup_steps) as f64 / self.decay_steps as f64).min(1.0);
        let alpha = f64::from(self.alpha);
        (target * ((1.0 - alpha) * 0.5 * (1.0 + (PI * done).cos()) + alpha)) as Float
    }

    fn check(&self) -> Result<(), BuildError> {
        check_rate("initial_learning_rate", self.initial_learning_rate)?;
        check_steps("decay_steps", self.decay_steps)?;
        check_rate("alpha", self.alpha)?;
        match self.warmup_target {
            Some(target) => check_rate("warmup_target", target),
            None => {
                let is_right = self.warmup_steps == 0;
                BuildError::check_option(
                    "warmup_steps",
                    "0 without a warmup_target",
                    self.warmup_steps,
                    is_right,
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |schedule: CosineDecay| schedule.check().unwrap_err().to_string();
        let schedule = || CosineDecay::new(0.1, 10);
        assert_eq!(
            message(CosineDecay::new(-1.0, 1)),
            "initial_learning_rate must be a number from 0, but is -1"
        );
        assert_eq!(message(CosineDecay::new(0.1, 0)), "decay_steps must be at least 1, but is 0");
        assert_eq!(message(schedule().alpha(-0.5)), "alpha must be a number from 0, but is -0.5");
        assert_eq!(
            message(schedule().warmup_target(-0.5)),
            "warmup_target must be a number from 0, but is -0.5"
        );
        assert_eq!(
            message(schedule().warmup_steps(5)),
            "warmup_steps must be 0 without a warmup_target, but is 5"
        );
    }
}
