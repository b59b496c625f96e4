//! What an optimizer is.

use std::fmt;

use olifant_core::Float;

use crate::{BuildError, OptimizerOptions};

/// The rule by which gradients change weights.
///
/// Only the rule: its state lives in an [`OptimizerState`](crate::OptimizerState), in named slots with the layout
/// of the weights, so it is saved without further code.
/// Accumulation, clipping and weight decay are done before the rule is asked, averages after it; see [`OptimizerOptions`].
///
/// # Examples
///
/// ```
/// use olifant_core::Float;
/// use olifant_nn::{Optimizer, OptimizerOptions, UpdateStep};
/// use serde::{Deserialize, Serialize};
///
/// /// w ← w − learning_rate · sign(g)
/// #[derive(Debug, Serialize, Deserialize)]
/// struct SignSgd {
///     options: OptimizerOptions,
/// }
///
/// #[typetag::serde(name = "my_crate/sign_sgd")]
/// impl Optimizer for SignSgd {
///     fn update(&self, step: &UpdateStep, weights: &mut [Float], gradients: &[Float], _: &mut [&mut [Float]]) {
///         for (w, g) in weights.iter_mut().zip(gradients) {
///             // `signum` of 0 is 1, but a gradient of 0 must not move a weight.
///             *w -= step.learning_rate * if *g == 0.0 { 0.0 } else { g.signum() };
///         }
///     }
///
///     fn options(&self) -> &OptimizerOptions {
///         &self.options
///     }
/// }
/// ```
#[typetag::serde(tag = "optimizer")]
pub trait Optimizer: fmt::Debug + Send + Sync + 'static {
    /// The names of the slots, at most [`MAX_SLOTS`].
    fn slots(&self) -> &'static [&'static str] {
        &[]
    }

    /// What the numbers of a slot are before the first step.
    fn initial_value(&self, slot: usize) -> Float {
        let _ = slot;
        0.0
    }

    /// Changes the weights.
    ///
    /// All slices are the same piece of the flat buffers.
    /// Pieces are worked on in any order and on any thread: the rule must not depend on how the whole is cut.
    /// Between the weights lie gaps, where weight and gradient are 0: a gradient of 0 must leave a weight of 0 alone.
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
        self.options().check()
    }
}

/// The largest number of slots an optimizer may have.
pub const MAX_SLOTS: usize = 4;

/// What an update rule is told besides the numbers.
#[derive(Clone, Copy, Debug)]
pub struct UpdateStep {
    /// The learning rate of this step.
    pub learning_rate: Float,
    /// The number of the update, from 1: the `t` of the papers.
    pub number: u64,
}
