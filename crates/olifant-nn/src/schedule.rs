//! The learning rate: a number, or a function of the step.

use std::fmt;

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::BuildError;

/// A learning rate as a function of the number of optimizer steps made so far, from 0.
#[typetag::serde(tag = "schedule")]
pub trait Schedule: fmt::Debug + Send + Sync + 'static {
    /// The learning rate of step `step`.
    fn learning_rate(&self, step: u64) -> Float;

    /// Whether all options are in their ranges; asked once, when a model is compiled.
    ///
    /// # Errors
    ///
    /// The first option that is not.
    fn check(&self) -> Result<(), BuildError> {
        Ok(())
    }
}

/// What an optimizer's learning rate is set to.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LearningRate {
    /// A number, which callbacks may change.
    Constant(Float),
    /// A schedule, which callbacks may not change.
    Schedule(Box<dyn Schedule>),
}

impl LearningRate {
    /// The learning rate of a step, if no callback changes it.
    pub fn at(&self, step: u64) -> Float {
        match self {
            LearningRate::Constant(rate) => *rate,
            LearningRate::Schedule(schedule) => schedule.learning_rate(step),
        }
    }

    /// Whether the number, or all options of the schedule, are in their ranges.
    ///
    /// # Errors
    ///
    /// The first that is not.
    pub fn check(&self) -> Result<(), BuildError> {
        match self {
            LearningRate::Constant(rate) => check_rate("learning_rate", *rate),
            LearningRate::Schedule(schedule) => schedule.check(),
        }
    }
}

impl From<f32> for LearningRate {
    fn from(rate: f32) -> LearningRate {
        LearningRate::Constant(rate as Float)
    }
}

impl From<f64> for LearningRate {
    fn from(rate: f64) -> LearningRate {
        LearningRate::Constant(rate as Float)
    }
}

impl<S: Schedule> From<S> for LearningRate {
    fn from(schedule: S) -> LearningRate {
        LearningRate::Schedule(Box::new(schedule))
    }
}

/// How often `decay_steps` have passed at a step; with a staircase, whole times only.
pub(crate) fn decays(step: u64, decay_steps: u64, staircase: bool) -> f64 {
    let times = step as f64 / decay_steps as f64;
    if staircase { times.floor() } else { times }
}

/// An option that must be a number from 0.
pub(crate) fn check_rate(option: &'static str, rate: Float) -> Result<(), BuildError> {
    BuildError::check_option(option, "a number from 0", rate, rate.is_finite() && rate >= 0.0)
}

/// A number of steps that something is divided by.
pub(crate) fn check_steps(option: &'static str, steps: u64) -> Result<(), BuildError> {
    BuildError::check_option(option, "at least 1", steps, steps > 0)
}
