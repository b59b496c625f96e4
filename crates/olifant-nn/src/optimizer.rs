//! What an optimizer is.

use std::fmt;

use olifant_core::{Float, Team, WeightSpec, Weights, Workspace};

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

    /// Whether a slot begins as a copy of the weights, as they are before the first step, instead of
    /// [`initial_value`](Optimizer::initial_value).
    fn begins_as_weights(&self, slot: usize) -> bool {
        let _ = slot;
        false
    }

    /// Changes the weights.
    ///
    /// All slices are the same piece of the flat buffers.
    /// Pieces are worked on in any order and on any thread: the rule must not depend on how the whole is cut.
    /// Between the weights lie gaps, where weight and gradient are 0: a gradient of 0 must leave a weight of 0 alone.
    ///
    /// # Panics
    ///
    /// The optimizer has neither this method nor [`update_weight`](Optimizer::update_weight).
    fn update(
        &self,
        step: &UpdateStep,
        weights: &mut [Float],
        gradients: &[Float],
        slots: &mut [&mut [Float]],
    ) {
        let _ = (step, weights, gradients, slots);
        unimplemented!("an optimizer has the method `update`, or `update_weight` with `needs_whole_weights`");
    }

    /// Whether the rule looks at each weight as a whole, at its norm or its shape for example.
    ///
    /// Then [`update_weight`](Optimizer::update_weight) is called for one weight after the other,
    /// and [`update`](Optimizer::update) never.
    fn needs_whole_weights(&self) -> bool {
        false
    }

    /// Changes one weight, which has decayed already. The slices of `slots` are as long as the weight.
    ///
    /// The result must not depend on the number of threads: sums are taken in one order.
    fn update_weight(&self, step: &UpdateStep, update: WeightUpdate<'_>, slots: &mut [&mut [Float]]) {
        self.update(step, update.weight, update.gradient, slots);
    }

    /// How much a weight decays, if at all; asked if the optimizer [needs whole weights](Optimizer::needs_whole_weights).
    fn weight_decay_of(&self, spec: &WeightSpec) -> Option<Float> {
        let options = self.options();
        options.weight_decay.filter(|_| options.decays(&spec.name))
    }

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

    /// Whether options that name weights name some that there are; asked once, when a model is compiled.
    ///
    /// # Errors
    ///
    /// The first option that does not.
    fn check_names(&self, weights: &Weights) -> Result<(), BuildError> {
        self.options().check_names(weights)
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

/// A weight that is updated as a whole.
#[derive(Debug)]
pub struct WeightUpdate<'a> {
    /// Its name and its shape.
    pub spec: &'a WeightSpec,
    /// Its numbers, to be changed.
    pub weight: &'a mut [Float],
    /// The gradient of each.
    pub gradient: &'a [Float],
    /// The threads to share the work with.
    pub team: &'a Team,
    /// Memory for what the rule computes on a tape. It stays from step to step.
    pub workspace: &'a mut Workspace,
}
