//! Lion.

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, LearningRate, Optimizer, OptimizerOptions, Update, UpdateStep,
    optimizer_options::shared_options, optimizers::numbers::check_beta,
};

/// Steps of the same length for all weights: only the sign of an average of the gradient counts.
///
/// With learning rate η:
///
/// - w ← w − η · sign(β₁m + (1 − β₁)g)
/// - m ← β₂m + (1 − β₂)g
///
/// # Defaults
///
/// As in Keras: `learning_rate` 0.001, `beta_1` 0.9, `beta_2` 0.99.
/// The paper advises a learning rate three to ten times smaller, and a weight decay as much larger, than for Adam.
///
/// # Examples
///
/// ```
/// use olifant_nn::optimizers::Lion;
///
/// let lion = Lion::new(1e-4).weight_decay(0.1);
/// # let _ = lion;
/// ```
///
/// # References
///
/// Chen et al. (2023), [Symbolic Discovery of Optimization Algorithms](https://arxiv.org/abs/2302.06675).
#[derive(Debug, Serialize, Deserialize)]
pub struct Lion {
    #[serde(flatten)]
    options: OptimizerOptions,
    // Single precision, unlike Adam's: Keras rounds these before it takes 1 − β.
    beta_1: Float,
    beta_2: Float,
}

impl Lion {
    /// Lion with Keras's defaults.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Lion {
        Lion { options: OptimizerOptions::new(learning_rate), beta_1: 0.9, beta_2: 0.99 }
    }

    /// How much the average counts beside the gradient, above 0 to 1.
    pub fn beta_1(mut self, beta_1: Float) -> Lion {
        self.beta_1 = beta_1;
        self
    }

    /// How slowly the average forgets, from 0 to below 1.
    pub fn beta_2(mut self, beta_2: Float) -> Lion {
        self.beta_2 = beta_2;
        self
    }

    shared_options!(options);
}

impl Default for Lion {
    fn default() -> Lion {
        Lion::new(0.001)
    }
}

#[typetag::serde(name = "lion")]
impl Optimizer for Lion {
    fn slots(&self) -> &'static [&'static str] {
        &["momentum"]
    }

    fn update(&self, step: &UpdateStep, update: Update<'_>) {
        update.in_pieces(
            #[inline(always)]
            |w, g, [m]| self.descend(step.learning_rate, w, g, m),
        );
    }

    fn options(&self) -> &OptimizerOptions {
        &self.options
    }

    fn check(&self) -> Result<(), BuildError> {
        self.options.check()?;
        let is_right = self.beta_1 > 0.0 && self.beta_1 <= 1.0;
        BuildError::check_option("beta_1", "a number above 0, to 1", self.beta_1, is_right)?;
        check_beta("beta_2", self.beta_2.into())
    }
}

// The slices are parameters, not fields or captures: so the compiler knows that they do not overlap.
impl Lion {
    #[inline(always)]
    fn descend(&self, rate: Float, w: &mut [Float], g: &[Float], m: &mut [Float]) {
        let (beta_1, beta_2) = (self.beta_1, self.beta_2);
        for ((w, &g), m) in w.iter_mut().zip(g).zip(m) {
            let direction = beta_1 * *m + (1.0 - beta_1) * g;
            *w -= rate * sign(direction);
            *m = beta_2 * *m + (1.0 - beta_2) * g;
        }
    }
}

/// −1, 0 or 1, unlike `signum`, which is 1 for 0; NaN stays NaN.
#[inline(always)]
fn sign(x: Float) -> Float {
    if x == 0.0 { 0.0 } else { x.signum() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::first_step::first_step;

    #[test]
    fn without_a_gradient_nothing_moves() {
        let [weights] = first_step(&Lion::new(0.5), &[1.0, 1.0], &[0.0, -1e-3]);
        assert_eq!(weights, [1.0, 1.5]);
    }

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |lion: Lion| lion.check().unwrap_err().to_string();
        assert_eq!(message(Lion::default().beta_1(0.0)), "beta_1 must be a number above 0, to 1, but is 0");
        assert_eq!(
            message(Lion::default().beta_2(1.0)),
            "beta_2 must be a number from 0 to below 1, but is 1"
        );
    }
}
