//! Keeps the best weights in memory.

use olifant_train::{
    Callback, CallbackError, Ending, HookResult, Logs, Model, Plan, State, Training, Verbose,
};
use serde::{Deserialize, Serialize};

use crate::{
    monitor::{Monitor, monitor_options},
    weights_copy::WeightsCopy,
};

/// Keeps the weights of the best epoch in memory, and may put them back when training has ended, whoever ended it.
///
/// `EarlyStopping::restore_best_weights` without the stopping. NaN is never the best.
///
/// # Defaults
///
/// | option | default | meaning |
/// |---|---|---|
/// | `monitor` | `"val_loss"` | the name of the value in the logs |
/// | `min_delta` | 0 | less than this is no improvement; its sign does not matter |
/// | `mode` | [`Mode::Auto`](crate::Mode::Auto) | which way the value improves |
/// | `restore` | true | whether the model ends with the best weights, unless an error ended training |
/// | `verbose` | 0 | 1 says what was restored |
///
/// # Errors
///
/// Before the first step: `monitor` will never be in the logs, nobody knows which way it improves, or `min_delta` is no number.
///
/// # Examples
///
/// ```
/// # use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// # use olifant_train::{Compile, FitOptions, Verbose};
/// use olifant_callbacks::BestWeights;
/// # let (x, y) = (ndarray::array![[0.], [1.]], ndarray::array![0., 2.]);
/// # let mut model =
/// #     Sequential::new([1]).add(Dense::new(1)).seed(1).compile(Sgd::new(0.1), MeanSquaredError::new(), ())?;
///
/// let mut best_weights = BestWeights::new().monitor("loss").restore(false);
/// model.fit(&x, &y, FitOptions::new().epochs(5).verbose(Verbose::Silent).callback(&mut best_weights))?;
/// println!("best in epoch {:?}", best_weights.best_epoch());
/// best_weights.put_into(&mut model)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct BestWeights {
    monitor: Monitor,
    restore: bool,
    is_verbose: bool,
    memory: Memory,
}

/// What it remembers of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Memory {
    best: Option<f64>,
    best_epoch: Option<usize>,
    weights: WeightsCopy,
}

impl Default for BestWeights {
    fn default() -> BestWeights {
        BestWeights {
            monitor: Monitor::default(),
            restore: true,
            is_verbose: false,
            memory: Memory::default(),
        }
    }
}

impl BestWeights {
    /// Keeps the weights of the epoch with the lowest `val_loss`, and puts them back.
    pub fn new() -> BestWeights {
        BestWeights::default()
    }

    monitor_options!(min_delta);

    /// Whether the model ends with the best weights.
    pub fn restore(self, restore: bool) -> Self {
        BestWeights { restore, ..self }
    }

    /// 1 says what was restored.
    pub fn verbose(self, verbose: impl Into<Verbose>) -> Self {
        BestWeights { is_verbose: verbose.into() != Verbose::Silent, ..self }
    }

    /// The best value of the last run.
    pub fn best(&self) -> Option<f64> {
        self.memory.best
    }

    /// The epoch, from 0, that had the best value.
    pub fn best_epoch(&self) -> Option<usize> {
        self.memory.best_epoch
    }

    /// Gives the best weights to a model.
    ///
    /// # Errors
    ///
    /// There are none yet, or the model is another one.
    pub fn put_into(&self, model: &mut Model) -> HookResult {
        if self.memory.best_epoch.is_none() {
            return Err(CallbackError::new("there are no best weights: no epoch was better than nothing"));
        }
        self.memory.weights.put(model.weights_mut())
    }
}

impl Callback for BestWeights {
    fn check(&self, plan: &Plan<'_>) -> HookResult {
        self.monitor.check(plan)
    }

    fn on_train_begin(&mut self, _training: &mut Training<'_>) -> HookResult {
        self.memory = Memory::default();
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        let Some(value) = self.monitor.value(logs) else { return Ok(()) };
        if self.monitor.is_better(value, self.memory.best, training.model())? {
            (self.memory.best, self.memory.best_epoch) = (Some(value), Some(training.epoch()));
            self.memory.weights.take(training.model().network().weights());
        }
        Ok(())
    }

    fn on_train_end(&mut self, training: &mut Training<'_>, _logs: &Logs) -> HookResult {
        let has_failed = matches!(training.ending(), Some(Ending::Failed(_) | Ending::Interrupted));
        let Some(epoch) = self.memory.best_epoch.filter(|_| self.restore && !has_failed) else {
            return Ok(());
        };
        if self.is_verbose {
            let epoch = epoch + 1;
            training.message(&format!("Restoring model weights from the end of the best epoch: {epoch}."));
        }
        self.put_into(training.model_mut())
    }

    fn state(&self) -> Result<Option<State>, CallbackError> {
        State::new(&self.memory).map(Some)
    }

    fn restore_state(&mut self, state: &State) -> HookResult {
        self.memory = state.get()?;
        Ok(())
    }
}
