//! LAMB.

use olifant_core::{Float, vectorised};
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, LearningRate, Optimizer, OptimizerOptions, Update, UpdateStep, WeightUpdate,
    optimizer_options::{shared_options, sum_of_squares},
    optimizers::numbers::{check_beta, check_epsilon, power},
};

/// Adam whose step is as long as the weight is large: for very large batches.
///
/// In step t, with learning rate η:
///
/// - m ← m + (1 − β₁)(g − m)
/// - v ← v + (1 − β₂)(g² − v)
/// - u = m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)
/// - w ← w − η ‖w‖ / ‖u‖ · u
///
/// The norms are those of a whole weight, such as a kernel. If one of them is 0, their ratio is 1.
///
/// # Defaults
///
/// As in Keras: `learning_rate` 0.001, `beta_1` 0.9, `beta_2` 0.999, `epsilon` 10⁻⁷.
///
/// # Examples
///
/// ```
/// use olifant_nn::optimizers::Lamb;
///
/// let lamb = Lamb::new(0.01).weight_decay(0.01).exclude_from_weight_decay(["bias"]);
/// # let _ = lamb;
/// ```
///
/// # References
///
/// You et al. (2019), [Large Batch Optimization for Deep Learning](https://arxiv.org/abs/1904.00962).
/// As in Keras, weights decay before the step, not as a part of u.
#[derive(Debug, Serialize, Deserialize)]
pub struct Lamb {
    #[serde(flatten)]
    options: OptimizerOptions,
    // The betas are double precision, because 1 − β has fewer digits than β.
    beta_1: f64,
    beta_2: f64,
    epsilon: Float,
}

impl Lamb {
    /// LAMB with Keras's defaults.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Lamb {
        let options = OptimizerOptions::new(learning_rate);
        Lamb { options, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }

    /// How slowly the average of the gradient forgets, from 0 to below 1.
    pub fn beta_1(mut self, beta_1: f64) -> Lamb {
        self.beta_1 = beta_1;
        self
    }

    /// How slowly the average of the squared gradient forgets, from 0 to below 1.
    pub fn beta_2(mut self, beta_2: f64) -> Lamb {
        self.beta_2 = beta_2;
        self
    }

    /// What keeps the division finite, above 0.
    pub fn epsilon(mut self, epsilon: Float) -> Lamb {
        self.epsilon = epsilon;
        self
    }

    shared_options!(options);
}

impl Default for Lamb {
    fn default() -> Lamb {
        Lamb::new(0.001)
    }
}

#[typetag::serde(name = "lamb")]
impl Optimizer for Lamb {
    fn slots(&self) -> &'static [&'static str] {
        &["momentum", "velocity"]
    }

    fn update(&self, step: &UpdateStep, update: Update<'_>) {
        let rule = Rule {
            rate: step.learning_rate,
            correction_1: 1.0 - power(self.beta_1 as Float, step.number),
            correction_2: 1.0 - power(self.beta_2 as Float, step.number),
            renewal_1: (1.0 - self.beta_1) as Float,
            renewal_2: (1.0 - self.beta_2) as Float,
            epsilon: self.epsilon,
        };
        update.each_weight(|update, [m, v]| rule.update(update, m, v));
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

/// ‖w‖ / ‖u‖, or 1 if one of them is 0.
fn trust_ratio(weight: f64, direction: f64) -> Float {
    if weight == 0.0 || direction == 0.0 { 1.0 } else { (weight / direction) as Float }
}

/// The numbers that are the same for all weights of a step.
struct Rule {
    /// η
    rate: Float,
    /// 1 − β₁ᵗ
    correction_1: Float,
    /// 1 − β₂ᵗ
    correction_2: Float,
    /// 1 − β₁
    renewal_1: Float,
    /// 1 − β₂
    renewal_2: Float,
    /// ε
    epsilon: Float,
}

// The slices are parameters, not fields or captures: so the compiler knows that they do not overlap.
impl Rule {
    fn update(&self, update: WeightUpdate<'_>, m: &mut [Float], v: &mut [Float]) {
        update.team.for_each_cut([&mut *m, &mut *v], 1, &|range, [m, v]| {
            vectorised(
                #[inline(always)]
                || self.average(&update.gradient[range], m, v),
            );
        });
        let norm_of_weight = sum_of_squares(update.weight).sqrt();
        let rate = self.rate * trust_ratio(norm_of_weight, self.norm_of_directions(m, v));
        update.team.for_each_cut([update.weight], 1, &|range, [weight]| {
            vectorised(
                #[inline(always)]
                || self.descend(rate, weight, &m[range.clone()], &v[range]),
            );
        });
    }

    #[inline(always)]
    fn average(&self, g: &[Float], m: &mut [Float], v: &mut [Float]) {
        for ((&g, m), v) in g.iter().zip(m).zip(v) {
            *m += (g - *m) * self.renewal_1;
            *v += (g * g - *v) * self.renewal_2;
        }
    }

    /// u
    #[inline(always)]
    fn direction(&self, m: Float, v: Float) -> Float {
        m / self.correction_1 / ((v / self.correction_2).sqrt() + self.epsilon)
    }

    /// ‖u‖, which is computed piece by piece, as nobody keeps u.
    fn norm_of_directions(&self, m: &[Float], v: &[Float]) -> f64 {
        let mut u: [Float; 512] = [0.0; 512];
        let (m, v) = (m.chunks(u.len()), v.chunks(u.len()));
        let squares = m.zip(v).map(|(m, v)| {
            let u = &mut u[..m.len()];
            u.iter_mut().zip(m.iter().zip(v)).for_each(|(u, (&m, &v))| *u = self.direction(m, v));
            sum_of_squares(u)
        });
        squares.sum::<f64>().sqrt()
    }

    #[inline(always)]
    fn descend(&self, rate: Float, w: &mut [Float], m: &[Float], v: &[Float]) {
        for ((w, &m), &v) in w.iter_mut().zip(m).zip(v) {
            *w -= rate * self.direction(m, v);
        }
    }
}

#[cfg(test)]
mod tests {
    use olifant_core::{Team, Weights};

    use super::*;
    use crate::OptimizerState;

    #[test]
    fn each_weight_moves_by_a_share_of_its_own_length() {
        let lamb = Lamb::new(0.01);
        let mut weights = Weights::default();
        let [large, zero] = ["large", "zero"].map(|name| weights.add(name, [2], true));
        weights.get_mut(large).copy_from_slice(&[300.0, 400.0]);
        let mut gradients = vec![0.0; weights.trainable().len()];
        gradients[weights.spec(large).range()].fill(1e-3);
        gradients[weights.spec(zero).range()].fill(-1e-3);
        let mut state = OptimizerState::new(&lamb, &weights);
        state.step(&lamb, &mut weights, &mut gradients, &Team::default());
        let [large, zero] = [large, zero].map(|weight| weights.get(weight).data);
        let moved = ((large[0] - 300.0).powi(2) + (large[1] - 400.0).powi(2)).sqrt();
        assert!((moved - 5.0).abs() < 1e-3, "0.01 of the length 500, but it moved by {moved}");
        assert!(zero.iter().all(|w| (w - 0.01).abs() < 1e-5), "Adam's step: {zero:?}");
    }

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |lamb: Lamb| lamb.check().unwrap_err().to_string();
        assert_eq!(
            message(Lamb::default().beta_1(1.0)),
            "beta_1 must be a number from 0 to below 1, but is 1"
        );
        assert_eq!(
            message(Lamb::default().beta_2(2.0)),
            "beta_2 must be a number from 0 to below 1, but is 2"
        );
        assert_eq!(message(Lamb::default().epsilon(-1.0)), "epsilon must be a number above 0, but is -1");
        assert_eq!(Lamb::default().check(), Ok(()));
    }
}
