//! What a callback sees of a run, and what it may do to it.

use std::io::Write;

use olifant_core::Float;

use crate::{CallbackError, History, Model, Params, Progress};

/// A run of `fit`, `evaluate` or `predict`, as hooks see it.
pub struct Training<'a> {
    pub(crate) model: &'a mut Model,
    pub(crate) history: History,
    pub(crate) progress: Progress<Box<dyn Write + Send + 'a>>,
    pub(crate) epoch: usize,
    pub(crate) batch: usize,
    pub(crate) stop: Option<Stop>,
    pub(crate) ending: Option<Ending>,
    /// The callback whose turn it is.
    current: String,
}

/// Who stopped training, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The name of the callback.
    pub by: String,
    /// Its reason.
    pub reason: String,
    /// The epoch in which it did, from 0.
    pub epoch: usize,
}

/// How a run of `fit` ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// All epochs were run.
    Finished,
    /// A callback stopped it.
    Stopped(Stop),
    /// An error ended it; this is its text.
    Failed(String),
}

impl<'a> Training<'a> {
    pub(crate) fn new(
        model: &'a mut Model,
        params: Params,
        progress: Progress<Box<dyn Write + Send + 'a>>,
    ) -> Training<'a> {
        Training {
            model,
            history: History::new(params),
            progress,
            epoch: 0,
            batch: 0,
            stop: None,
            ending: None,
            current: String::new(),
        }
    }

    /// The epoch that is running, from 0.
    pub fn epoch(&self) -> usize {
        self.epoch
    }

    /// The batch that is running, from 0 in each epoch.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Epochs, steps, batch size, seed.
    pub fn params(&self) -> &Params {
        self.history.params()
    }

    /// What the epochs so far brought.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The model.
    pub fn model(&self) -> &Model {
        self.model
    }

    /// The model, to be changed.
    pub fn model_mut(&mut self) -> &mut Model {
        self.model
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> Float {
        self.model.learning_rate()
    }

    /// Sets the learning rate.
    ///
    /// # Errors
    ///
    /// A schedule in the optimizer sets it.
    pub fn set_learning_rate(&mut self, learning_rate: Float) -> Result<(), CallbackError> {
        Ok(self.model.set_learning_rate(learning_rate)?)
    }

    /// Ends training after the batch or epoch that is running; the epoch is still validated and logged.
    ///
    /// The first reason given stands.
    pub fn stop(&mut self, reason: impl Into<String>) {
        if self.stop.is_none() {
            self.stop = Some(Stop { by: self.current.clone(), reason: reason.into(), epoch: self.epoch });
        }
    }

    /// Whether training will end after the batch or epoch that is running.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_some()
    }

    /// How training ended; known in `on_train_end`.
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// Prints a line among the lines of progress.
    pub fn message(&mut self, text: &str) {
        self.progress.message(text);
    }

    pub(crate) fn set_current(&mut self, callback: &str) {
        self.current.clear();
        self.current.push_str(callback);
    }
}
