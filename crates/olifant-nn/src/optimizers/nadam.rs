//! Nadam.

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, LearningRate, Optimizer, OptimizerOptions, Update, UpdateStep,
    optimizer_options::shared_options,
    optimizers::numbers::{check_beta, check_epsilon, exact_power, power},
};

/// Adam with Nesterov's momentum: the step looks ahead to where the average of the gradient will be.
///
/// In step t, with learning rate η, μₜ = β₁(1 − ½ · 0.96ᵗ) and P the product of μ₁ to μₜ:
///
/// - m ← m + (1 − β₁)(g − m)
/// - v ← v + (1 − β₂)(g² − v)
/// - m̂ = μₜ₊₁ m / (1 − P μₜ₊₁) + (1 − μₜ) g / (1 − P)
/// - w ← w − η m̂ / (√(v / (1 − β₂ᵗ)) + ε)
///
/// # Defaults
///
/// As in Keras: `learning_rate` 0.001, `beta_1` 0.9, `beta_2` 0.999, `epsilon` 10⁻⁷.
///
/// # Examples
///
/// ```
/// use olifant_nn::optimizers::Nadam;
///
/// let nadam = Nadam::new(0.002).clipnorm(1.0);
/// # let _ = nadam;
/// ```
///
/// # References
///
/// Dozat (2015), [Incorporating Nesterov Momentum into Adam](https://cs229.stanford.edu/proj2015/054_report.pdf).
#[derive(Debug, Serialize, Deserialize)]
pub struct Nadam {
    #[serde(flatten)]
    options: OptimizerOptions,
    // Single precision, unlike Adam's: Keras rounds these before it takes 1 − β.
    beta_1: Float,
    beta_2: Float,
    epsilon: Float,
}

impl Nadam {
    /// Nadam with Keras's defaults.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Nadam {
        let options = OptimizerOptions::new(learning_rate);
        Nadam { options, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }

    /// How slowly the average of the gradient forgets, from 0 to below 1.
    pub fn beta_1(mut self, beta_1: Float) -> Nadam {
        self.beta_1 = beta_1;
        self
    }

    /// How slowly the average of the squared gradient forgets, from 0 to below 1.
    pub fn beta_2(mut self, beta_2: Float) -> Nadam {
        self.beta_2 = beta_2;
        self
    }

    /// What keeps the division finite, above 0.
    pub fn epsilon(mut self, epsilon: Float) -> Nadam {
        self.epsilon = epsilon;
        self
    }

    shared_options!(options);
}

impl Default for Nadam {
    fn default() -> Nadam {
        Nadam::new(0.001)
    }
}

#[typetag::serde(name = "nadam")]
impl Optimizer for Nadam {
    fn slots(&self) -> &'static [&'static str] {
        &["momentum", "velocity"]
    }

    fn update(&self, step: &UpdateStep, update: Update<'_>) {
        let beta_1 = f64::from(self.beta_1);
        let (mu, next_mu) = (momentum(beta_1, step.number), momentum(beta_1, step.number + 1));
        let product = product_of_momenta(beta_1, step.number);
        let rule = Rule {
            rate: step.learning_rate,
            share_of_average: (next_mu / (1.0 - product * next_mu)) as Float,
            share_of_gradient: ((1.0 - mu) / (1.0 - product)) as Float,
            correction: 1.0 - power(self.beta_2, step.number),
            renewal_1: 1.0 - self.beta_1,
            renewal_2: 1.0 - self.beta_2,
            epsilon: self.epsilon,
        };
        update.in_pieces(
            #[inline(always)]
            |w, g, [m, v]| rule.descend(w, g, m, v),
        );
    }

    fn options(&self) -> &OptimizerOptions {
        &self.options
    }

    fn check(&self) -> Result<(), BuildError> {
        self.options.check()?;
        check_beta("beta_1", self.beta_1.into())?;
        check_beta("beta_2", self.beta_2.into())?;
        check_epsilon(self.epsilon)
    }
}

/// How slowly Nesterov's momentum is forgotten.
const MOMENTUM_DECAY: f64 = 0.96;

/// μₜ = β₁(1 − ½ · 0.96ᵗ)
fn momentum(beta_1: f64, number: u64) -> f64 {
    beta_1 * (1.0 - 0.5 * exact_power(MOMENTUM_DECAY, number))
}

/// μ₁ · … · μₜ, of which Keras keeps a variable: as it follows from t, there is nothing to save.
fn product_of_momenta(beta_1: f64, number: u64) -> f64 {
    let mut product = exact_power(beta_1, number);
    // Below this, 1 − P is 1. So long runs do not even begin to multiply.
    if product < f64::EPSILON / 4.0 {
        return 0.0;
    }
    let mut decay = 1.0;
    for _ in 0..number {
        decay *= MOMENTUM_DECAY;
        if decay < f64::EPSILON {
            break;
        }
        product *= 1.0 - 0.5 * decay;
    }
    product
}

/// The numbers that are the same for all weights of a step.
struct Rule {
    /// η
    rate: Float,
    /// μₜ₊₁ / (1 − P μₜ₊₁)
    share_of_average: Float,
    /// (1 − μₜ) / (1 − P)
    share_of_gradient: Float,
    /// 1 − β₂ᵗ
    correction: Float,
    /// 1 − β₁
    renewal_1: Float,
    /// 1 − β₂
    renewal_2: Float,
    /// ε
    epsilon: Float,
}

// The slices are parameters, not fields or captures: so the compiler knows that they do not overlap.
impl Rule {
    #[inline(always)]
    fn descend(&self, w: &mut [Float], g: &[Float], m: &mut [Float], v: &mut [Float]) {
        for (((w, &g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
            *m += (g - *m) * self.renewal_1;
            *v += (g * g - *v) * self.renewal_2;
            let ahead = self.share_of_average * *m + self.share_of_gradient * g;
            *w -= self.rate * ahead / ((*v / self.correction).sqrt() + self.epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_of_momenta_is_the_product() {
        for beta_1 in [0.0, 0.5, 0.9, 0.999] {
            let mut product = 1.0;
            for number in 1..3000 {
                product *= momentum(beta_1, number);
                let error = (product_of_momenta(beta_1, number) - product).abs();
                assert!(error < 1e-14, "{beta_1}, {number}: off by {error}");
            }
        }
    }

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |nadam: Nadam| nadam.check().unwrap_err().to_string();
        assert_eq!(
            message(Nadam::default().beta_1(1.0)),
            "beta_1 must be a number from 0 to below 1, but is 1"
        );
        assert_eq!(
            message(Nadam::default().beta_2(-0.5)),
            "beta_2 must be a number from 0 to below 1, but is -0.5"
        );
        assert_eq!(message(Nadam::default().epsilon(0.0)), "epsilon must be a number above 0, but is 0");
        assert_eq!(Nadam::default().check(), Ok(()));
    }
}
