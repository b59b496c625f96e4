//! What an optimizer is.

use std::fmt;

use olifant_core::{Float, WeightSpec, Weights};

use crate::{BuildError, OptimizerOptions, Update};

/// The rule by which gradients change weights.
///
/// Only the rule: its state lives in an [`OptimizerState`](crate::OptimizerState), in named slots with the layout
/// of the weights, so it is saved without further code.
/// Accumulation, clipping and weight decay are done before the rule is asked, averages after it; see [`OptimizerOptions`].
/// A program that only loads a model must mention the crate its optimizer comes from: `use its_optimizers as _;`.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Optimizer, OptimizerOptions, Update, UpdateStep};
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
///     fn update(&self, step: &UpdateStep, update: Update<'_>) {
///         update.in_pieces(|weights, gradients, []| {
///             for (w, g) in weights.iter_mut().zip(gradients) {
///                 // `signum` of 0 is 1, but a gradient of 0 must not move a weight.
///                 *w -= step.learning_rate * if *g == 0.0 { 0.0 } else { g.signum() };
///             }
///         });
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

    /// Changes the weights, [in pieces](Update::in_pieces) or [each as a whole](Update::each_weight).
    fn update(&self, step: &UpdateStep, update: Update<'_>);

    /// How much a weight decays, if at all.
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
