//! The value a callback watches, and when it is better than another.

use std::str::FromStr;

use olifant_nn::Objective;
use olifant_train::{CallbackError, HookResult, Logs, Model, Plan};

/// Which way a monitored value improves.
///
/// `Auto` asks the compiled metric of that name (with or without `val_`).
/// If there is none, names that contain `acc`, end in `auc` or begin with `fmeasure` go up,
/// names of losses and errors go down; for any other name, one of the two must be given.
///
/// # Examples
///
/// ```
/// use olifant_callbacks::Mode;
///
/// assert_eq!("max".parse::<Mode>()?, Mode::Max);
/// let error = "maximum".parse::<Mode>().unwrap_err();
/// assert_eq!(error.to_string(), r#"mode must be "auto", "min" or "max", but is "maximum""#);
/// # Ok::<(), olifant_train::CallbackError>(())
/// ```
///
/// # References
///
/// Keras's `mode`, which takes an unknown word for `"auto"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The metric or its name decides.
    #[default]
    Auto,
    /// Less is better.
    Min,
    /// More is better.
    Max,
}

impl FromStr for Mode {
    type Err = CallbackError;

    fn from_str(mode: &str) -> Result<Mode, CallbackError> {
        match mode {
            "auto" => Ok(Mode::Auto),
            "min" => Ok(Mode::Min),
            "max" => Ok(Mode::Max),
            _ => Err(CallbackError::option("mode", r#""auto", "min" or "max""#, format!("{mode:?}"))),
        }
    }
}

/// The name of a value in the logs, which way it improves, and by how much to count.
#[derive(Clone, Debug)]
pub(crate) struct Monitor {
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) min_delta: f64,
}

impl Default for Monitor {
    /// `val_loss`, which all callbacks of Keras monitor by default.
    fn default() -> Monitor {
        Monitor { name: "val_loss".into(), mode: Mode::Auto, min_delta: 0.0 }
    }
}

impl Monitor {
    /// Objects to a value that will never be in the logs of an epoch, or that improves nobody knows which way.
    pub(crate) fn check(&self, plan: &Plan<'_>) -> HookResult {
        plan.expect_epoch_log("monitor", &self.name)?;
        self.check_options(plan)
    }

    /// As [`check`](Monitor::check), for the logs of a batch.
    pub(crate) fn check_batches(&self, plan: &Plan<'_>) -> HookResult {
        plan.expect_batch_log("monitor", &self.name)?;
        self.check_options(plan)
    }

    fn check_options(&self, plan: &Plan<'_>) -> HookResult {
        if !self.min_delta.is_finite() {
            return Err(CallbackError::option("min_delta", "a finite number", self.min_delta));
        }
        self.objective(plan.model()).map(drop)
    }

    /// The value, unless this epoch lacks it: `val_loss` where `validation_freq` passes an epoch over.
    pub(crate) fn value(&self, logs: &Logs) -> Option<f64> {
        logs.get(&self.name)
    }

    /// Whether `value` is better than `reference` by more than `min_delta`; anything but NaN is better than nothing.
    ///
    /// As in Keras the sum is formed in double and compared in single precision.
    pub(crate) fn is_better(
        &self,
        value: f64,
        reference: Option<f64>,
        model: &Model,
    ) -> Result<bool, CallbackError> {
        let objective = self.objective(model)?;
        let Some(reference) = reference else {
            return Ok(!value.is_nan());
        };
        Ok(match objective {
            Objective::Minimize => ((value + self.min_delta.abs()) as f32) < reference as f32,
            Objective::Maximize => (value - self.min_delta.abs()) as f32 > reference as f32,
        })
    }

    fn objective(&self, model: &Model) -> Result<Objective, CallbackError> {
        let objective = match self.mode {
            Mode::Min => Some(Objective::Minimize),
            Mode::Max => Some(Objective::Maximize),
            Mode::Auto => model.objective(&self.name).or_else(|| objective_of_name(&self.name)),
        };
        objective.ok_or_else(|| {
            let expected =
                format!("Mode::Min or Mode::Max, as {:?} does not tell which is better", self.name);
            CallbackError::option("mode", expected, "Mode::Auto")
        })
    }
}

/// The builder methods of a callback that keeps a [`Monitor`] in its field `monitor`.
macro_rules! monitor_options {
    () => {
        /// The name of the value in the logs.
        pub fn monitor(mut self, monitor: impl Into<String>) -> Self {
            self.monitor.name = monitor.into();
            self
        }

        /// Which way the value improves.
        pub fn mode(mut self, mode: crate::Mode) -> Self {
            self.monitor.mode = mode;
            self
        }
    };
    (min_delta) => {
        $crate::monitor::monitor_options!();

        /// Less than this is no improvement; its sign does not matter.
        pub fn min_delta(mut self, min_delta: f64) -> Self {
            self.monitor.min_delta = min_delta;
            self
        }
    };
}
pub(crate) use monitor_options;

/// Which way a value improves, judged by its name alone.
fn objective_of_name(name: &str) -> Option<Objective> {
    let name = name.strip_prefix("val_").unwrap_or(name);
    const ERRORS: [&str; 6] = ["loss", "error", "mse", "mae", "crossentropy", "divergence"];
    if ERRORS.iter().any(|error| name.ends_with(error)) {
        Some(Objective::Minimize)
    } else if name.contains("acc") || name.ends_with("auc") || name.starts_with("fmeasure") {
        Some(Objective::Maximize)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
    use olifant_train::Compile;

    use super::*;

    fn is_better(mode: Mode, min_delta: f64, value: f64, reference: f64) -> bool {
        let model = Sequential::new([1]).add(Dense::new(1));
        let model = model.compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap();
        let monitor = Monitor { mode, min_delta, ..Monitor::default() };
        monitor.is_better(value, Some(reference), &model).unwrap()
    }

    #[test]
    fn equal_is_not_better() {
        assert!(!is_better(Mode::Min, 0.0, 1.0, 1.0) && !is_better(Mode::Max, 0.0, 1.0, 1.0));
        assert!(is_better(Mode::Min, 0.0, 0.9, 1.0) && is_better(Mode::Max, 0.0, 1.1, 1.0));
        assert!(!is_better(Mode::Min, 0.0, 1.1, 1.0) && !is_better(Mode::Max, 0.0, 0.9, 1.0));
    }

    #[test]
    fn the_sign_of_min_delta_does_not_matter() {
        for min_delta in [0.25, -0.25] {
            assert!(!is_better(Mode::Min, min_delta, 0.75, 1.0));
            assert!(is_better(Mode::Min, min_delta, 0.5, 1.0));
            assert!(!is_better(Mode::Max, min_delta, 1.25, 1.0));
            assert!(is_better(Mode::Max, min_delta, 1.5, 1.0));
        }
    }

    #[test]
    fn less_than_single_precision_shows_is_not_better() {
        assert!(!is_better(Mode::Min, 0.0, 1.0 - 1e-9, 1.0));
    }

    #[test]
    fn nan_is_never_better() {
        for mode in [Mode::Min, Mode::Max] {
            assert!(!is_better(mode, 0.0, f64::NAN, 1.0));
            assert!(!is_better(mode, 0.0, f64::NAN, f64::INFINITY));
        }
    }

    #[test]
    fn names_tell_which_way_they_improve() {
        for name in ["acc", "val_my_accuracy", "auc", "val_pr_auc", "fmeasure_2"] {
            assert_eq!(objective_of_name(name), Some(Objective::Maximize), "{name}");
        }
        for name in ["loss", "val_accent_loss", "mse", "val_mean_absolute_error", "binary_crossentropy"] {
            assert_eq!(objective_of_name(name), Some(Objective::Minimize), "{name}");
        }
        for name in ["speed", "val_fscore", "learning_rate"] {
            assert_eq!(objective_of_name(name), None, "{name}");
        }
    }
}
