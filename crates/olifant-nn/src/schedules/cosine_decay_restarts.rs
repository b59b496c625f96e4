//! A learning rate that falls along half a cosine, again and again.

use std::f64::consts::PI;

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, Schedule,
    schedule::{check_rate, check_steps},
};

/// initial · ((1 − alpha) · m_mulⁱ · ½(1 + cos(π · done)) + alpha)
///
/// i is the number of the period, from 0, and `done` the share of it that has passed.
/// Period i is first_decay_steps · t_mulⁱ steps long.
///
/// # Defaults
///
/// As in Keras: `t_mul` 2 (each period is twice as long as the one before), `m_mul` 1, `alpha` 0.
/// Other than in Keras, a `t_mul` below 1 is refused: the periods would come to an end.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Schedule, schedules::CosineDecayRestarts};
///
/// let schedule = CosineDecayRestarts::new(0.5, 100).m_mul(0.5);
/// assert_eq!(schedule.learning_rate(50), 0.25);
/// assert_eq!(schedule.learning_rate(100), 0.25);
/// assert_eq!(schedule.learning_rate(200), 0.125);
/// ```
///
/// # References
///
/// Loshchilov, Hutter (2016), [SGDR: Stochastic Gradient Descent with Warm Restarts](https://arxiv.org/abs/1608.03983).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CosineDecayRestarts {
    initial_learning_rate: Float,
    first_decay_steps: u64,
    t_mul: Float,
    m_mul: Float,
    alpha: Float,
}

impl CosineDecayRestarts {
    /// A rate that falls to 0 in `first_decay_steps` steps, and starts again.
    pub fn new(initial_learning_rate: Float, first_decay_steps: u64) -> CosineDecayRestarts {
        CosineDecayRestarts { initial_learning_rate, first_decay_steps, t_mul: 2.0, m_mul: 1.0, alpha: 0.0 }
    }

    /// How many times longer each period is than the one before, from 1.
    pub fn t_mul(mut self, t_mul: Float) -> CosineDecayRestarts {
        self.t_mul = t_mul;
        self
    }

    /// By what the rate at the start of each period is multiplied.
    pub fn m_mul(mut self, m_mul: Float) -> CosineDecayRestarts {
        self.m_mul = m_mul;
        self
    }

    /// The share of the rate that is left at the end of a period.
    pub fn alpha(mut self, alpha: Float) -> CosineDecayRestarts {
        self.alpha = alpha;
        self
    }

    /// The number of the period, and the share of it that has passed, after `time` first periods.
    fn period(&self, time: f64) -> (f64, f64) {
        let t = f64::from(self.t_mul);
        if t == 1.0 {
            return (time.floor(), time.fract());
        }
        // Periods 0 … i−1 last 1 + t + … + tⁱ⁻¹ = (tⁱ − 1) / (t − 1).
        let start = |i: f64| (t.powf(i) - 1.0) / (t - 1.0);
        let mut i = ((1.0 + time * (t - 1.0)).ln() / t.ln()).floor();
        // The logarithm may be off by a rounding error just where a period begins.
        if start(i + 1.0) <= time {
            i += 1.0;
        } else if start(i) > time {
            i -= 1.0;
        }
        (i, (time - start(i)) / t.powf(i))
    }
}

#[typetag::serde(name = "cosine_decay_restarts")]
impl Schedule for CosineDecayRestarts {
    fn learning_rate(&self, step: u64) -> Float {
        let (period, done) = self.period(step as f64 / self.first_decay_steps as f64);
        let amplitude = f64::from(self.m_mul).powf(period);
        let alpha = f64::from(self.alpha);
        let cosine = amplitude * 0.5 * (1.0 + (PI * done).cos());
        (f64::from(self.initial_learning_rate) * ((1.0 - alpha) * cosine + alpha)) as Float
    }

    fn check(&self) -> Result<(), BuildError> {
        check_rate("initial_learning_rate", self.initial_learning_rate)?;
        check_steps("first_decay_steps", self.first_decay_steps)?;
        let is_right = self.t_mul.is_finite() && self.t_mul >= 1.0;
        BuildError::check_option("t_mul", "a number from 1", self.t_mul, is_right)?;
        check_rate("m_mul", self.m_mul)?;
        check_rate("alpha", self.alpha)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_period_begins_at_the_top() {
        let schedule = CosineDecayRestarts::new(0.1, 10).t_mul(3.0);
        let mut start = 0;
        for period in 0..20 {
            assert_eq!(schedule.learning_rate(start), 0.1, "period {period}");
            start += 10 * 3u64.pow(period);
            assert!(schedule.learning_rate(start - 1) < 0.01, "period {period}");
        }
    }

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |schedule: CosineDecayRestarts| schedule.check().unwrap_err().to_string();
        let schedule = || CosineDecayRestarts::new(0.1, 10);
        assert_eq!(
            message(CosineDecayRestarts::new(-1.0, 1)),
            "initial_learning_rate must be a number from 0, but is -1"
        );
        assert_eq!(
            message(CosineDecayRestarts::new(0.1, 0)),
            "first_decay_steps must be at least 1, but is 0"
        );
        assert_eq!(message(schedule().t_mul(0.5)), "t_mul must be a number from 1, but is 0.5");
        assert_eq!(message(schedule().m_mul(Float::NAN)), "m_mul must be a number from 0, but is NaN");
        assert_eq!(message(schedule().alpha(-0.5)), "alpha must be a number from 0, but is -0.5");
    }
}
