//! Sets the learning rate of each epoch.

use std::fmt;

use olifant_core::Float;
use olifant_train::{Callback, CallbackError, HookResult, Logs, Plan, Training, Verbose};

use crate::python_float::repr;

/// Sets the learning rate at the beginning of each epoch: rate = `schedule`(epoch, rate).
///
/// Epochs count from 0, also those before `initial_epoch`.
/// The rate is kept in single precision, so a schedule that multiplies it rounds in every epoch, as in Keras.
///
/// With [`per_batch`](LearningRateScheduler::per_batch), at the beginning of each batch: rate = `schedule`(step, rate),
/// where `step` counts, from 0, all batches that the model has learnt from, in earlier runs as well.
///
/// The logs get the key `learning_rate`: the rate at the end of the epoch.
///
/// A run that is resumed goes on with the rate it had. What the closure itself remembers is not kept:
/// let it depend on nothing but its arguments.
///
/// # Defaults
///
/// `verbose` 0; 1 announces the rate of each epoch.
///
/// # Errors
///
/// Before the first step: somebody else sets the learning rate.
/// Later: the schedule returns a rate that is negative or not finite.
///
/// # Examples
///
/// Ten epochs at the rate of the optimizer, then ever less:
///
/// ```
/// # use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// # use olifant_train::{Compile, FitOptions, Verbose};
/// use olifant_callbacks::LearningRateScheduler;
/// # let (x, y) = (ndarray::array![[0.], [1.]], ndarray::array![0., 2.]);
/// # let mut model =
/// #     Sequential::new([1]).add(Dense::new(1)).seed(1).compile(Sgd::new(0.5), MeanSquaredError::new(), ())?;
///
/// let scheduler = LearningRateScheduler::new(|epoch, lr| if epoch < 10 { lr } else { lr * 0.5 });
/// let history = model.fit(&x, &y, FitOptions::new().epochs(12).verbose(Verbose::Silent).callback(scheduler))?;
/// assert_eq!(history["learning_rate"][9..], [0.5, 0.25, 0.125]);
/// # Ok::<(), olifant_train::FitError>(())
/// ```
///
/// # References
///
/// Keras's `LearningRateScheduler`.
pub struct LearningRateScheduler<'a> {
    schedule: Box<dyn FnMut(usize, f64) -> f64 + Send + 'a>,
    is_per_batch: bool,
    is_verbose: bool,
}

impl<'a> LearningRateScheduler<'a> {
    /// Sets the rate to what `schedule` makes of the epoch, counted from 0, and the rate so far.
    pub fn new(schedule: impl FnMut(usize, f64) -> f64 + Send + 'a) -> LearningRateScheduler<'a> {
        LearningRateScheduler { schedule: Box::new(schedule), is_per_batch: false, is_verbose: false }
    }

    /// Sets the rate of each batch to what `schedule` makes of the number of the step, from 0, and the rate so far.
    ///
    /// # Examples
    ///
    /// A warm-up of 100 batches:
    ///
    /// ```
    /// use olifant_callbacks::LearningRateScheduler;
    ///
    /// let warm_up = LearningRateScheduler::per_batch(|step, _| 0.1 * ((step + 1) as f64 / 100.0).min(1.0));
    /// # let _ = warm_up;
    /// ```
    pub fn per_batch(schedule: impl FnMut(usize, f64) -> f64 + Send + 'a) -> LearningRateScheduler<'a> {
        LearningRateScheduler { is_per_batch: true, ..LearningRateScheduler::new(schedule) }
    }

    /// 1 announces the rate of each epoch.
    pub fn verbose(mut self, verbose: impl Into<Verbose>) -> Self {
        self.is_verbose = verbose.into() != Verbose::Silent;
        self
    }

    fn set(&mut self, training: &mut Training<'_>, number: usize) -> Result<f64, CallbackError> {
        let learning_rate = (self.schedule)(number, f64::from(training.learning_rate()));
        training.set_learning_rate(learning_rate as Float)?;
        Ok(learning_rate)
    }
}

impl Callback for LearningRateScheduler<'_> {
    fn adds_logs(&self) -> &[&'static str] {
        &["learning_rate"]
    }

    fn sets_learning_rate(&self) -> bool {
        true
    }

    fn check(&self, plan: &Plan<'_>) -> HookResult {
        plan.expect_free_learning_rate()
    }

    fn on_train_batch_begin(&mut self, training: &mut Training<'_>) -> HookResult {
        if self.is_per_batch {
            let step = training.model().optimizer_state().calls();
            self.set(training, step as usize)?;
        }
        Ok(())
    }

    fn on_epoch_begin(&mut self, training: &mut Training<'_>) -> HookResult {
        if self.is_per_batch {
            return Ok(());
        }
        let epoch = training.epoch();
        let learning_rate = self.set(training, epoch)?;
        if self.is_verbose {
            let (epoch, learning_rate) = (epoch + 1, repr(learning_rate));
            training.message(&format!(
                "\nEpoch {epoch}: LearningRateScheduler setting learning rate to {learning_rate}."
            ));
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        logs.insert("learning_rate", f64::from(training.learning_rate()));
        Ok(())
    }
}

impl fmt::Debug for LearningRateScheduler<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("LearningRateScheduler");
        debug.field("is_verbose", &self.is_verbose).finish_non_exhaustive()
    }
}
