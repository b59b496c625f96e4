//! Adadelta.

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, LearningRate, Optimizer, OptimizerOptions, Update, UpdateStep,
    optimizer_options::shared_options,
    optimizers::numbers::{check_beta, check_epsilon},
};

/// Steps as long as the last ones were, compared with the gradients.
///
/// With learning rate η:
///
/// - A ← ρA + (1 − ρ)g²
/// - Δ = −√(D + ε) / √(A + ε) · g
/// - D ← ρD + (1 − ρ)Δ²
/// - w ← w + ηΔ
///
/// # Defaults
///
/// As in Keras: `learning_rate` 0.001, `rho` 0.95, `epsilon` 10⁻⁷.
/// The paper has no learning rate: give 1 to follow it.
///
/// # Examples
///
/// ```
/// use olifant_nn::optimizers::Adadelta;
///
/// let adadelta = Adadelta::new(1.0);
/// # let _ = adadelta;
/// ```
///
/// # References
///
/// Zeiler (2012), [ADADELTA: An Adaptive Learning Rate Method](https://arxiv.org/abs/1212.5701).
#[derive(Debug, Serialize, Deserialize)]
pub struct Adadelta {
    #[serde(flatten)]
    options: OptimizerOptions,
    // Double precision, because 1 − ρ has fewer digits than ρ.
    rho: f64,
    epsilon: Float,
}

impl Adadelta {
    /// Adadelta with Keras's defaults.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Adadelta {
        Adadelta { options: OptimizerOptions::new(learning_rate), rho: 0.95, epsilon: 1e-7 }
    }

    /// How slowly the averages forget, from 0 to below 1.
    pub fn rho(mut self, rho: f64) -> Adadelta {
        self.rho = rho;
        self
    }

    /// What keeps the division finite and the first step above 0; itself above 0.
    pub fn epsilon(mut self, epsilon: Float) -> Adadelta {
        self.epsilon = epsilon;
        self
    }

    shared_options!(options);
}

impl Default for Adadelta {
    fn default() -> Adadelta {
        Adadelta::new(0.001)
    }
}

#[typetag::serde(name = "adadelta")]
impl Optimizer for Adadelta {
    fn slots(&self) -> &'static [&'static str] {
        &["accumulated_grad", "accumulated_delta_var"]
    }

    fn update(&self, step: &UpdateStep, update: Update<'_>) {
        let rule = Rule {
            rate: step.learning_rate,
            rho: self.rho as Float,
            renewal: (1.0 - self.rho) as Float,
            epsilon: self.epsilon,
        };
        update.in_pieces(
            #[inline(always)]
            |w, g, [squares, moves]| rule.descend(w, g, squares, moves),
        );
    }

    fn options(&self) -> &OptimizerOptions {
        &self.options
    }

    fn check(&self) -> Result<(), BuildError> {
        self.options.check()?;
        check_beta("rho", self.rho)?;
        check_epsilon(self.epsilon)
    }
}

/// The numbers that are the same for all weights of a step.
struct Rule {
    /// η
    rate: Float,
    /// ρ
    rho: Float,
    /// 1 − ρ
    renewal: Float,
    /// ε
    epsilon: Float,
}

// The slices are parameters, not fields or captures: so the compiler knows that they do not overlap.
impl Rule {
    #[inline(always)]
    fn descend(&self, w: &mut [Float], g: &[Float], squares: &mut [Float], moves: &mut [Float]) {
        for (((w, &g), a), d) in w.iter_mut().zip(g).zip(squares).zip(moves) {
            *a = self.rho * *a + self.renewal * g * g;
            let delta = -(*d + self.epsilon).sqrt() * g / (*a + self.epsilon).sqrt();
            *d = self.rho * *d + self.renewal * delta * delta;
            *w += self.rate * delta;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |adadelta: Adadelta| adadelta.check().unwrap_err().to_string();
        assert_eq!(
            message(Adadelta::default().rho(-0.5)),
            "rho must be a number from 0 to below 1, but is -0.5"
        );
        assert_eq!(message(Adadelta::default().epsilon(0.0)), "epsilon must be a number above 0, but is 0");
    }
}
