//! Adamax.

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, LearningRate, Optimizer, OptimizerOptions, Update, UpdateStep,
    optimizer_options::shared_options,
    optimizers::numbers::{check_beta, check_epsilon, power},
};

/// Adam with the largest gradient in the place of the squared one.
///
/// In step t, with learning rate η:
///
/// - m ← m + (1 − β₁)(g − m)
/// - u ← max(β₂u, |g|)
/// - w ← w − η m / ((1 − β₁ᵗ)(u + ε))
///
/// # Defaults
///
/// As in Keras: `learning_rate` 0.001, `beta_1` 0.9, `beta_2` 0.999, `epsilon` 10⁻⁷.
///
/// # Examples
///
/// ```
/// use olifant_nn::optimizers::Adamax;
///
/// let adamax = Adamax::new(0.002);
/// # let _ = adamax;
/// ```
///
/// # References
///
/// Kingma, Ba (2014), [Adam: A Method for Stochastic Optimization](https://arxiv.org/abs/1412.6980), section 7.1.
#[derive(Debug, Serialize, Deserialize)]
pub struct Adamax {
    #[serde(flatten)]
    options: OptimizerOptions,
    // The betas are double precision, because 1 − β has fewer digits than β.
    beta_1: f64,
    beta_2: f64,
    epsilon: Float,
}

impl Adamax {
    /// Adamax with Keras's defaults.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Adamax {
        let options = OptimizerOptions::new(learning_rate);
        Adamax { options, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }

    /// How slowly the average of the gradient forgets, from 0 to below 1.
    pub fn beta_1(mut self, beta_1: f64) -> Adamax {
        self.beta_1 = beta_1;
        self
    }

    /// How slowly the largest gradient is forgotten, from 0 to below 1.
    pub fn beta_2(mut self, beta_2: f64) -> Adamax {
        self.beta_2 = beta_2;
        self
    }

    /// What keeps the division finite, above 0.
    pub fn epsilon(mut self, epsilon: Float) -> Adamax {
        self.epsilon = epsilon;
        self
    }

    shared_options!(options);
}

impl Default for Adamax {
    fn default() -> Adamax {
        Adamax::new(0.001)
    }
}

#[typetag::serde(name = "adamax")]
impl Optimizer for Adamax {
    fn slots(&self) -> &'static [&'static str] {
        &["momentum", "norm"]
    }

    fn update(&self, step: &UpdateStep, update: Update<'_>) {
        let rule = Rule {
            rate: step.learning_rate,
            correction: 1.0 - power(self.beta_1 as Float, step.number),
            renewal: (1.0 - self.beta_1) as Float,
            beta_2: self.beta_2 as Float,
            epsilon: self.epsilon,
        };
        update.in_pieces(
            #[inline(always)]
            |w, g, [m, u]| rule.descend(w, g, m, u),
        );
    }

    fn options(&self) -> &OptimizerOptions {
        &self.options
    }

    fn check(&self) -> Result<(), BuildError> {
        self.options.check()?;
        check_beta("beta_1", self.beta_1)?;
        check_beta("beta_2", self.beta_2)?;
        check_epsilon(self.epsilon)
    }
}

/// The numbers that are the same for all weights of a step.
struct Rule {
    /// η
    rate: Float,
    /// 1 − β₁ᵗ
    correction: Float,
    /// 1 − β₁
    renewal: Float,
    /// β₂
    beta_2: Float,
    /// ε
    epsilon: Float,
}

// The slices are parameters, not fields or captures: so the compiler knows that they do not overlap.
impl Rule {
    #[inline(always)]
    fn descend(&self, w: &mut [Float], g: &[Float], m: &mut [Float], u: &mut [Float]) {
        for (((w, &g), m), u) in w.iter_mut().zip(g).zip(m).zip(u) {
            *m += (g - *m) * self.renewal;
            // A gradient that is NaN is kept: `max` would hide it.
            *u = if self.beta_2 * *u > g.abs() { self.beta_2 * *u } else { g.abs() };
            *w -= self.rate * *m / (self.correction * (*u + self.epsilon));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |adamax: Adamax| adamax.check().unwrap_err().to_string();
        assert_eq!(
            message(Adamax::default().beta_1(1.5)),
            "beta_1 must be a number from 0 to below 1, but is 1.5"
        );
        assert_eq!(
            message(Adamax::default().beta_2(-1.0)),
            "beta_2 must be a number from 0 to below 1, but is -1"
        );
        assert_eq!(message(Adamax::default().epsilon(0.0)), "epsilon must be a number above 0, but is 0");
    }
}
