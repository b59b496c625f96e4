//! Measures the averages of the weights instead of the weights.

use olifant_train::{Callback, CallbackError, HookResult, Logs, Model, Plan, Training};

/// Lets the weights and their moving averages change places while the model is evaluated or predicts.
///
/// The optimizer keeps the averages if it was made with `use_ema(true)`; at the end of `fit` they become the weights.
/// With this callback validation says during training already how good they are.
///
/// Should an evaluation or a prediction fail in its midst, the averages stay in place until the next step, or until
/// [`Model::swap_ema_weights`](olifant_train::Model::swap_ema_weights).
///
/// # Defaults
///
/// `swap_on_epoch` false; true swaps from the end of an epoch to the beginning of the next as well,
/// so that callbacks behind this one, such as [`ModelCheckpoint`](crate::ModelCheckpoint), see the averages.
/// A file they save predicts with the averages; training that continues from it continues with the weights.
///
/// # Errors
///
/// Before the first step: the optimizer keeps no averages.
///
/// # Examples
///
/// ```
/// # use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Adam};
/// # use olifant_train::{Compile, FitOptions, Verbose};
/// use olifant_callbacks::{EarlyStopping, SwapEMAWeights};
/// # let (x, y) = (ndarray::array![[0.], [1.], [2.], [3.]], ndarray::array![0., 2., 4., 6.]);
///
/// let adam = Adam::new(0.1).use_ema(true).ema_momentum(0.9);
/// # let mut model = Sequential::new([1]).add(Dense::new(1)).seed(1).compile(adam, MeanSquaredError::new(), ())?;
/// // val_loss, which EarlyStopping looks at, is that of the averages.
/// let callbacks = (SwapEMAWeights::new(), EarlyStopping::new().patience(5));
/// # let options = FitOptions::new().epochs(20).verbose(Verbose::Silent);
/// model.fit(&x, &y, options.validation_split(0.25).callbacks(callbacks))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Keras's `SwapEMAWeights`, without its error that weights are not swapped back after a prediction.
/// Polyak, Juditsky (1992), [Acceleration of Stochastic Approximation by Averaging](https://doi.org/10.1137/0330046).
#[derive(Clone, Copy, Debug, Default)]
pub struct SwapEMAWeights {
    swap_on_epoch: bool,
}

impl SwapEMAWeights {
    /// Swaps for evaluations and predictions only.
    pub fn new() -> SwapEMAWeights {
        SwapEMAWeights::default()
    }

    /// Whether to swap at the end of each epoch until the next begins.
    pub fn swap_on_epoch(mut self, swap_on_epoch: bool) -> Self {
        self.swap_on_epoch = swap_on_epoch;
        self
    }
}

impl Callback for SwapEMAWeights {
    fn check(&self, plan: &Plan<'_>) -> HookResult {
        if plan.model().optimizer().options().use_ema {
            return Ok(());
        }
        let expected = "true in the optimizer: without it there are no averages to swap the weights with";
        Err(CallbackError::option("use_ema", expected, false))
    }

    fn on_train_end(&mut self, training: &mut Training<'_>, _logs: &Logs) -> HookResult {
        // Unless training failed, the averages have become the weights by now.
        put_averages(training.model_mut(), false)
    }

    fn on_epoch_begin(&mut self, training: &mut Training<'_>) -> HookResult {
        if self.swap_on_epoch { put_averages(training.model_mut(), false) } else { Ok(()) }
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, _logs: &mut Logs) -> HookResult {
        if self.swap_on_epoch { put_averages(training.model_mut(), true) } else { Ok(()) }
    }

    fn on_test_begin(&mut self, training: &mut Training<'_>) -> HookResult {
        put_averages(training.model_mut(), true)
    }

    fn on_test_end(&mut self, training: &mut Training<'_>, _logs: &Logs) -> HookResult {
        put_averages(training.model_mut(), false)
    }

    fn on_predict_begin(&mut self, training: &mut Training<'_>) -> HookResult {
        put_averages(training.model_mut(), true)
    }

    fn on_predict_end(&mut self, training: &mut Training<'_>) -> HookResult {
        put_averages(training.model_mut(), false)
    }
}

/// Puts the averages in the place of the weights, or the weights back, unless they are there already.
fn put_averages(model: &mut Model, averages: bool) -> HookResult {
    if model.has_ema_weights() != averages {
        model.swap_ema_weights()?;
    }
    Ok(())
}
