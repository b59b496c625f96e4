//! Stops training when a value no longer improves.

use olifant_train::{Callback, CallbackError, Ending, HookResult, Logs, Plan, State, Training, Verbose};
use serde::{Deserialize, Serialize};

use crate::{
    monitor::{Monitor, monitor_options},
    weights_copy::WeightsCopy,
};

/// Stops training when a monitored value has not improved for `patience` epochs, and may restore the best weights.
///
/// A value v improves on the best so far, b, if v < b − `min_delta` (or v > b + `min_delta`, if more is better).
/// An epoch without improvement counts; one with improvement sets the count back to zero, if it also beats `baseline`.
/// When the count reaches `patience`, training stops. The first epoch never stops it.
///
/// # Defaults
///
/// | option | default | meaning |
/// |---|---|---|
/// | `monitor` | `"val_loss"` | the name of the value in the logs |
/// | `min_delta` | 0 | less than this is no improvement; its sign does not matter |
/// | `patience` | 0 | epochs without improvement; 0 acts as 1 |
/// | `mode` | [`Mode::Auto`](crate::Mode::Auto) | which way the value improves |
/// | `baseline` | none | what the value must beat for the count to begin anew |
/// | `restore_best_weights` | false | whether the model ends with the weights of its best epoch, however training ended (but for errors) |
/// | `start_from_epoch` | 0 | epochs before this one are not looked at |
/// | `verbose` | 0 | 1 says when training stopped and what was restored |
///
/// # Errors
///
/// Before the first step: `monitor` will never be in the logs, nobody knows which way it improves,
/// or `min_delta` or `baseline` is no number.
///
/// # Examples
///
/// ```
/// # use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// # use olifant_train::{Compile, FitOptions, Verbose};
/// use olifant_callbacks::EarlyStopping;
/// # let (x, y) = (ndarray::array![[0.], [1.], [2.], [3.]], ndarray::array![0., 2., 4., 6.]);
/// # let mut model =
/// #     Sequential::new([1]).add(Dense::new(1)).seed(1).compile(Sgd::new(0.01), MeanSquaredError::new(), ())?;
///
/// let mut early_stopping = EarlyStopping::new().monitor("loss").min_delta(1e-3).patience(3);
/// let options = FitOptions::new().epochs(1000).verbose(Verbose::Silent);
/// model.fit(&x, &y, options.callback(&mut early_stopping))?;
/// assert!(early_stopping.stopped_epoch().is_some_and(|epoch| epoch < 999));
/// # Ok::<(), olifant_train::FitError>(())
/// ```
///
/// # References
///
/// Keras's `EarlyStopping`.
/// Prechelt (1998), *Early Stopping — But When?*, <https://doi.org/10.1007/3-540-49430-8_3>.
#[derive(Clone, Debug, Default)]
pub struct EarlyStopping {
    monitor: Monitor,
    patience: usize,
    baseline: Option<f64>,
    restore_best_weights: bool,
    start_from_epoch: usize,
    is_verbose: bool,
    memory: Memory,
}

/// What it remembers of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Memory {
    wait: usize,
    best: Option<f64>,
    best_epoch: Option<usize>,
    stopped_epoch: Option<usize>,
    best_weights: WeightsCopy,
}

impl EarlyStopping {
    /// Stops when `val_loss` has not improved in an epoch.
    pub fn new() -> EarlyStopping {
        EarlyStopping::default()
    }

    monitor_options!(min_delta);

    /// How many epochs without improvement stop training.
    pub fn patience(self, patience: usize) -> Self {
        EarlyStopping { patience, ..self }
    }

    /// What the value must beat for the count of epochs to begin anew.
    pub fn baseline(self, baseline: f64) -> Self {
        EarlyStopping { baseline: Some(baseline), ..self }
    }

    /// Whether the model ends with the weights of its best epoch.
    pub fn restore_best_weights(self, restore_best_weights: bool) -> Self {
        EarlyStopping { restore_best_weights, ..self }
    }

    /// Epochs before this one, counted from 0, are not looked at.
    pub fn start_from_epoch(self, start_from_epoch: usize) -> Self {
        EarlyStopping { start_from_epoch, ..self }
    }

    /// 1 says when training stopped and what was restored.
    pub fn verbose(self, verbose: impl Into<Verbose>) -> Self {
        EarlyStopping { is_verbose: verbose.into() != Verbose::Silent, ..self }
    }

    /// The epoch, from 0, at whose end it stopped the last run; `None` if it did not.
    pub fn stopped_epoch(&self) -> Option<usize> {
        self.memory.stopped_epoch
    }

    /// The best value of the last run.
    pub fn best(&self) -> Option<f64> {
        self.memory.best
    }

    /// The epoch, from 0, that had the best value, and whose weights were restored if that was asked for.
    pub fn best_epoch(&self) -> Option<usize> {
        self.memory.best_epoch
    }

    /// How many epochs without improvement there have been.
    pub fn wait(&self) -> usize {
        self.memory.wait
    }
}

impl Callback for EarlyStopping {
    fn check(&self, plan: &Plan<'_>) -> HookResult {
        if self.baseline.is_some_and(f64::is_nan) {
            return Err(CallbackError::option("baseline", "a number", f64::NAN));
        }
        self.monitor.check(plan)
    }

    fn on_train_begin(&mut self, _training: &mut Training<'_>) -> HookResult {
        self.memory = Memory::default();
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        let (epoch, memory) = (training.epoch(), &mut self.memory);
        let Some(value) = self.monitor.value(logs).filter(|_| epoch >= self.start_from_epoch) else {
            return Ok(());
        };
        let is_better = self.monitor.is_better(value, memory.best, training.model())?;
        // Should no epoch be better than nothing, the first one stands in.
        if self.restore_best_weights && (is_better || memory.best_epoch.is_none()) {
            memory.best_weights.take(training.model().network().weights());
            memory.best_epoch = Some(epoch);
        }
        memory.wait += 1;
        if is_better {
            (memory.best, memory.best_epoch) = (Some(value), Some(epoch));
            if self.monitor.is_better(value, self.baseline, training.model())? {
                memory.wait = 0;
            }
        } else if memory.wait >= self.patience && epoch > 0 {
            memory.stopped_epoch = Some(epoch);
            let (name, patience) = (&self.monitor.name, self.patience);
            training.stop(format!("{name} did not improve within a patience of {patience}"));
        }
        Ok(())
    }

    fn on_train_end(&mut self, training: &mut Training<'_>, _logs: &Logs) -> HookResult {
        if let Some(Ending::Failed(_) | Ending::Interrupted) = training.ending() {
            return Ok(());
        }
        let mut say = |text: String| {
            if self.is_verbose {
                training.message(&text)
            }
        };
        if let Some(epoch) = self.memory.stopped_epoch {
            say(format!("Epoch {}: early stopping", epoch + 1));
        }
        if let Some(epoch) = self.memory.best_epoch.filter(|_| self.restore_best_weights) {
            say(format!("Restoring model weights from the end of the best epoch: {}.", epoch + 1));
            self.memory.best_weights.put(training.model_mut().weights_mut())?;
        }
        Ok(())
    }

    fn state(&self) -> Result<Option<State>, CallbackError> {
        State::new(&self.memory).map(Some)
    }

    fn restore_state(&mut self, state: &State) -> HookResult {
        self.memory = state.get()?;
        Ok(())
    }
}
