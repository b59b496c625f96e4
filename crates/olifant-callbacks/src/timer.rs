//! Measures how long epochs and batches take.

use std::time::Duration;

use olifant_train::{Callback, CallbackError, HookResult, Logs, State, Training};
use serde::{Deserialize, Serialize};

use crate::stopwatch::Stopwatch;

/// Measures how long epochs and batches take.
///
/// The time of an epoch is that from its beginning to its end, validation and the callbacks before this one included.
/// When a run is resumed, the time before the interruption counts, as far as the last backup knows of it.
///
/// # Defaults
///
/// `log` false; true adds `epoch_time`, in seconds, to the logs of each epoch, and so to the history.
/// Two runs then differ in their logs even if they are the same in all else.
///
/// # Examples
///
/// ```
/// # use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// # use olifant_train::{Compile, FitOptions, Verbose};
/// use olifant_callbacks::Timer;
/// # let (x, y) = (ndarray::array![[0.], [1.]], ndarray::array![0., 2.]);
/// # let mut model =
/// #     Sequential::new([1]).add(Dense::new(1)).seed(1).compile(Sgd::new(0.1), MeanSquaredError::new(), ())?;
///
/// let mut timer = Timer::new();
/// model.fit(&x, &y, FitOptions::new().epochs(3).verbose(Verbose::Silent).callback(&mut timer))?;
/// assert_eq!(timer.epoch_times().len(), 3);
/// println!("{:?} in all, {:?} a batch", timer.total(), timer.batch_time());
/// # Ok::<(), olifant_train::FitError>(())
/// ```
#[derive(Debug, Default)]
pub struct Timer {
    log: bool,
    stopwatch: Stopwatch,
    memory: Memory,
}

/// What it remembers of a run. All moments are counted from the beginning of training.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Memory {
    epoch_began: Duration,
    batch_began: Duration,
    epoch_times: Vec<Duration>,
    in_batches: Duration,
    batches: u32,
    /// When training ended, or the state was asked for.
    total: Duration,
}

impl Timer {
    /// Measures, and says nothing.
    pub fn new() -> Timer {
        Timer::default()
    }

    /// Whether the logs of an epoch get its time in seconds, as `epoch_time`.
    pub fn log(self, log: bool) -> Self {
        Timer { log, ..self }
    }

    /// How long each epoch took.
    pub fn epoch_times(&self) -> &[Duration] {
        &self.memory.epoch_times
    }

    /// How many batches were trained.
    pub fn batches(&self) -> usize {
        self.memory.batches as usize
    }

    /// How long a training batch took on average; zero if there was none.
    pub fn batch_time(&self) -> Duration {
        self.memory.in_batches.checked_div(self.memory.batches).unwrap_or_default()
    }

    /// How long the last run took in all.
    pub fn total(&self) -> Duration {
        self.memory.total
    }
}

impl Callback for Timer {
    fn adds_logs(&self) -> &[&'static str] {
        if self.log { &["epoch_time"] } else { &[] }
    }

    fn on_train_begin(&mut self, _training: &mut Training<'_>) -> HookResult {
        self.memory = Memory::default();
        self.stopwatch.start(Duration::ZERO);
        Ok(())
    }

    fn on_epoch_begin(&mut self, _training: &mut Training<'_>) -> HookResult {
        self.memory.epoch_began = self.stopwatch.elapsed();
        Ok(())
    }

    fn on_train_batch_begin(&mut self, _training: &mut Training<'_>) -> HookResult {
        self.memory.batch_began = self.stopwatch.elapsed();
        Ok(())
    }

    fn on_train_batch_end(&mut self, _training: &mut Training<'_>, _logs: &Logs) -> HookResult {
        self.memory.in_batches += self.stopwatch.elapsed() - self.memory.batch_began;
        self.memory.batches += 1;
        Ok(())
    }

    fn on_epoch_end(&mut self, _training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        let time = self.stopwatch.elapsed() - self.memory.epoch_began;
        self.memory.epoch_times.push(time);
        if self.log {
            logs.insert("epoch_time", time.as_secs_f64());
        }
        Ok(())
    }

    fn on_train_end(&mut self, _training: &mut Training<'_>, _logs: &Logs) -> HookResult {
        self.memory.total = self.stopwatch.elapsed();
        Ok(())
    }

    fn state(&self) -> Result<Option<State>, CallbackError> {
        let Memory { epoch_began, batch_began, in_batches, batches, .. } = self.memory;
        let (epoch_times, total) = (self.memory.epoch_times.clone(), self.stopwatch.elapsed());
        State::new(&Memory { epoch_began, batch_began, epoch_times, in_batches, batches, total }).map(Some)
    }

    fn restore_state(&mut self, state: &State) -> HookResult {
        self.memory = state.get()?;
        self.stopwatch.start(self.memory.total);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
    use olifant_train::{Compile, FitOptions, Params};

    use super::*;
    use crate::stopwatch::tests::set_by_hand;

    /// Every batch takes two seconds, and every validation five.
    struct Slow<'a>(&'a AtomicU64);

    impl Callback for Slow<'_> {
        fn on_train_batch_end(&mut self, _training: &mut Training<'_>, _logs: &Logs) -> HookResult {
            self.0.fetch_add(2, Ordering::Relaxed);
            Ok(())
        }

        fn on_test_begin(&mut self, _training: &mut Training<'_>) -> HookResult {
            self.0.fetch_add(5, Ordering::Relaxed);
            Ok(())
        }
    }

    #[test]
    fn epochs_batches_and_the_whole_are_measured_and_logged() {
        let (clock, stopwatch) = set_by_hand();
        let mut timer = Timer { stopwatch, ..Timer::new().log(true) };
        let mut model = Sequential::new([1])
            .add(Dense::new(1))
            .compile(Sgd::new(0.1), MeanSquaredError::new(), ())
            .unwrap();
        let data = ndarray::Array2::<f32>::ones((8, 1));
        let options = FitOptions::new().epochs(3).batch_size(2).validation_split(0.25).verbose(0);
        let history = model.fit(&data, &data, options.callback(Slow(&clock)).callback(&mut timer)).unwrap();
        assert_eq!(timer.epoch_times(), [Duration::from_secs(11); 3]);
        assert_eq!((timer.batch_time(), timer.total()), (Duration::from_secs(2), Duration::from_secs(33)));
        assert_eq!(timer.batches(), 9);
        assert_eq!(history["epoch_time"], [11.0; 3]);

        let mut resumed = Timer::new();
        resumed.restore_state(&timer.state().unwrap().unwrap()).unwrap();
        assert_eq!((resumed.epoch_times().len(), resumed.batch_time()), (3, Duration::from_secs(2)));
        assert!(resumed.stopwatch.elapsed() >= Duration::from_secs(33));
    }

    #[test]
    fn an_epoch_that_was_interrupted_has_its_time_before_and_after() {
        let mut model = Sequential::new([1])
            .add(Dense::new(1))
            .compile(Sgd::new(0.1), MeanSquaredError::new(), ())
            .unwrap();
        let mut training = Training::new(&mut model, Params::default());
        let (clock, stopwatch) = set_by_hand();
        let mut timer = Timer { stopwatch, ..Timer::new() };
        timer.on_train_begin(&mut training).unwrap();
        clock.fetch_add(1, Ordering::Relaxed);
        timer.on_epoch_begin(&mut training).unwrap();
        clock.fetch_add(7, Ordering::Relaxed);
        let state = timer.state().unwrap();

        let (clock, stopwatch) = set_by_hand();
        let mut resumed = Timer { stopwatch, ..Timer::new() };
        resumed.on_train_resume(&mut training, state.as_ref()).unwrap();
        clock.fetch_add(4, Ordering::Relaxed);
        resumed.on_epoch_end(&mut training, &mut Logs::new()).unwrap();
        resumed.on_train_end(&mut training, &Logs::new()).unwrap();
        assert_eq!(resumed.epoch_times(), [Duration::from_secs(11)]);
        assert_eq!(resumed.total(), Duration::from_secs(12));
    }

    #[test]
    fn before_any_batch_all_times_are_zero() {
        let timer = Timer::new();
        assert_eq!((timer.batches(), timer.batch_time(), timer.total()), (0, Duration::ZERO, Duration::ZERO));
        assert!(timer.adds_logs().is_empty());
    }
}
