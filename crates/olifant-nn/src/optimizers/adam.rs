//! Adam.

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, LearningRate, Optimizer, OptimizerOptions, Update, UpdateStep,
    optimizer_options::shared_options,
    optimizers::numbers::{check_beta, check_epsilon, power},
};

/// Steps scaled by running averages of the gradient and of its square.
///
/// In step t, with learning rate η:
///
/// - m ← m + (1 − β₁)(g − m)
/// - v ← v + (1 − β₂)(g² − v)
/// - w ← w − α m / (√v + ε), with α = η √(1 − β₂ᵗ) / (1 − β₁ᵗ)
///
/// With `amsgrad`, v in the last line is the largest v so far.
/// As in Keras, ε is added to the root of the *uncorrected* v: the paper's "ε̂".
///
/// # Defaults
///
/// As in Keras: `learning_rate` 0.001, `beta_1` 0.9, `beta_2` 0.999, `epsilon` 10⁻⁷, `amsgrad` false.
///
/// # Examples
///
/// ```
/// use olifant_nn::optimizers::Adam;
///
/// let adam = Adam::new(0.001).beta_2(0.99).global_clipnorm(1.0);
/// # let _ = adam;
/// ```
///
/// # References
///
/// Kingma, Ba (2014), [Adam: A Method for Stochastic Optimization](https://arxiv.org/abs/1412.6980), end of section 2.
/// Reddi, Kale, Kumar (2018), [On the Convergence of Adam and Beyond](https://openreview.net/forum?id=ryQu7f-RZ): AMSGrad.
#[derive(Debug, Serialize, Deserialize)]
pub struct Adam {
    #[serde(flatten)]
    pub(super) options: OptimizerOptions,
    // The betas are double precision, because 1 − β has fewer digits than β.
    beta_1: f64,
    beta_2: f64,
    epsilon: Float,
    amsgrad: bool,
}

impl Adam {
    /// Adam with Keras's defaults.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Adam {
        Adam {
            options: OptimizerOptions::new(learning_rate),
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
            amsgrad: false,
        }
    }

    /// How slowly the average of the gradient forgets, from 0 to below 1.
    pub fn beta_1(mut self, beta_1: f64) -> Adam {
        self.beta_1 = beta_1;
        self
    }

    /// How slowly the average of the squared gradient forgets, from 0 to below 1.
    pub fn beta_2(mut self, beta_2: f64) -> Adam {
        self.beta_2 = beta_2;
        self
    }

    /// What keeps the division finite, above 0.
    pub fn epsilon(mut self, epsilon: Float) -> Adam {
        self.epsilon = epsilon;
        self
    }

    /// Whether steps are scaled by the largest average of the squared gradient so far.
    pub fn amsgrad(mut self, amsgrad: bool) -> Adam {
        self.amsgrad = amsgrad;
        self
    }

    shared_options!(options);
}

impl Default for Adam {
    fn default() -> Adam {
        Adam::new(0.001)
    }
}

#[typetag::serde(name = "adam")]
impl Optimizer for Adam {
    fn slots(&self) -> &'static [&'static str] {
        if self.amsgrad { &["momentum", "velocity", "velocity_hat"] } else { &["momentum", "velocity"] }
    }

    fn update(&self, step: &UpdateStep, update: Update<'_>) {
        let rule = Rule::new(step, self.beta_1, self.beta_2, self.epsilon);
        if self.amsgrad {
            update.in_pieces(
                #[inline(always)]
                |w, g, [m, v, v_hat]| rule.descend_with_maximum(w, g, m, v, v_hat),
            );
        } else {
            update.in_pieces(
                #[inline(always)]
                |w, g, [m, v]| rule.descend(w, g, m, v),
            );
        }
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
pub(super) struct Rule {
    /// α
    alpha: Float,
    /// 1 − β₁
    renewal_1: Float,
    /// 1 − β₂
    renewal_2: Float,
    /// ε
    epsilon: Float,
}

// The slices are parameters, not fields or captures: so the compiler knows that they do not overlap.
impl Rule {
    pub(super) fn new(step: &UpdateStep, beta_1: f64, beta_2: f64, epsilon: Float) -> Rule {
        let correction = |beta: f64| 1.0 - power(beta as Float, step.number);
        Rule {
            alpha: step.learning_rate * correction(beta_2).sqrt() / correction(beta_1),
            renewal_1: (1.0 - beta_1) as Float,
            renewal_2: (1.0 - beta_2) as Float,
            epsilon,
        }
    }

    #[inline(always)]
    pub(super) fn descend(&self, w: &mut [Float], g: &[Float], m: &mut [Float], v: &mut [Float]) {
        for (((w, &g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
            *m += (g - *m) * self.renewal_1;
            *v += (g * g - *v) * self.renewal_2;
            *w -= *m * self.alpha / (v.sqrt() + self.epsilon);
        }
    }

    #[inline(always)]
    fn descend_with_maximum(
        &self,
        w: &mut [Float],
        g: &[Float],
        m: &mut [Float],
        v: &mut [Float],
        v_hat: &mut [Float],
    ) {
        for ((((w, &g), m), v), v_hat) in w.iter_mut().zip(g).zip(m).zip(v).zip(v_hat) {
            *m += (g - *m) * self.renewal_1;
            *v += (g * g - *v) * self.renewal_2;
            // A NaN in v is kept: `max` would hide it.
            *v_hat = if *v_hat > *v { *v_hat } else { *v };
            *w -= *m * self.alpha / (v_hat.sqrt() + self.epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::first_step::first_step;

    #[test]
    fn the_first_step_has_the_length_of_the_learning_rate() {
        let [weights] = first_step(&Adam::new(0.01), &[0.0, 0.0], &[1e-3, -50.0]);
        assert!((weights[0] + 0.01).abs() < 1e-4 && (weights[1] - 0.01).abs() < 1e-6, "{weights:?}");
    }

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |adam: Adam| adam.check().unwrap_err().to_string();
        assert_eq!(
            message(Adam::default().beta_1(1.0)),
            "beta_1 must be a number from 0 to below 1, but is 1"
        );
        assert_eq!(
            message(Adam::default().beta_2(f64::NAN)),
            "beta_2 must be a number from 0 to below 1, but is NaN"
        );
        assert_eq!(message(Adam::default().epsilon(0.0)), "epsilon must be a number above 0, but is 0");
        assert!(Adam::default().weight_decay(-1.0).check().is_err());
        assert_eq!(Adam::default().check(), Ok(()));
    }
}
