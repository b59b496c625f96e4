//! Stops training when its time is up.

use std::time::Duration;

use olifant_train::{Callback, CallbackError, HookResult, Logs, Training};
use olifant_train::{Plan, State};

use crate::stopwatch::Stopwatch;

/// Stops training when it has taken so much time.
///
/// The batch that is running is finished, the epoch is validated and logged as any other.
/// When a run is resumed, the time before the interruption counts, as far as the last backup knows of it.
///
/// # Defaults
///
/// `at_epoch_end` false; true lets the epoch that is running come to its end.
///
/// # Errors
///
/// Before the first step: the time is zero.
///
/// # Examples
///
/// ```
/// # use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// # use olifant_train::{Compile, FitOptions, Verbose};
/// use std::time::Duration;
///
/// use olifant_callbacks::TimeLimit;
/// # let (x, y) = (ndarray::array![[0.], [1.]], ndarray::array![0., 2.]);
/// # let mut model =
/// #     Sequential::new([1]).add(Dense::new(1)).seed(1).compile(Sgd::new(0.1), MeanSquaredError::new(), ())?;
///
/// let time_limit = TimeLimit::new(Duration::from_millis(20));
/// let options = FitOptions::new().epochs(1_000_000).verbose(Verbose::Silent);
/// let history = model.fit(&x, &y, options.callback(time_limit))?;
/// assert!(history.epoch().len() < 1_000_000);
/// # Ok::<(), olifant_train::FitError>(())
/// ```
///
/// # References
///
/// TensorFlow Addons' `TimeStopping`, which looks at the end of an epoch only.
#[derive(Debug)]
pub struct TimeLimit {
    limit: Duration,
    at_epoch_end: bool,
    stopwatch: Stopwatch,
}

impl TimeLimit {
    /// Stops training after so much time.
    pub fn new(limit: Duration) -> TimeLimit {
        TimeLimit { limit, at_epoch_end: false, stopwatch: Stopwatch::default() }
    }

    /// Whether the epoch that is running comes to its end.
    pub fn at_epoch_end(self, at_epoch_end: bool) -> Self {
        TimeLimit { at_epoch_end, ..self }
    }

    fn stop_if_due(&self, training: &mut Training<'_>) {
        if self.stopwatch.elapsed() >= self.limit {
            training.stop(format!("the time limit of {:?} was reached", self.limit));
        }
    }
}

impl Callback for TimeLimit {
    fn check(&self, _plan: &Plan<'_>) -> HookResult {
        if self.limit.is_zero() {
            return Err(CallbackError::option("limit", "a time above zero", "0 s"));
        }
        Ok(())
    }

    fn on_train_begin(&mut self, _training: &mut Training<'_>) -> HookResult {
        self.stopwatch.start(Duration::ZERO);
        Ok(())
    }

    fn on_train_batch_end(&mut self, training: &mut Training<'_>, _logs: &Logs) -> HookResult {
        if !self.at_epoch_end {
            self.stop_if_due(training);
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, _logs: &mut Logs) -> HookResult {
        self.stop_if_due(training);
        Ok(())
    }

    fn state(&self) -> Result<Option<State>, CallbackError> {
        State::new(&self.stopwatch.elapsed()).map(Some)
    }

    fn restore_state(&mut self, state: &State) -> HookResult {
        self.stopwatch.start(state.get()?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
    use olifant_train::{Compile, FitOptions};

    use super::*;
    use crate::stopwatch::tests::set_by_hand;

    /// Every batch takes a second.
    struct Second<'a>(&'a AtomicU64);

    impl Callback for Second<'_> {
        fn on_train_batch_begin(&mut self, _training: &mut Training<'_>) -> HookResult {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    }

    /// How many batches of four an epoch were trained, and how many epochs.
    fn trained(at_epoch_end: bool, before: Option<u64>) -> (u64, usize) {
        let (clock, stopwatch) = set_by_hand();
        let mut limit = TimeLimit { stopwatch, ..TimeLimit::new(Duration::from_secs(6)) };
        limit.at_epoch_end = at_epoch_end;
        let mut model = Sequential::new([1])
            .add(Dense::new(1))
            .compile(Sgd::new(0.1), MeanSquaredError::new(), ())
            .unwrap();
        let data = ndarray::Array2::<f32>::ones((8, 1));
        let options = FitOptions::new().epochs(9).batch_size(2).verbose(0);
        let begun = clock.load(Ordering::Relaxed);
        let mut resumed = Resumed(limit, before);
        let history =
            model.fit(&data, &data, options.callback(Second(&clock)).callback(&mut resumed)).unwrap();
        (clock.load(Ordering::Relaxed) - begun, history.epoch().len())
    }

    /// A time limit that may begin with time on it.
    struct Resumed(TimeLimit, Option<u64>);

    impl Callback for Resumed {
        fn on_train_begin(&mut self, training: &mut Training<'_>) -> HookResult {
            let state = self.1.map(|seconds| State::new(&Duration::from_secs(seconds))).transpose()?;
            self.0.on_train_resume(training, state.as_ref())
        }

        fn on_train_batch_end(&mut self, training: &mut Training<'_>, logs: &Logs) -> HookResult {
            self.0.on_train_batch_end(training, logs)
        }

        fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
            self.0.on_epoch_end(training, logs)
        }
    }

    #[test]
    fn training_ends_with_the_batch_or_the_epoch_in_which_the_time_is_up() {
        assert_eq!(trained(false, None), (6, 2));
        assert_eq!(trained(true, None), (8, 2));
    }

    #[test]
    fn time_before_an_interruption_counts() {
        assert_eq!(trained(false, Some(3)), (3, 1));
    }

    #[test]
    fn no_time_at_all_is_refused() {
        let mut model = Sequential::new([1])
            .add(Dense::new(1))
            .compile(Sgd::new(0.1), MeanSquaredError::new(), ())
            .unwrap();
        let data = ndarray::Array2::<f32>::ones((8, 1));
        let error = model.fit(&data, &data, TimeLimit::new(Duration::ZERO)).unwrap_err().to_string();
        assert_eq!(error, "callback TimeLimit: limit must be a time above zero, but is 0 s");
    }
}
