//! Calls closures.

use std::fmt;

use olifant_core::TensorView;
use olifant_train::{Callback, CallbackError, HookResult, Logs, Training};

/// What a closure of a [`LambdaCallback`] may return: nothing, or a [`HookResult`].
pub trait IntoHookResult {
    /// The answer of the hook.
    ///
    /// # Errors
    ///
    /// The closure failed.
    fn into_hook_result(self) -> HookResult;
}

impl IntoHookResult for () {
    fn into_hook_result(self) -> HookResult {
        Ok(())
    }
}

impl IntoHookResult for Result<(), CallbackError> {
    fn into_hook_result(self) -> HookResult {
        self
    }
}

/// Declares the struct, a builder method for each hook, and the impl that calls them, from one list.
macro_rules! lambda_callback {
    ($($(#[$documentation:meta])* fn $hook:ident($($argument:ident: $Type:ty)?);)*) => {
        /// Calls closures at the events of training.
        ///
        /// Each gets the [`Training`], which knows epoch and batch, and the logs if the event has any.
        /// It may borrow from its surroundings, and returns nothing or a [`HookResult`].
        /// When an interrupted run goes on, what closures have remembered does not come back:
        /// a callback of your own has [`state`](Callback::state) for that.
        ///
        /// # Defaults
        ///
        /// No closure for any event.
        ///
        /// # Examples
        ///
        /// ```
        /// # use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
        /// # use olifant_train::{Compile, FitOptions, Verbose};
        /// use olifant_callbacks::LambdaCallback;
        /// # let (x, y) = (ndarray::array![[0.], [1.]], ndarray::array![0., 2.]);
        /// # let mut model =
        /// #     Sequential::new([1]).add(Dense::new(1)).seed(1).compile(Sgd::new(0.1), MeanSquaredError::new(), ())?;
        ///
        /// let mut losses = Vec::new();
        /// let collect = LambdaCallback::new()
        ///     .on_epoch_end(|_, logs| losses.push(logs["loss"]))
        ///     .on_train_end(|training, _| training.message("the end"));
        /// model.fit(&x, &y, FitOptions::new().epochs(3).verbose(Verbose::Silent).callback(collect))?;
        /// assert_eq!(losses.len(), 3);
        /// # Ok::<(), olifant_train::FitError>(())
        /// ```
        ///
        /// # References
        ///
        /// Keras's `LambdaCallback`.
        #[derive(Default)]
        pub struct LambdaCallback<'a> {
            $($hook: Option<Box<dyn FnMut(&mut Training<'_>, $($Type)?) -> HookResult + Send + 'a>>,)*
        }

        impl<'a> LambdaCallback<'a> {
            $($(#[$documentation])*
            pub fn $hook<R: IntoHookResult>(
                mut self,
                mut call: impl FnMut(&mut Training<'_>, $($Type)?) -> R + Send + 'a,
            ) -> Self {
                self.$hook = Some(Box::new(move |training, $($argument)?| {
                    call(training, $($argument)?).into_hook_result()
                }));
                self
            })*
        }

        impl Callback for LambdaCallback<'_> {
            $(fn $hook(&mut self, training: &mut Training<'_>, $($argument: $Type)?) -> HookResult {
                match &mut self.$hook {
                    Some(call) => call(training, $($argument)?),
                    None => Ok(()),
                }
            })*
        }

        impl fmt::Debug for LambdaCallback<'_> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                let hooks = [$((stringify!($hook), self.$hook.is_some())),*];
                let set = hooks.into_iter().filter(|(_, is_set)| *is_set).map(|(hook, _)| hook);
                formatter.write_str("LambdaCallback ")?;
                formatter.debug_set().entries(set).finish()
            }
        }
    };
}

lambda_callback! {
    /// Called when training begins.
    fn on_train_begin();
    /// Called when training has ended, well or not.
    fn on_train_end(logs: &Logs);
    /// Called when an epoch begins.
    fn on_epoch_begin();
    /// Called when an epoch has ended; callbacks that follow see what it adds to the logs.
    fn on_epoch_end(logs: &mut Logs);
    /// Called when a training batch begins.
    fn on_train_batch_begin();
    /// Called when a training batch has ended.
    fn on_train_batch_end(logs: &Logs);
    /// Called when an evaluation begins.
    fn on_test_begin();
    /// Called when an evaluation has ended.
    fn on_test_end(logs: &Logs);
    /// Called when an evaluation batch begins.
    fn on_test_batch_begin();
    /// Called when an evaluation batch has ended.
    fn on_test_batch_end(logs: &Logs);
    /// Called when a prediction begins.
    fn on_predict_begin();
    /// Called when a prediction has ended.
    fn on_predict_end();
    /// Called when a prediction batch begins.
    fn on_predict_batch_begin();
    /// Called when a prediction batch has ended, with its outputs.
    fn on_predict_batch_end(outputs: &[TensorView<'_>]);
}

impl<'a> LambdaCallback<'a> {
    /// Calls nothing yet.
    pub fn new() -> LambdaCallback<'a> {
        LambdaCallback::default()
    }

    /// Another name of `on_train_batch_begin`; if both are given, that one is called, as in Keras.
    pub fn on_batch_begin<R: IntoHookResult>(
        self,
        call: impl FnMut(&mut Training<'_>) -> R + Send + 'a,
    ) -> Self {
        if self.on_train_batch_begin.is_some() { self } else { self.on_train_batch_begin(call) }
    }

    /// Another name of `on_train_batch_end`; if both are given, that one is called, as in Keras.
    pub fn on_batch_end<R: IntoHookResult>(
        self,
        call: impl FnMut(&mut Training<'_>, &Logs) -> R + Send + 'a,
    ) -> Self {
        if self.on_train_batch_end.is_some() { self } else { self.on_train_batch_end(call) }
    }
}
