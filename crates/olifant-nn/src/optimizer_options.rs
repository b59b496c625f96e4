//! What all optimizers have in common: learning rate, weight decay, clipping, accumulation, averages.

mod clipping;

use olifant_core::{Float, Weights};
use serde::{Deserialize, Serialize};

pub(crate) use self::clipping::sum_of_squares;
use crate::{BuildError, LearningRate, known_names, schedule::check_rate};

/// The options that all optimizers have.
///
/// An optimizer keeps them in a field and lends them by [`Optimizer::options`](crate::Optimizer::options);
/// [`OptimizerState::step`](crate::OptimizerState::step) does what they ask for.
/// The optimizers of this crate have a builder method for each.
///
/// # Defaults
///
/// As in Keras: no weight decay, no clipping, no loss scale, no accumulation, no averages; `ema_momentum` 0.99.
#[derive(Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OptimizerOptions {
    /// A number or a schedule.
    pub learning_rate: LearningRate,
    /// `w ← w − w · weight_decay · learning_rate` before each update.
    #[serde(default)]
    pub weight_decay: Option<Float>,
    /// A weight does not decay if its name, such as `dense/bias`, contains one of these texts.
    #[serde(default)]
    pub exclude_from_weight_decay: Vec<String>,
    /// Each weight's gradient is scaled down to this norm at most: g · c / max(‖g‖, c).
    #[serde(default)]
    pub clipnorm: Option<Float>,
    /// Each number of a gradient is cut to \[−v, v\].
    #[serde(default)]
    pub clipvalue: Option<Float>,
    /// All gradients together are scaled down to this norm at most: g · c · min(1/‖G‖, 1/c).
    ///
    /// If the norm is not finite, all gradients become NaN, so that the accident shows.
    #[serde(default)]
    pub global_clipnorm: Option<Float>,
    /// The loss is multiplied by this number before its gradients are computed, and they are divided by it.
    ///
    /// It keeps small gradients from vanishing on the way; see [`OptimizerState::step`](crate::OptimizerState::step)
    /// for who does what.
    #[serde(default)]
    pub loss_scale_factor: Option<Float>,
    /// The mean of so many gradients makes one update; in the steps between nothing changes but the averages,
    /// and, as in Keras, the weights that `ema_overwrite_frequency` makes averages.
    ///
    /// As in Keras, schedules go by steps, everything else goes by updates.
    #[serde(default)]
    pub gradient_accumulation_steps: Option<u64>,
    /// Whether a moving average of the weights is kept: a ← m·a + (1 − m)·w after each step.
    ///
    /// After the first, a = w. When training ends, the averages become the weights.
    #[serde(default)]
    pub use_ema: bool,
    /// How slowly that average forgets: its m, from 0 to 1.
    #[serde(default = "ema_momentum")]
    pub ema_momentum: Float,
    /// After so many updates the averages become the weights, again and again.
    #[serde(default)]
    pub ema_overwrite_frequency: Option<u64>,
}

fn ema_momentum() -> Float {
    0.99
}

impl OptimizerOptions {
    /// A learning rate, and nothing else.
    pub fn new(learning_rate: impl Into<LearningRate>) -> OptimizerOptions {
        OptimizerOptions {
            learning_rate: learning_rate.into(),
            weight_decay: None,
            exclude_from_weight_decay: Vec::new(),
            clipnorm: None,
            clipvalue: None,
            global_clipnorm: None,
            loss_scale_factor: None,
            gradient_accumulation_steps: None,
            use_ema: false,
            ema_momentum: ema_momentum(),
            ema_overwrite_frequency: None,
        }
    }

    /// Whether all options are in their ranges.
    ///
    /// # Errors
    ///
    /// A number is negative or not finite, too few steps are accumulated, or gradients are to be clipped in two ways.
    pub fn check(&self) -> Result<(), BuildError> {
        self.learning_rate.check()?;
        if let Some(decay) = self.weight_decay {
            check_rate("weight_decay", decay)?;
        }
        if let Some(factor) = self.loss_scale_factor {
            let is_right = factor.is_finite() && factor > 0.0;
            BuildError::check_option("loss_scale_factor", "a number above 0", factor, is_right)?;
        }
        if let Some(steps) = self.gradient_accumulation_steps {
            BuildError::check_option("gradient_accumulation_steps", "at least 2", steps, steps >= 2)?;
        }
        let momentum = self.ema_momentum;
        let is_right = (0.0..=1.0).contains(&momentum);
        BuildError::check_option("ema_momentum", "a number from 0 to 1", momentum, is_right)?;
        if let Some(frequency) = self.ema_overwrite_frequency {
            BuildError::check_option("ema_overwrite_frequency", "at least 1", frequency, frequency >= 1)?;
        }
        self.check_clipping()
    }

    /// Whether all texts of `exclude_from_weight_decay` are part of some weight's name.
    ///
    /// # Errors
    ///
    /// The first that is not, with the names there are.
    pub fn check_names(&self, weights: &Weights) -> Result<(), BuildError> {
        check_parts_of_names("exclude_from_weight_decay", &self.exclude_from_weight_decay, weights)
    }

    /// Whether a weight of this name decays.
    pub(crate) fn decays(&self, name: &str) -> bool {
        !self.exclude_from_weight_decay.iter().any(|text| name.contains(&**text))
    }

    fn check_clipping(&self) -> Result<(), BuildError> {
        let clippings = [
            ("clipnorm", self.clipnorm),
            ("clipvalue", self.clipvalue),
            ("global_clipnorm", self.global_clipnorm),
        ];
        let mut first = None;
        for (option, limit) in clippings {
            let Some(limit) = limit else { continue };
            let is_right = limit.is_finite() && limit > 0.0;
            BuildError::check_option(option, "a number above 0", limit, is_right)?;
            if let Some((other, given)) = first.replace((option, limit)) {
                return Err(BuildError::Other(format!(
                    "gradients can be clipped in one way only, but both {other} = {given} and \
                     {option} = {limit} were given: remove one of them"
                )));
            }
        }
        Ok(())
    }
}

/// Whether each text of an option is part of some weight's name.
pub(crate) fn check_parts_of_names(
    option: &'static str,
    texts: &[String],
    weights: &Weights,
) -> Result<(), BuildError> {
    let names = || weights.iter().map(|(_, spec)| &*spec.name);
    for text in texts {
        if text.is_empty() || !names().any(|name| name.contains(&**text)) {
            let expected = format!("part of a weight's name ({})", known_names(text, names()));
            return Err(BuildError::option(option, expected, format!("{text:?}")));
        }
    }
    Ok(())
}

/// Writes `weight_decay`, `exclude_from_weight_decay`, `clipnorm`, `clipvalue`, `global_clipnorm`, `loss_scale_factor`,
/// `gradient_accumulation_steps`, `use_ema`, `ema_momentum` and `ema_overwrite_frequency`,
/// for an optimizer that keeps its [`OptimizerOptions`] in the field named.
macro_rules! shared_options {
    ($($field:ident).+) => {
        /// Shrinks all weights before each update: `w ← w − w · weight_decay · learning_rate`.
        pub fn weight_decay(mut self, weight_decay: olifant_core::Float) -> Self {
            self.$($field).+.weight_decay = Some(weight_decay);
            self
        }

        /// Leaves weights alone whose names contain one of these texts: `["bias"]`, for example.
        pub fn exclude_from_weight_decay(
            mut self,
            names: impl IntoIterator<Item = impl Into<String>>,
        ) -> Self {
            self.$($field).+.exclude_from_weight_decay = names.into_iter().map(Into::into).collect();
            self
        }

        /// Scales each weight's gradient down to this norm at most.
        pub fn clipnorm(mut self, clipnorm: olifant_core::Float) -> Self {
            self.$($field).+.clipnorm = Some(clipnorm);
            self
        }

        /// Cuts each number of a gradient to [−v, v].
        pub fn clipvalue(mut self, clipvalue: olifant_core::Float) -> Self {
            self.$($field).+.clipvalue = Some(clipvalue);
            self
        }

        /// Scales all gradients together down to this norm at most.
        pub fn global_clipnorm(mut self, global_clipnorm: olifant_core::Float) -> Self {
            self.$($field).+.global_clipnorm = Some(global_clipnorm);
            self
        }

        /// Multiplies the loss by this number before its gradients are computed, and divides them by it.
        pub fn loss_scale_factor(mut self, loss_scale_factor: olifant_core::Float) -> Self {
            self.$($field).+.loss_scale_factor = Some(loss_scale_factor);
            self
        }

        /// Makes one update from the mean of so many gradients, at least 2: as if batches were so many times larger.
        pub fn gradient_accumulation_steps(mut self, gradient_accumulation_steps: u64) -> Self {
            self.$($field).+.gradient_accumulation_steps = Some(gradient_accumulation_steps);
            self
        }

        /// Whether a moving average of the weights is kept, which becomes the weights when training ends.
        pub fn use_ema(mut self, use_ema: bool) -> Self {
            self.$($field).+.use_ema = use_ema;
            self
        }

        /// How slowly that average forgets, from 0 to 1.
        pub fn ema_momentum(mut self, ema_momentum: olifant_core::Float) -> Self {
            self.$($field).+.ema_momentum = ema_momentum;
            self
        }

        /// Lets the averages become the weights after every so many updates.
        pub fn ema_overwrite_frequency(mut self, ema_overwrite_frequency: u64) -> Self {
            self.$($field).+.ema_overwrite_frequency = Some(ema_overwrite_frequency);
            self
        }
    };
}
pub(crate) use shared_options;

#[cfg(test)]
mod tests {
    use super::*;

    fn options(change: impl FnOnce(&mut OptimizerOptions)) -> OptimizerOptions {
        let mut options = OptimizerOptions::new(0.1);
        change(&mut options);
        options
    }

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |change: fn(&mut OptimizerOptions)| options(change).check().unwrap_err().to_string();
        assert_eq!(
            message(|options| options.learning_rate = LearningRate::Constant(-0.1)),
            "learning_rate must be a number from 0, but is -0.1"
        );
        assert_eq!(
            message(|options| options.weight_decay = Some(Float::NAN)),
            "weight_decay must be a number from 0, but is NaN"
        );
        assert_eq!(
            message(|options| options.clipnorm = Some(0.0)),
            "clipnorm must be a number above 0, but is 0"
        );
        assert_eq!(
            message(|options| (options.clipnorm, options.global_clipnorm) = (Some(1.0), Some(2.5))),
            "gradients can be clipped in one way only, but both clipnorm = 1 and global_clipnorm = 2.5 \
             were given: remove one of them"
        );
        assert_eq!(
            message(|options| options.loss_scale_factor = Some(0.0)),
            "loss_scale_factor must be a number above 0, but is 0"
        );
        assert_eq!(
            message(|options| options.gradient_accumulation_steps = Some(1)),
            "gradient_accumulation_steps must be at least 2, but is 1"
        );
        assert_eq!(
            message(|options| options.ema_momentum = 1.5),
            "ema_momentum must be a number from 0 to 1, but is 1.5"
        );
        assert_eq!(
            message(|options| options.ema_overwrite_frequency = Some(0)),
            "ema_overwrite_frequency must be at least 1, but is 0"
        );
        assert_eq!(options(|options| options.clipvalue = Some(1.0)).check(), Ok(()));
        assert_eq!(options(|options| (options.use_ema, options.ema_momentum) = (true, 1.0)).check(), Ok(()));
    }

    #[test]
    fn a_name_that_excludes_nothing_is_refused() {
        let mut weights = Weights::default();
        weights.add("dense/kernel", [2], true);
        weights.add("dense/bias", [2], true);
        let excluding = |text: &str| options(|options| options.exclude_from_weight_decay = vec![text.into()]);
        assert_eq!(excluding("bias").check_names(&weights), Ok(()));
        assert_eq!(excluding("dense").check_names(&weights), Ok(()));
        assert_eq!(
            excluding("biases").check_names(&weights).unwrap_err().to_string(),
            "exclude_from_weight_decay must be part of a weight's name (known: dense/kernel, dense/bias), \
             but is \"biases\""
        );
        assert!(excluding("").check_names(&weights).is_err());
    }
}
