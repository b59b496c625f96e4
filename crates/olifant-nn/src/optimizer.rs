//! What an optimizer is, and what all of them share: clipping, weight decay, counting.

use std::fmt;

use olifant_core::{Buffer, Float, Weights};
use serde::{Deserialize, Serialize};

use crate::{BuildError, LearningRate};

/// The rule by which gradients change weights.
///
/// Its state lives outside, in named slots with the layout of the weights, so it is saved without further code.
#[typetag::serde(tag = "optimizer")]
pub trait Optimizer: fmt::Debug + Send + Sync + 'static {
    /// The names of the slots, at most four. Slots start at zero.
    fn slots(&self) -> &'static [&'static str] {
        &[]
    }

    /// Changes the weights.
    ///
    /// All slices are the same piece of the flat buffers; the rule must not depend on how the whole is cut into pieces.
    fn update(
        &self,
        step: &UpdateStep,
        weights: &mut [Float],
        gradients: &[Float],
        slots: &mut [&mut [Float]],
    );

    /// The options that all optimizers have.
    fn options(&self) -> &OptimizerOptions;

    /// Whether all options are in their ranges; asked once, when a model is compiled.
    ///
    /// # Errors
    ///
    /// The first option that is not.
    fn check(&self) -> Result<(), BuildError> {
        Ok(())
    }
}

/// What an update rule is told besides the numbers.
#[derive(Clone, Copy, Debug)]
pub struct UpdateStep {
    /// The learning rate of this step.
    pub learning_rate: Float,
    /// The number of the step, from 1: the `t` of the papers.
    pub number: u64,
}

/// The options that all optimizers have.
#[derive(Debug, Serialize, Deserialize)]
pub struct OptimizerOptions {
    /// A number or a schedule.
    pub learning_rate: LearningRate,
    /// `w ← w − w · weight_decay · learning_rate` before each update.
    pub weight_decay: Option<Float>,
    /// How gradients are limited.
    pub clipping: Clipping,
}

/// How gradients are limited before they are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Clipping {
    /// Not at all.
    #[default]
    None,
    /// Each weight's gradient is scaled down to this norm at most: g · c / max(‖g‖, c).
    Norm(Float),
    /// Each number is cut to [−v, v].
    Value(Float),
    /// All gradients together are scaled down to this norm at most.
    GlobalNorm(Float),
}
