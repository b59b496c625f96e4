//! Adam with weight decay.

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, LearningRate, Optimizer, OptimizerOptions, Update, UpdateStep,
    optimizer_options::shared_options, optimizers::Adam,
};

/// [`Adam`] with weight decay that is kept apart from the gradient.
///
/// Before Adam's update, w ← w − ηλw with learning rate η and weight decay λ.
/// It is not the same as an L2 penalty, whose gradient Adam would scale like any other.
///
/// # Defaults
///
/// As in Keras: `weight_decay` 0.004, all others as Adam.
///
/// # Examples
///
/// ```
/// use olifant_nn::optimizers::AdamW;
///
/// let adam_w = AdamW::new(0.001).weight_decay(0.01);
/// # let _ = adam_w;
/// ```
///
/// # References
///
/// Loshchilov, Hutter (2017), [Decoupled Weight Decay Regularization](https://arxiv.org/abs/1711.05101).
/// As in Keras, λ is multiplied by the learning rate, not only by its schedule.
#[derive(Debug, Serialize, Deserialize)]
pub struct AdamW {
    #[serde(flatten)]
    adam: Adam,
}

impl AdamW {
    /// AdamW with Keras's defaults.
    pub fn new(learning_rate: impl Into<LearningRate>) -> AdamW {
        AdamW { adam: Adam::new(learning_rate).weight_decay(0.004) }
    }

    /// How slowly the average of the gradient forgets, from 0 to below 1.
    pub fn beta_1(self, beta_1: f64) -> AdamW {
        AdamW { adam: self.adam.beta_1(beta_1) }
    }

    /// How slowly the average of the squared gradient forgets, from 0 to below 1.
    pub fn beta_2(self, beta_2: f64) -> AdamW {
        AdamW { adam: self.adam.beta_2(beta_2) }
    }

    /// What keeps the division finite, above 0.
    pub fn epsilon(self, epsilon: Float) -> AdamW {
        AdamW { adam: self.adam.epsilon(epsilon) }
    }

    /// Whether steps are scaled by the largest average of the squared gradient so far.
    pub fn amsgrad(self, amsgrad: bool) -> AdamW {
        AdamW { adam: self.adam.amsgrad(amsgrad) }
    }

    shared_options!(adam.options);
}

impl Default for AdamW {
    fn default() -> AdamW {
        AdamW::new(0.001)
    }
}

#[typetag::serde(name = "adamw")]
impl Optimizer for AdamW {
    fn slots(&self) -> &'static [&'static str] {
        self.adam.slots()
    }

    fn update(&self, step: &UpdateStep, update: Update<'_>) {
        self.adam.update(step, update);
    }

    fn options(&self) -> &OptimizerOptions {
        self.adam.options()
    }

    fn check(&self) -> Result<(), BuildError> {
        self.adam.check()
    }
}
