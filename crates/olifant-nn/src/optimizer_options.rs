//! What all optimizers have in common: learning rate, weight decay, clipping.

use olifant_core::{Float, Weights};
use serde::{Deserialize, Serialize};

use crate::{BuildError, LearningRate, schedule::check_rate};

/// The options that all optimizers have.
///
/// An optimizer keeps them in a field and lends them by [`Optimizer::options`](crate::Optimizer::options);
/// [`OptimizerState::step`](crate::OptimizerState::step) does what they ask for.
/// The optimizers of this crate have a builder method for each.
///
/// # Defaults
///
/// No weight decay, no clipping.
#[derive(Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OptimizerOptions {
    /// A number or a schedule.
    pub learning_rate: LearningRate,
    /// `w ← w − w · weight_decay · learning_rate` before each update.
    #[serde(default)]
    pub weight_decay: Option<Float>,
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
}

impl OptimizerOptions {
    /// A learning rate, and nothing else.
    pub fn new(learning_rate: impl Into<LearningRate>) -> OptimizerOptions {
        OptimizerOptions {
            learning_rate: learning_rate.into(),
            weight_decay: None,
            clipnorm: None,
            clipvalue: None,
            global_clipnorm: None,
        }
    }

    /// Whether all options are in their ranges.
    ///
    /// # Errors
    ///
    /// A number is negative or not finite, or gradients are to be clipped in two ways.
    pub fn check(&self) -> Result<(), BuildError> {
        self.learning_rate.check()?;
        if let Some(decay) = self.weight_decay {
            check_rate("weight_decay", decay)?;
        }
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

    /// Limits the gradients, which have the layout of [`Weights::trainable`].
    ///
    /// The gaps between the weights are left alone.
    pub(crate) fn clip(&self, weights: &Weights, gradients: &mut [Float]) {
        let ranges = || weights.iter().filter(|(_, spec)| spec.trainable).map(|(_, spec)| spec.range());
        if let Some(limit) = self.clipnorm {
            for range in ranges() {
                let gradient = &mut gradients[range];
                let norm = sum_of_squares(gradient).sqrt() as Float;
                // A norm that is not a number stays one: `max` would hide it.
                let divisor = if norm < limit { limit } else { norm };
                gradient.iter_mut().for_each(|g| *g = *g * limit / divisor);
            }
        }
        if let Some(limit) = self.clipvalue {
            for range in ranges() {
                gradients[range].iter_mut().for_each(|g| *g = cut(*g, limit));
            }
        }
        if let Some(limit) = self.global_clipnorm {
            let norm = ranges().map(|range| sum_of_squares(&gradients[range])).sum::<f64>().sqrt() as Float;
            let scale = if norm.is_finite() { limit * (1.0 / norm).min(1.0 / limit) } else { Float::NAN };
            for range in ranges() {
                gradients[range].iter_mut().for_each(|g| *g *= scale);
            }
        }
    }
}

/// The number nearest to `x` in [−limit, limit]; NaN stays NaN.
fn cut(x: Float, limit: Float) -> Float {
    if x > limit {
        limit
    } else if x < -limit {
        -limit
    } else {
        x
    }
}

/// Σ x², in double precision so that it does not overflow, and always in the same order.
fn sum_of_squares(values: &[Float]) -> f64 {
    let square = |x: Float| f64::from(x) * f64::from(x);
    let mut sums = [0.0; 8];
    let pieces = values.chunks_exact(sums.len());
    let rest = pieces.remainder();
    for piece in pieces {
        sums.iter_mut().zip(piece).for_each(|(sum, &x)| *sum += square(x));
    }
    sums.iter().sum::<f64>() + rest.iter().map(|&x| square(x)).sum::<f64>()
}

/// The builder methods for [`OptimizerOptions`], for an optimizer that keeps them in the field named.
macro_rules! shared_options {
    ($($field:ident).+) => {
        /// Shrinks all weights before each update: `w ← w − w · weight_decay · learning_rate`.
        pub fn weight_decay(mut self, weight_decay: olifant_core::Float) -> Self {
            self.$($field).+.weight_decay = Some(weight_decay);
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

    fn clipped(options: &OptimizerOptions, first: &[Float; 2], second: &[Float; 2]) -> [[Float; 2]; 2] {
        let mut weights = Weights::default();
        let handles = [weights.add("first", [2], true), weights.add("second", [2], true)];
        let ranges = handles.map(|weight| weights.spec(weight).range());
        let mut gradients = vec![0.0; weights.trainable().len()];
        gradients[ranges[0].clone()].copy_from_slice(first);
        gradients[ranges[1].clone()].copy_from_slice(second);
        options.clip(&weights, &mut gradients);
        assert_eq!(gradients[2..16], [0.0; 14], "the gap stays zero");
        ranges.map(|range| [gradients[range.start], gradients[range.start + 1]])
    }

    #[test]
    fn clipnorm_looks_at_each_weight_alone() {
        let options = options(|options| options.clipnorm = Some(1.0));
        assert_eq!(clipped(&options, &[3.0, 4.0], &[0.0, 0.5]), [[0.6, 0.8], [0.0, 0.5]]);
        assert!(clipped(&options, &[Float::NAN, 4.0], &[0.0, 0.5])[0].iter().all(|g| g.is_nan()));
    }

    #[test]
    fn global_clipnorm_looks_at_all_weights_together() {
        let options = options(|options| options.global_clipnorm = Some(6.5));
        assert_eq!(clipped(&options, &[3.0, 4.0], &[0.0, 12.0]), [[1.5, 2.0], [0.0, 6.0]]);
        assert_eq!(clipped(&options, &[0.0, 0.0], &[0.0, 0.0]), [[0.0; 2]; 2]);
    }

    #[test]
    fn a_global_norm_that_is_not_finite_spoils_all_gradients() {
        let options = options(|options| options.global_clipnorm = Some(1.0));
        let gradients = clipped(&options, &[Float::INFINITY, 1.0], &[1.0, 1.0]);
        assert!(gradients.as_flattened().iter().all(|g| g.is_nan()));
    }

    #[test]
    fn clipvalue_cuts_both_sides_and_keeps_nan() {
        let options = options(|options| options.clipvalue = Some(0.5));
        let [first, second] = clipped(&options, &[3.0, -0.25], &[-7.0, Float::NAN]);
        assert_eq!((first, second[0]), ([0.5, -0.25], -0.5));
        assert!(second[1].is_nan());
    }

    #[test]
    fn large_gradients_do_not_overflow_their_norm() {
        let options = options(|options| options.clipnorm = Some(1.0));
        let [a, b] = clipped(&options, &[3e30, 4e30], &[0.0, 0.0])[0];
        assert!((a - 0.6).abs() < 1e-6 && (b - 0.8).abs() < 1e-6, "{a}, {b}");
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
        assert_eq!(options(|options| options.clipvalue = Some(1.0)).check(), Ok(()));
    }
}
