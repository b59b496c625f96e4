//! FTRL.

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, LearningRate, Optimizer, OptimizerOptions, Update, UpdateStep,
    optimizer_options::shared_options, schedule::check_rate,
};

/// "Follow the regularized leader": weights that are best for all gradients so far, many of them exactly 0.
///
/// With learning rate η, power p, penalties λ₁ and λ₂ and shrinkage s:
///
/// - A' = A + g²
/// - z ← z + g + 2 s w − (A'⁻ᵖ − A⁻ᵖ) / η · w
/// - w ← (clip(z, −λ₁, λ₁) − z) / (A'⁻ᵖ / η + 2 λ₂ + β / η)
/// - A ← A'
///
/// It is for wide and shallow models with sparse features.
/// The old weight counts only through z, so the first step forgets how weights were initialized.
///
/// Where the divisor is 0 or infinite, as without any gradient so far or with a learning rate of 0,
/// the weight stays as it is. (Keras makes it NaN.)
///
/// # Defaults
///
/// As in Keras: `learning_rate` 0.001, `learning_rate_power` −0.5, `initial_accumulator_value` 0.1, all others 0.
///
/// # Examples
///
/// ```
/// use olifant_nn::optimizers::Ftrl;
///
/// let ftrl = Ftrl::new(0.1).l1_regularization_strength(0.01);
/// # let _ = ftrl;
/// ```
///
/// # References
///
/// McMahan et al. (2013), [Ad Click Prediction: a View from the Trenches](https://research.google.com/pubs/archive/41159.pdf).
#[derive(Debug, Serialize, Deserialize)]
pub struct Ftrl {
    #[serde(flatten)]
    options: OptimizerOptions,
    learning_rate_power: Float,
    initial_accumulator_value: Float,
    l1_regularization_strength: Float,
    l2_regularization_strength: Float,
    l2_shrinkage_regularization_strength: Float,
    beta: Float,
}

impl Ftrl {
    /// FTRL with Keras's defaults.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Ftrl {
        Ftrl {
            options: OptimizerOptions::new(learning_rate),
            learning_rate_power: -0.5,
            initial_accumulator_value: 0.1,
            l1_regularization_strength: 0.0,
            l2_regularization_strength: 0.0,
            l2_shrinkage_regularization_strength: 0.0,
            beta: 0.0,
        }
    }

    /// p: how the learning rate falls with the gradients seen, at most 0; 0 keeps it.
    pub fn learning_rate_power(mut self, learning_rate_power: Float) -> Ftrl {
        self.learning_rate_power = learning_rate_power;
        self
    }

    /// A before the first step, at least 0.
    pub fn initial_accumulator_value(mut self, initial_accumulator_value: Float) -> Ftrl {
        self.initial_accumulator_value = initial_accumulator_value;
        self
    }

    /// λ₁: what makes weights exactly 0, at least 0.
    pub fn l1_regularization_strength(mut self, l1_regularization_strength: Float) -> Ftrl {
        self.l1_regularization_strength = l1_regularization_strength;
        self
    }

    /// λ₂: what keeps weights small, at least 0.
    pub fn l2_regularization_strength(mut self, l2_regularization_strength: Float) -> Ftrl {
        self.l2_regularization_strength = l2_regularization_strength;
        self
    }

    /// s: a penalty s · w² that is added to the loss, at least 0.
    pub fn l2_shrinkage_regularization_strength(
        mut self,
        l2_shrinkage_regularization_strength: Float,
    ) -> Ftrl {
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength;
        self
    }

    /// β of the paper, at least 0: the larger, the shorter the first steps.
    pub fn beta(mut self, beta: Float) -> Ftrl {
        self.beta = beta;
        self
    }

    shared_options!(options);
}

impl Default for Ftrl {
    fn default() -> Ftrl {
        Ftrl::new(0.001)
    }
}

#[typetag::serde(name = "ftrl")]
impl Optimizer for Ftrl {
    fn slots(&self) -> &'static [&'static str] {
        &["accumulator", "linear"]
    }

    fn initial_value(&self, slot: usize) -> Float {
        if slot == 0 { self.initial_accumulator_value } else { 0.0 }
    }

    fn update(&self, step: &UpdateStep, update: Update<'_>) {
        let rate = step.learning_rate;
        // A root is exact and fast; any other power is neither.
        if self.learning_rate_power == -0.5 {
            update.in_pieces(
                #[inline(always)]
                |w, g, [accumulator, linear]| self.descend(rate, Float::sqrt, w, g, accumulator, linear),
            );
        } else {
            let power = |a: Float| a.powf(-self.learning_rate_power);
            update.in_pieces(|w, g, [accumulator, linear]| {
                self.descend(rate, power, w, g, accumulator, linear)
            });
        }
    }

    fn options(&self) -> &OptimizerOptions {
        &self.options
    }

    fn check(&self) -> Result<(), BuildError> {
        self.options.check()?;
        let power = self.learning_rate_power;
        let is_right = power.is_finite() && power <= 0.0;
        BuildError::check_option("learning_rate_power", "a number up to 0", power, is_right)?;
        check_rate("initial_accumulator_value", self.initial_accumulator_value)?;
        check_rate("l1_regularization_strength", self.l1_regularization_strength)?;
        check_rate("l2_regularization_strength", self.l2_regularization_strength)?;
        check_rate("l2_shrinkage_regularization_strength", self.l2_shrinkage_regularization_strength)?;
        check_rate("beta", self.beta)
    }
}

// The slices are parameters, not fields or captures: so the compiler knows that they do not overlap.
impl Ftrl {
    /// `power` is A ↦ A⁻ᵖ.
    #[inline(always)]
    fn descend(
        &self,
        rate: Float,
        power: impl Fn(Float) -> Float,
        w: &mut [Float],
        g: &[Float],
        a: &mut [Float],
        z: &mut [Float],
    ) {
        let (l1, shrinkage) =
            (self.l1_regularization_strength, 2.0 * self.l2_shrinkage_regularization_strength);
        let l2 = self.l2_regularization_strength + self.beta / (2.0 * rate);
        for (((w, &g), a), z) in w.iter_mut().zip(g).zip(a).zip(z) {
            let sum = *a + g * g;
            let strength = power(sum);
            let divisor = strength / rate + 2.0 * l2;
            // NaN goes on to the weights, where it shows.
            if divisor == 0.0 || divisor == Float::INFINITY || rate == 0.0 {
                continue;
            }
            *z += g + shrinkage * *w - (strength - power(*a)) / rate * *w;
            let within = if *z > l1 {
                l1
            } else if *z < -l1 {
                -l1
            } else {
                *z
            };
            *w = (within - *z) / divisor;
            *a = sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::first_step::first_step;

    /// One weight and its slots after one step.
    fn step(ftrl: Ftrl, weight: Float, gradient: Float) -> [Float; 3] {
        first_step(&ftrl, &[weight], &[gradient]).map(|numbers| numbers[0])
    }

    #[test]
    fn a_weak_gradient_leaves_a_weight_of_exactly_zero() {
        let ftrl = || Ftrl::new(0.1).l1_regularization_strength(0.5);
        assert_eq!(step(ftrl(), 0.0, 0.4)[0], 0.0);
        assert!(step(ftrl(), 0.0, 0.6)[0] < 0.0);
        assert!(step(ftrl(), 0.0, -0.6)[0] > 0.0);
    }

    #[test]
    fn what_cannot_be_divided_stays() {
        assert_eq!(step(Ftrl::new(0.0), 3.0, 1.0), [3.0, 0.1, 0.0]);
        assert_eq!(step(Ftrl::new(0.0).beta(1.0), 3.0, 1.0), [3.0, 0.1, 0.0]);
        assert_eq!(step(Ftrl::new(0.1).initial_accumulator_value(0.0), 3.0, 0.0), [3.0, 0.0, 0.0]);
        assert!(step(Ftrl::new(0.1), 3.0, Float::NAN)[0].is_nan());
    }

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |ftrl: Ftrl| ftrl.check().unwrap_err().to_string();
        assert_eq!(
            message(Ftrl::default().learning_rate_power(0.5)),
            "learning_rate_power must be a number up to 0, but is 0.5"
        );
        assert_eq!(
            message(Ftrl::default().initial_accumulator_value(-1.0)),
            "initial_accumulator_value must be a number from 0, but is -1"
        );
        assert_eq!(
            message(Ftrl::default().l1_regularization_strength(-1.0)),
            "l1_regularization_strength must be a number from 0, but is -1"
        );
        assert_eq!(
            message(Ftrl::default().l2_regularization_strength(-1.0)),
            "l2_regularization_strength must be a number from 0, but is -1"
        );
        assert_eq!(
            message(Ftrl::default().l2_shrinkage_regularization_strength(-1.0)),
            "l2_shrinkage_regularization_strength must be a number from 0, but is -1"
        );
        assert_eq!(message(Ftrl::default().beta(-1.0)), "beta must be a number from 0, but is -1");
        assert_eq!(Ftrl::default().learning_rate_power(0.0).check(), Ok(()));
    }
}
