//! Lowers the learning rate when a value no longer improves.

use olifant_core::Float;
use olifant_train::{Callback, CallbackError, HookResult, Logs, Plan, State, Training, Verbose};
use serde::{Deserialize, Serialize};

use crate::{
    monitor::{Monitor, monitor_options},
    python_float::repr,
};

/// Lowers the learning rate when a monitored value has not improved for `patience` epochs.
///
/// The new rate is max(rate · `factor`, `min_lr`).
/// After that, epochs without improvement do not count until `cooldown` epochs have begun, this one included:
/// as in Keras, a cooldown of 1 is therefore none.
///
/// The logs get the key `learning_rate`: the rate the epoch was trained with.
///
/// # Defaults
///
/// | option | default | meaning |
/// |---|---|---|
/// | `monitor` | `"val_loss"` | the name of the value in the logs |
/// | `factor` | 0.1 | what the rate is multiplied by, in [0, 1) |
/// | `patience` | 10 | epochs without improvement; 0 acts as 1 |
/// | `mode` | [`Mode::Auto`](crate::Mode::Auto) | which way the value improves |
/// | `min_delta` | 10⁻⁴ | less than this is no improvement; its sign does not matter |
/// | `cooldown` | 0 | how long to wait after a reduction before counting again |
/// | `min_lr` | 0 | the lowest rate |
/// | `verbose` | 0 | 1 announces each reduction |
///
/// # Errors
///
/// Before the first step: `monitor` will never be in the logs, nobody knows which way it improves,
/// an option is outside its range, or somebody else sets the learning rate.
///
/// # Examples
///
/// ```
/// # use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// # use olifant_train::{Compile, FitOptions, Verbose};
/// use olifant_callbacks::ReduceLROnPlateau;
/// # let (x, y) = (ndarray::array![[0.], [1.], [0.], [1.]], ndarray::array![0., 0., 1., 1.]);
/// # let mut model =
/// #     Sequential::new([1]).add(Dense::new(1)).seed(1).compile(Sgd::new(0.5), MeanSquaredError::new(), ())?;
///
/// let reduce = ReduceLROnPlateau::new().monitor("loss").factor(0.5).patience(2);
/// let history = model.fit(&x, &y, FitOptions::new().epochs(50).verbose(Verbose::Silent).callback(reduce))?;
/// assert!(history["learning_rate"][49] < history["learning_rate"][0]);
/// # Ok::<(), olifant_train::FitError>(())
/// ```
///
/// # References
///
/// Keras's `ReduceLROnPlateau`.
#[derive(Clone, Debug)]
pub struct ReduceLROnPlateau {
    monitor: Monitor,
    factor: f64,
    patience: usize,
    cooldown: usize,
    min_lr: f64,
    is_verbose: bool,
    memory: Memory,
}

/// What it remembers of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Memory {
    wait: usize,
    best: Option<f64>,
    cooldown_counter: usize,
}

impl Default for ReduceLROnPlateau {
    fn default() -> ReduceLROnPlateau {
        ReduceLROnPlateau {
            monitor: Monitor { min_delta: 1e-4, ..Monitor::default() },
            factor: 0.1,
            patience: 10,
            cooldown: 0,
            min_lr: 0.0,
            is_verbose: false,
            memory: Memory::default(),
        }
    }
}

impl ReduceLROnPlateau {
    /// Divides the learning rate by ten when `val_loss` has not improved for ten epochs.
    pub fn new() -> ReduceLROnPlateau {
        ReduceLROnPlateau::default()
    }

    monitor_options!(min_delta);

    /// What the learning rate is multiplied by.
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// How many epochs without improvement lower the learning rate.
    pub fn patience(mut self, patience: usize) -> Self {
        self.patience = patience;
        self
    }

    /// How long to wait after a reduction before counting again.
    pub fn cooldown(mut self, cooldown: usize) -> Self {
        self.cooldown = cooldown;
        self
    }

    /// The lowest learning rate.
    pub fn min_lr(mut self, min_lr: f64) -> Self {
        self.min_lr = min_lr;
        self
    }

    /// 1 announces each reduction.
    pub fn verbose(mut self, verbose: impl Into<Verbose>) -> Self {
        self.is_verbose = verbose.into() != Verbose::Silent;
        self
    }

    /// The best value of the last run.
    pub fn best(&self) -> Option<f64> {
        self.memory.best
    }

    /// How many epochs without improvement have been counted since the last improvement or reduction.
    pub fn wait(&self) -> usize {
        self.memory.wait
    }

    /// What is left of the cooldown.
    pub fn cooldown_counter(&self) -> usize {
        self.memory.cooldown_counter
    }

    fn reduce(&mut self, training: &mut Training<'_>) -> HookResult {
        let learning_rate = (f64::from(training.learning_rate()) * self.factor).max(self.min_lr);
        training.set_learning_rate(learning_rate as Float)?;
        if self.is_verbose {
            let (epoch, learning_rate) = (training.epoch() + 1, repr(learning_rate));
            training.message(&format!(
                "\nEpoch {epoch}: ReduceLROnPlateau reducing learning rate to {learning_rate}."
            ));
        }
        (self.memory.cooldown_counter, self.memory.wait) = (self.cooldown, 0);
        Ok(())
    }
}

impl Callback for ReduceLROnPlateau {
    fn adds_logs(&self) -> &[&'static str] {
        &["learning_rate"]
    }

    fn sets_learning_rate(&self) -> bool {
        true
    }

    fn check(&self, plan: &Plan<'_>) -> HookResult {
        if !(0.0..1.0).contains(&self.factor) {
            return Err(CallbackError::option("factor", "at least 0 and less than 1", self.factor));
        }
        if !(self.min_lr.is_finite() && self.min_lr >= 0.0) {
            return Err(CallbackError::option("min_lr", "a number from 0", self.min_lr));
        }
        plan.expect_free_learning_rate()?;
        self.monitor.check(plan)
    }

    fn on_train_begin(&mut self, _training: &mut Training<'_>) -> HookResult {
        self.memory = Memory::default();
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        logs.insert("learning_rate", f64::from(training.learning_rate()));
        let Some(value) = self.monitor.value(logs) else { return Ok(()) };
        let memory = &mut self.memory;
        memory.cooldown_counter = memory.cooldown_counter.saturating_sub(1);
        if self.monitor.is_better(value, memory.best, training.model())? {
            (memory.best, memory.wait) = (Some(value), 0);
        } else if memory.cooldown_counter == 0 {
            memory.wait += 1;
            // In single precision, or a rate at the lowest would be announced for ever.
            if memory.wait >= self.patience && training.learning_rate() > self.min_lr as Float {
                self.reduce(training)?;
            }
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
