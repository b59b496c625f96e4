//! Schedule-free AdamW.

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, LearningRate, Optimizer, OptimizerOptions, Update, UpdateStep,
    optimizer_options::shared_options,
    optimizers::numbers::{check_beta, check_epsilon, power},
};

/// AdamW that needs no schedule: gradients are taken near the mean of all steps so far.
///
/// The weights of the model are y, between the steps z and their mean x. In step t, with learning rate η:
///
/// - v ← v + (1 − β₂)(g² − v)
/// - x = (y − (1 − β₁) z) / β₁
/// - z ← z − η g / (√(v / (1 − β₂ᵗ)) + ε)
/// - x ← (1 − 1/t) x + z / t
/// - y ← (1 − β₁) z + β₁ x
///
/// While t is below `warmup_steps`, η is multiplied by t / `warmup_steps`.
///
/// As in Keras, the model is evaluated, used and saved with y, and only y decays.
/// x needs no memory, as it follows from the other two.
///
/// # Defaults
///
/// As in Keras: `learning_rate` 0.0025, `beta_1` 0.9, `beta_2` 0.999, `epsilon` 10⁻⁸, `warmup_steps` 0, no weight decay.
///
/// # Examples
///
/// ```
/// use olifant_nn::optimizers::ScheduleFreeAdamW;
///
/// let schedule_free = ScheduleFreeAdamW::new(0.0025).warmup_steps(1000).weight_decay(0.01);
/// # let _ = schedule_free;
/// ```
///
/// # References
///
/// Defazio et al. (2024), [The Road Less Scheduled](https://arxiv.org/abs/2405.15682).
/// With TensorFlow, Keras reads z in the second line when it has changed already, so that its β₁ has no effect;
/// with JAX it computes what is written here.
#[derive(Debug, Serialize, Deserialize)]
pub struct ScheduleFreeAdamW {
    #[serde(flatten)]
    options: OptimizerOptions,
    // Single precision, unlike Adam's: Keras rounds these before it takes 1 − β.
    beta_1: Float,
    beta_2: Float,
    epsilon: Float,
    warmup_steps: u64,
}

impl ScheduleFreeAdamW {
    /// Schedule-free AdamW with Keras's defaults.
    pub fn new(learning_rate: impl Into<LearningRate>) -> ScheduleFreeAdamW {
        let options = OptimizerOptions::new(learning_rate);
        ScheduleFreeAdamW { options, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, warmup_steps: 0 }
    }

    /// How near to the mean gradients are taken, above 0 to 1.
    pub fn beta_1(mut self, beta_1: Float) -> ScheduleFreeAdamW {
        self.beta_1 = beta_1;
        self
    }

    /// How slowly the average of the squared gradient forgets, from 0 to below 1.
    pub fn beta_2(mut self, beta_2: Float) -> ScheduleFreeAdamW {
        self.beta_2 = beta_2;
        self
    }

    /// What keeps the division finite, above 0.
    pub fn epsilon(mut self, epsilon: Float) -> ScheduleFreeAdamW {
        self.epsilon = epsilon;
        self
    }

    /// For how many updates the learning rate grows to its full size.
    pub fn warmup_steps(mut self, warmup_steps: u64) -> ScheduleFreeAdamW {
        self.warmup_steps = warmup_steps;
        self
    }

    shared_options!(options);
}

impl Default for ScheduleFreeAdamW {
    fn default() -> ScheduleFreeAdamW {
        ScheduleFreeAdamW::new(0.0025)
    }
}

#[typetag::serde(name = "schedulefreeadamw")]
impl Optimizer for ScheduleFreeAdamW {
    fn slots(&self) -> &'static [&'static str] {
        &["momentum", "velocity"]
    }

    fn begins_as_weights(&self, slot: usize) -> bool {
        slot == 0
    }

    fn update(&self, step: &UpdateStep, update: Update<'_>) {
        let warmth = (step.number as f64 / self.warmup_steps as f64).min(1.0) as Float;
        let rule = Rule {
            rate: step.learning_rate * warmth,
            correction: 1.0 - power(self.beta_2, step.number),
            renewal: 1.0 - self.beta_2,
            beta_1: self.beta_1,
            share: (1.0 / step.number as f64) as Float,
            epsilon: self.epsilon,
        };
        update.in_pieces(
            #[inline(always)]
            |w, g, [z, v]| rule.descend(w, g, z, v),
        );
    }

    fn options(&self) -> &OptimizerOptions {
        &self.options
    }

    fn check(&self) -> Result<(), BuildError> {
        self.options.check()?;
        let is_right = self.beta_1 > 0.0 && self.beta_1 <= 1.0;
        BuildError::check_option("beta_1", "a number above 0, to 1", self.beta_1, is_right)?;
        check_beta("beta_2", self.beta_2.into())?;
        check_epsilon(self.epsilon)
    }
}

/// The numbers that are the same for all weights of a step.
struct Rule {
    /// η
    rate: Float,
    /// 1 − β₂ᵗ
    correction: Float,
    /// 1 − β₂
    renewal: Float,
    /// β₁
    beta_1: Float,
    /// 1/t
    share: Float,
    /// ε
    epsilon: Float,
}

// The slices are parameters, not fields or captures: so the compiler knows that they do not overlap.
impl Rule {
    #[inline(always)]
    fn descend(&self, y: &mut [Float], g: &[Float], z: &mut [Float], v: &mut [Float]) {
        for (((y, &g), z), v) in y.iter_mut().zip(g).zip(z).zip(v) {
            *v += (g * g - *v) * self.renewal;
            let x = (*y - (1.0 - self.beta_1) * *z) / self.beta_1;
            *z -= self.rate * g / ((*v / self.correction).sqrt() + self.epsilon);
            let x = (1.0 - self.share) * x + self.share * *z;
            *y = (1.0 - self.beta_1) * *z + self.beta_1 * x;
        }
    }
}

#[cfg(test)]
mod tests {
    use olifant_core::{Team, Weights};

    use super::*;
    use crate::{OptimizerState, optimizers::first_step::first_step};

    #[test]
    fn weights_are_between_the_steps_and_their_mean() {
        let optimizer = ScheduleFreeAdamW::new(1.0).beta_1(0.5).beta_2(0.0);
        let mut weights = Weights::default();
        let w = weights.add("w", [1], true);
        let mut state = OptimizerState::new(&optimizer, &weights);
        // Weights that a file brings after the state was made.
        weights.get_mut(w)[0] = 10.0;
        let mut seen = Vec::new();
        for _ in 0..3 {
            let mut gradients = vec![0.0; weights.trainable().len()];
            gradients[0] = 1.0;
            state.step(&optimizer, &mut weights, &mut gradients, &Team::default());
            seen.push((weights.get(w).data[0], state.slots()[0][0]));
        }
        // z falls by 1; its means are 9, 8.5 and 8.
        let expected = [(9.0, 9.0), (8.25, 8.0), (7.5, 7.0)];
        for ((y, z), expected) in seen.iter().zip(expected) {
            assert!((y - expected.0).abs() < 1e-5 && (z - expected.1).abs() < 1e-5, "{seen:?}");
        }
    }

    #[test]
    fn a_weight_that_is_thawed_begins_where_it_is() {
        let optimizer = ScheduleFreeAdamW::new(0.1);
        let mut weights = Weights::default();
        let [first, second] = ["first", "second"].map(|name| weights.add(name, [1], true));
        weights.get_mut(second)[0] = 7.0;
        weights.set_trainable(|weight| weight == first);
        let mut state = OptimizerState::new(&optimizer, &weights);
        let mut gradients = vec![0.0; weights.trainable().len()];
        state.step(&optimizer, &mut weights, &mut gradients, &Team::default());
        let before = weights.clone();
        weights.set_trainable(|_| true);
        state.rearrange(&optimizer, &before, &weights);
        assert_eq!(state.slots()[0][weights.spec(second).range()], [7.0]);
    }

    #[test]
    fn the_rate_grows_while_it_warms_up() {
        let step = |optimizer| first_step::<1>(&optimizer, &[0.0], &[-2.0])[0][0];
        let whole = step(ScheduleFreeAdamW::new(0.5));
        assert!((whole - 0.5).abs() < 1e-5, "{whole}");
        assert!((step(ScheduleFreeAdamW::new(0.5).warmup_steps(4)) - whole / 4.0).abs() < 1e-6);
    }

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |optimizer: ScheduleFreeAdamW| optimizer.check().unwrap_err().to_string();
        let default = ScheduleFreeAdamW::default;
        assert_eq!(message(default().beta_1(0.0)), "beta_1 must be a number above 0, to 1, but is 0");
        assert_eq!(message(default().beta_2(1.0)), "beta_2 must be a number from 0 to below 1, but is 1");
        assert_eq!(message(default().epsilon(0.0)), "epsilon must be a number above 0, but is 0");
        assert_eq!(default().check(), Ok(()));
    }
}
