//! What a callback sees of a run, and what it may do to it.

use std::io::Write;

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{CallbackError, History, Logs, Model, Params, Progress};

/// A run of `fit`, `evaluate` or `predict`, as hooks see it.
///
/// A hand-written loop makes its own and sends the hooks through a [`CallbackList`](crate::CallbackList).
///
/// # Examples
///
/// ```
/// use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// use olifant_train::{Callback, CallbackList, Compile, HookResult, Logs, Params, Training};
///
/// struct StopBelow(f64);
///
/// impl Callback for StopBelow {
///     fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
///         if logs["loss"] < self.0 {
///             training.stop("low enough");
///         }
///         Ok(())
///     }
/// }
///
/// let mut model =
///     Sequential::new([1]).add(Dense::new(1)).compile(Sgd::new(0.1), MeanSquaredError::new(), ())?;
/// let mut callbacks = CallbackList::new(vec![Box::new(StopBelow(0.3))]);
/// let mut training = Training::new(&mut model, Params::default());
/// callbacks.on_train_begin(&mut training)?;
/// for epoch in 0..5 {
///     training.begin_epoch(epoch);
///     callbacks.on_epoch_begin(&mut training)?;
///     let mut logs = Logs::from_iter([("loss", 1.0 / (epoch + 1) as f64)]);
///     callbacks.on_epoch_end(&mut training, &mut logs)?;
///     training.end_epoch(&logs);
///     if training.is_stopping() {
///         break;
///     }
/// }
/// training.end();
/// callbacks.on_train_end(&mut training, &Logs::new())?;
/// assert_eq!(training.history().epoch(), [0, 1, 2, 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Training<'a> {
    pub(crate) model: &'a mut Model,
    pub(crate) history: History,
    pub(crate) progress: Progress<Box<dyn Write + Send + 'a>>,
    pub(crate) epoch: usize,
    pub(crate) batch: usize,
    pub(crate) stop: Option<Stop>,
    pub(crate) ending: Option<Ending>,
    /// The callback whose turn it is, by its name and its place in the list.
    current: String,
    place: usize,
    /// Whether there is a trainer that takes snapshots; a hand-written loop does not.
    pub(crate) takes_snapshots: bool,
    /// Who asked for a snapshot, by their places in the list.
    pub(crate) snapshot_requests: Vec<usize>,
    /// Whether training is to end as if the process had died.
    pub(crate) is_interrupted: bool,
}

/// Who stopped training, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A callback interrupted it, to be resumed later: see [`Training::interrupt`].
    Interrupted,
}

impl<'a> Training<'a> {
    /// A run of a hand-written loop, which tells it where it is by [`begin_epoch`](Training::begin_epoch),
    /// [`begin_batch`](Training::begin_batch), [`end_epoch`](Training::end_epoch) and [`end`](Training::end).
    pub fn new(model: &'a mut Model, params: Params) -> Training<'a> {
        let progress = Progress::to_user(None, params.verbose);
        Training::with_progress(model, params, progress)
    }

    /// Where messages go, if not to standard output.
    #[must_use]
    pub fn output(mut self, output: impl Write + Send + 'a) -> Self {
        self.progress = Progress::to_user(Some(Box::new(output)), self.params().verbose);
        self
    }

    /// A run of `fit`.
    pub(crate) fn of_fit(
        model: &'a mut Model,
        params: Params,
        progress: Progress<Box<dyn Write + Send + 'a>>,
    ) -> Training<'a> {
        Training { takes_snapshots: true, ..Training::with_progress(model, params, progress) }
    }

    pub(crate) fn with_progress(
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
            place: 0,
            takes_snapshots: false,
            snapshot_requests: Vec::new(),
            is_interrupted: false,
        }
    }

    /// An epoch begins, counted from 0; to be followed by the hook `on_epoch_begin`.
    pub fn begin_epoch(&mut self, epoch: usize) {
        (self.epoch, self.batch) = (epoch, 0);
    }

    /// A batch begins, counted from 0; to be followed by the hook `on_train_batch_begin`.
    pub fn begin_batch(&mut self, batch: usize) {
        self.batch = batch;
    }

    /// An epoch has ended, after the hook `on_epoch_end`: the history gets its logs.
    pub fn end_epoch(&mut self, logs: &Logs) {
        self.history.push(self.epoch, logs);
    }

    /// All epochs are over, or a callback stopped; to be followed by the hook `on_train_end`.
    pub fn end(&mut self) {
        self.ending = Some(self.stop.clone().map_or(Ending::Finished, Ending::Stopped));
    }

    /// The epoch that is running, from 0.
    pub fn epoch(&self) -> usize {
        self.epoch
    }

    /// The batch that is running, from 0 in each epoch, and in each evaluation or prediction.
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
    /// In `evaluate_with` and `predict_with`, the batch that is running is the last.
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

    /// Asks for a snapshot of the whole run, which [`Callback::on_snapshot`](crate::Callback::on_snapshot) gets
    /// as soon as all callbacks have seen the event: after `on_train_batch_end`, or after `on_epoch_end`.
    ///
    /// In `on_train_end` it is too late for one. Returns false in a hand-written loop, `evaluate` and `predict`,
    /// where nobody takes snapshots, and if the data is a [`Stream`](crate::Stream), which cannot be resumed.
    pub fn request_snapshot(&mut self) -> bool {
        if self.takes_snapshots && !self.snapshot_requests.contains(&self.place) {
            self.snapshot_requests.push(self.place);
        }
        self.takes_snapshots
    }

    /// Ends training as soon as all callbacks have seen the event and snapshots that were asked for are taken,
    /// as if the process had died: nothing is validated, and `fit` returns [`FitError::Interrupted`](crate::FitError::Interrupted).
    pub fn interrupt(&mut self) {
        self.is_interrupted = true;
    }

    pub(crate) fn set_current(&mut self, place: usize, callback: &str) {
        self.place = place;
        self.current.clear();
        self.current.push_str(callback);
    }
}
