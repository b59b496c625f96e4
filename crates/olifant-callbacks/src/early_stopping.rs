//! Stops training when a value no longer improves.

use olifant_train::{Callback, CallbackError, Ending, HookResult, Logs, Plan, Training, Verbose};

use crate::{Mode, monitor::Monitor, weights_copy::WeightsCopy};

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
/// | `mode` | [`Mode::Auto`] | which way the value improves |
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

    /// The name of the value in the logs.
    pub fn monitor(mut self, monitor: impl Into<String>) -> Self {
        self.monitor.name = monitor.into();
        self
    }

    /// Less than this is no improvement.
    pub fn min_delta(mut self, min_delta: f64) -> Self {
        self.monitor.min_delta = min_delta;
        self
    }

    /// How many epochs without improvement stop training.
    pub fn patience(mut self, patience: usize) -> Self {
        self.patience = patience;
        self
    }

    /// Which way the value improves.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.monitor.mode = mode;
        self
    }

    /// What the value must beat for the count of epochs to begin anew.
    pub fn baseline(mut self, baseline: f64) -> Self {
        self.baseline = Some(baseline);
        self
    }

    /// Whether the model ends with the weights of its best epoch.
    pub fn restore_best_weights(mut self, restore_best_weights: bool) -> Self {
        self.restore_best_weights = restore_best_weights;
        self
    }

    /// Epochs before this one, counted from 0, are not looked at.
    pub fn start_from_epoch(mut self, start_from_epoch: usize) -> Self {
        self.start_from_epoch = start_from_epoch;
        self
    }

    /// 1 says when training stopped and what was restored.
    pub fn verbose(mut self, verbose: impl Into<Verbose>) -> Self {
        self.is_verbose = verbose.into() != Verbose::Silent;
        self
    }

    /// The epoch, from 0, at whose end it stopped the last run; `None` if it did not.
    pub fn stopped_epoch(&self) -> Option<usize> {
        self.stopped_epoch
    }

    /// The best value of the last run.
    pub fn best(&self) -> Option<f64> {
        self.best
    }

    /// The epoch, from 0, that had the best value, and whose weights were restored if that was asked for.
    pub fn best_epoch(&self) -> Option<usize> {
        self.best_epoch
    }

    /// How many epochs without improvement there have been.
    pub fn wait(&self) -> usize {
        self.wait
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
        (self.wait, self.best, self.best_epoch, self.stopped_epoch) = (0, None, None, None);
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        let Some(value) = self.monitor.value(logs) else { return Ok(()) };
        let epoch = training.epoch();
        if epoch < self.start_from_epoch {
            return Ok(());
        }
        let is_better = self.monitor.is_better(value, self.best, training.model())?;
        // Should no epoch be better than nothing, the first one stands in.
        if self.restore_best_weights && (is_better || self.best_epoch.is_none()) {
            self.best_weights.take(training.model().network().weights());
            self.best_epoch = Some(epoch);
        }
        self.wait += 1;
        if is_better {
            (self.best, self.best_epoch) = (Some(value), Some(epoch));
            if self.monitor.is_better(value, self.baseline, training.model())? {
                self.wait = 0;
            }
        } else if self.wait >= self.patience && epoch > 0 {
            self.stopped_epoch = Some(epoch);
            let Monitor { name, .. } = &self.monitor;
            training.stop(format!("{name} did not improve within a patience of {}", self.patience));
        }
        Ok(())
    }

    fn on_train_end(&mut self, training: &mut Training<'_>, _logs: &Logs) -> HookResult {
        if let Some(Ending::Failed(_)) = training.ending() {
            return Ok(());
        }
        if let Some(epoch) = self.stopped_epoch.filter(|_| self.is_verbose) {
            training.message(&format!("Epoch {}: early stopping", epoch + 1));
        }
        if let Some(epoch) = self.best_epoch.filter(|_| self.restore_best_weights) {
            if self.is_verbose {
                let epoch = epoch + 1;
                training
                    .message(&format!("Restoring model weights from the end of the best epoch: {epoch}."));
            }
            self.best_weights.put(training.model_mut().weights_mut())?;
        }
        Ok(())
    }
}
