//! Adagrad.

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, LearningRate, Optimizer, OptimizerOptions, Update, UpdateStep,
    optimizer_options::shared_options, optimizers::numbers::check_epsilon, schedule::check_rate,
};

/// Steps divided by the root of the sum of all squared gradients so far.
///
/// With learning rate η: A ← A + g², then w ← w − η g / √(A + ε).
///
/// # Defaults
///
/// As in Keras: `learning_rate` 0.001, `initial_accumulator_value` 0.1, `epsilon` 10⁻⁷.
///
/// # Examples
///
/// ```
/// use olifant_nn::optimizers::Adagrad;
///
/// let adagrad = Adagrad::new(0.01).initial_accumulator_value(0.0);
/// # let _ = adagrad;
/// ```
///
/// # References
///
/// Duchi, Hazan, Singer (2011), [Adaptive Subgradient Methods](https://jmlr.org/papers/v12/duchi11a.html).
#[derive(Debug, Serialize, Deserialize)]
pub struct Adagrad {
    #[serde(flatten)]
    options: OptimizerOptions,
    initial_accumulator_value: Float,
    epsilon: Float,
}

impl Adagrad {
    /// Adagrad with Keras's defaults.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Adagrad {
        let options = OptimizerOptions::new(learning_rate);
        Adagrad { options, initial_accumulator_value: 0.1, epsilon: 1e-7 }
    }

    /// What the sums begin with, from 0.
    pub fn initial_accumulator_value(mut self, initial_accumulator_value: Float) -> Adagrad {
        self.initial_accumulator_value = initial_accumulator_value;
        self
    }

    /// What keeps the division finite, above 0.
    pub fn epsilon(mut self, epsilon: Float) -> Adagrad {
        self.epsilon = epsilon;
        self
    }

    shared_options!(options);
}

impl Default for Adagrad {
    fn default() -> Adagrad {
        Adagrad::new(0.001)
    }
}

#[typetag::serde(name = "adagrad")]
impl Optimizer for Adagrad {
    fn slots(&self) -> &'static [&'static str] {
        &["accumulator"]
    }

    fn initial_value(&self, _: usize) -> Float {
        self.initial_accumulator_value
    }

    fn update(&self, step: &UpdateStep, update: Update<'_>) {
        update.in_pieces(
            #[inline(always)]
            |w, g, [sums]| self.descend(step.learning_rate, w, g, sums),
        );
    }

    fn options(&self) -> &OptimizerOptions {
        &self.options
    }

    fn check(&self) -> Result<(), BuildError> {
        self.options.check()?;
        check_rate("initial_accumulator_value", self.initial_accumulator_value)?;
        check_epsilon(self.epsilon)
    }
}

// The slices are parameters, not fields or captures: so the compiler knows that they do not overlap.
impl Adagrad {
    #[inline(always)]
    fn descend(&self, rate: Float, w: &mut [Float], g: &[Float], sums: &mut [Float]) {
        for ((w, &g), sum) in w.iter_mut().zip(g).zip(sums) {
            *sum += g * g;
            *w -= rate * g / (*sum + self.epsilon).sqrt();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |adagrad: Adagrad| adagrad.check().unwrap_err().to_string();
        assert_eq!(
            message(Adagrad::default().initial_accumulator_value(-0.1)),
            "initial_accumulator_value must be a number from 0, but is -0.1"
        );
        assert_eq!(
            message(Adagrad::default().epsilon(Float::NAN)),
            "epsilon must be a number above 0, but is NaN"
        );
    }
}
