//! Stops training when the loss is no finite number.

use olifant_train::{Callback, CallbackError, HookResult, Logs, Training};

use crate::python_float::repr;

/// Stops training when the running loss of a batch is NaN or infinite, and says so.
///
/// The epoch is ended as any other: validated, logged, shown to the other callbacks.
/// The loss of validation is not looked at.
///
/// # Defaults
///
/// `raise_error` false; true makes `fit` return an error at once instead.
///
/// # Examples
///
/// ```
/// # use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// # use olifant_train::{Compile, FitOptions, Verbose};
/// use olifant_callbacks::TerminateOnNaN;
/// # let (x, y) = (ndarray::array![[1.], [2.]], ndarray::array![0., 2.]);
/// # let mut model =
/// #     Sequential::new([1]).add(Dense::new(1)).seed(1).compile(Sgd::new(1e9), MeanSquaredError::new(), ())?;
///
/// let options = FitOptions::new().epochs(1000).verbose(Verbose::Silent);
/// let history = model.fit(&x, &y, options.callback(TerminateOnNaN::new()))?;
/// assert!(history.epoch().len() < 1000);
/// # Ok::<(), olifant_train::FitError>(())
/// ```
///
/// # References
///
/// Keras's `TerminateOnNaN`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TerminateOnNaN {
    raise_error: bool,
}

impl TerminateOnNaN {
    /// Stops training when the loss is no finite number.
    pub fn new() -> TerminateOnNaN {
        TerminateOnNaN::default()
    }

    /// Whether `fit` returns an error at once.
    pub fn raise_error(mut self, raise_error: bool) -> Self {
        self.raise_error = raise_error;
        self
    }
}

impl Callback for TerminateOnNaN {
    fn on_train_batch_end(&mut self, training: &mut Training<'_>, logs: &Logs) -> HookResult {
        let Some(loss) = logs.get("loss").filter(|loss| !loss.is_finite()) else { return Ok(()) };
        let (batch, loss) = (training.batch(), repr(loss));
        if self.raise_error {
            let remedy = "lower the learning rate, clip gradients, or look for extreme values in the data";
            return Err(CallbackError::new(format!("the loss became {loss} at batch {batch}: {remedy}")));
        }
        training.message(&format!("Batch {batch}: Invalid loss, terminating training"));
        training.stop(format!("the loss became {loss} at batch {batch}"));
        Ok(())
    }
}
