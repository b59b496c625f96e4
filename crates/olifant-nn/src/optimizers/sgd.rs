//! Gradient descent.

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, LearningRate, Optimizer, OptimizerOptions, Update, UpdateStep,
    optimizer_options::shared_options,
};

/// Gradient descent, with momentum if wanted.
///
/// With learning rate η and momentum μ:
///
/// - plain (μ = 0): w ← w − ηg
/// - momentum: m ← μm − ηg, then w ← w + m
/// - Nesterov: m ← μm − ηg, then w ← w + μm − ηg
///
/// # Defaults
///
/// As in Keras: `learning_rate` 0.01, `momentum` 0, `nesterov` false.
///
/// # Examples
///
/// ```
/// use olifant_nn::optimizers::Sgd;
///
/// let sgd = Sgd::new(0.01).momentum(0.9).nesterov(true).weight_decay(1e-4).clipnorm(1.0);
/// # let _ = sgd;
/// ```
///
/// # References
///
/// Sutskever, Martens, Dahl, Hinton (2013),
/// [On the importance of initialization and momentum in deep learning](https://proceedings.mlr.press/v28/sutskever13.html):
/// Nesterov's momentum in the form used here.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sgd {
    #[serde(flatten)]
    options: OptimizerOptions,
    momentum: Float,
    nesterov: bool,
}

impl Sgd {
    /// Plain gradient descent.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Sgd {
        Sgd { options: OptimizerOptions::new(learning_rate), momentum: 0.0, nesterov: false }
    }

    /// How much of the last step is kept, from 0 to 1.
    pub fn momentum(mut self, momentum: Float) -> Sgd {
        self.momentum = momentum;
        self
    }

    /// Whether the gradient is used as if it had been taken after the momentum's part of the step.
    pub fn nesterov(mut self, nesterov: bool) -> Sgd {
        self.nesterov = nesterov;
        self
    }

    shared_options!(options);
}

impl Default for Sgd {
    fn default() -> Sgd {
        Sgd::new(0.01)
    }
}

#[typetag::serde(name = "sgd")]
impl Optimizer for Sgd {
    fn slots(&self) -> &'static [&'static str] {
        if self.momentum == 0.0 { &[] } else { &["momentum"] }
    }

    fn update(&self, step: &UpdateStep, update: Update<'_>) {
        let rule = Rule { rate: step.learning_rate, momentum: self.momentum };
        match (self.momentum != 0.0, self.nesterov) {
            (true, true) => update.in_pieces(
                #[inline(always)]
                |w, g, [m]| rule.look_ahead(w, g, m),
            ),
            (true, false) => update.in_pieces(
                #[inline(always)]
                |w, g, [m]| rule.roll(w, g, m),
            ),
            (false, _) => update.in_pieces(
                #[inline(always)]
                |w, g, []| rule.descend(w, g),
            ),
        }
    }

    fn options(&self) -> &OptimizerOptions {
        &self.options
    }

    fn check(&self) -> Result<(), BuildError> {
        self.options.check()?;
        let is_right = (0.0..=1.0).contains(&self.momentum);
        BuildError::check_option("momentum", "a number from 0 to 1", self.momentum, is_right)
    }
}

/// The numbers that are the same for all weights of a step.
struct Rule {
    /// η
    rate: Float,
    /// μ
    momentum: Float,
}

// The slices are parameters, not fields or captures: so the compiler knows that they do not overlap.
impl Rule {
    #[inline(always)]
    fn descend(&self, w: &mut [Float], g: &[Float]) {
        w.iter_mut().zip(g).for_each(|(w, &g)| *w -= self.rate * g);
    }

    #[inline(always)]
    fn roll(&self, w: &mut [Float], g: &[Float], m: &mut [Float]) {
        for ((w, &g), m) in w.iter_mut().zip(g).zip(m) {
            *m = self.momentum * *m - self.rate * g;
            *w += *m;
        }
    }

    /// Nesterov's momentum.
    #[inline(always)]
    fn look_ahead(&self, w: &mut [Float], g: &[Float], m: &mut [Float]) {
        for ((w, &g), m) in w.iter_mut().zip(g).zip(m) {
            *m = self.momentum * *m - self.rate * g;
            *w += self.momentum * *m - self.rate * g;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_momentum_outside_0_to_1_is_refused() {
        let message = |momentum| Sgd::new(0.1).momentum(momentum).check().unwrap_err().to_string();
        assert_eq!(message(1.5), "momentum must be a number from 0 to 1, but is 1.5");
        assert_eq!(message(Float::NAN), "momentum must be a number from 0 to 1, but is NaN");
        assert_eq!(Sgd::new(0.1).momentum(1.0).check(), Ok(()));
        assert!(Sgd::new(-1.0).check().is_err());
    }

    #[test]
    fn the_options_survive_json() {
        let sgd = Sgd::new(0.1).momentum(0.9).clipnorm(2.0).use_ema(true).exclude_from_weight_decay(["bias"]);
        let sgd: Box<dyn Optimizer> = Box::new(sgd);
        let json = serde_json::to_string(&sgd).unwrap();
        assert_eq!(
            json,
            r#"{"optimizer":"sgd","learning_rate":0.1,"weight_decay":null,"exclude_from_weight_decay":["bias"],"clipnorm":2.0,"clipvalue":null,"global_clipnorm":null,"loss_scale_factor":null,"gradient_accumulation_steps":null,"use_ema":true,"ema_momentum":0.99,"ema_overwrite_frequency":null,"momentum":0.9,"nesterov":false}"#
        );
        let back: Box<dyn Optimizer> = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), json);
    }
}
