//! What a callback is: somebody who watches training, and may change or stop it.

use olifant_core::TensorView;

use crate::{CallbackError, Checkpoint, Logs, Plan, Snapshot, State, Training};

/// What a hook answers.
pub type HookResult = Result<(), CallbackError>;

/// Declares the trait, and the impls that pass every hook on, from one list: none can be forgotten.
macro_rules! callback_trait {
    ($($(#[$documentation:meta])* fn $hook:ident($($argument:ident: $Type:ty)?);)*) => {
        /// Watches training, and may change or stop it.
        ///
        /// Every hook does nothing by default. Callbacks are called in the order in which they were given.
        /// An error from any hook ends training; then all callbacks get `on_train_end`, whether they began or not.
        ///
        /// # Examples
        ///
        /// ```
        /// use olifant_train::{Callback, HookResult, Logs, Training};
        ///
        /// /// Says how far apart the two losses are: the article's custom callback.
        /// struct OverfittingMonitor;
        ///
        /// impl Callback for OverfittingMonitor {
        ///     fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        ///         let ratio = logs["val_loss"] / logs["loss"];
        ///         training.message(&format!("epoch {}: val/train {ratio:.2}", training.epoch() + 1));
        ///         Ok(())
        ///     }
        /// }
        /// ```
        #[diagnostic::on_unimplemented(
            message = "`{Self}` is not a callback",
            note = "a callback is lent (`&mut early_stopping`) or given away (`TerminateOnNaN::new()`)",
            note = "several of different types are a tuple: `(&mut early_stopping, &mut csv_logger)`"
        )]
        #[allow(unused_variables)]
        pub trait Callback: Send {
            /// What the callback is called in messages: by default the name of its type.
            fn name(&self) -> &str {
                let path = std::any::type_name::<Self>();
                let path = path.split('<').next().unwrap_or(path);
                path.rsplit("::").next().unwrap_or(path)
            }

            /// The keys this callback adds to the logs in `on_epoch_end`; callbacks after it may rely on them.
            fn adds_logs(&self) -> &[&'static str] {
                &[]
            }

            /// Whether this callback sets the learning rate; only one may.
            fn sets_learning_rate(&self) -> bool {
                false
            }

            /// Looks at what is going to happen and objects if this callback cannot work.
            ///
            /// It is called for all callbacks before any `on_train_begin`, so it must not have any effect.
            ///
            /// # Errors
            ///
            /// An option is outside its range, or a name will never be in the logs.
            fn check(&self, plan: &Plan<'_>) -> HookResult {
                Ok(())
            }

            $($(#[$documentation])*
            fn $hook(&mut self, training: &mut Training<'_>, $($argument: $Type)?) -> HookResult {
                Ok(())
            })*

            /// What must not be forgotten when the process dies: whatever `on_train_begin` resets, for example.
            ///
            /// It becomes part of every snapshot of the run, whoever asked for that.
            ///
            /// # Errors
            ///
            /// The state cannot be serialised.
            fn state(&self) -> Result<Option<State>, CallbackError> {
                Ok(None)
            }

            /// Takes back what [`state`](Callback::state) returned, in another process or another object.
            ///
            /// # Errors
            ///
            /// It is the state of something else.
            fn restore_state(&mut self, state: &State) -> HookResult {
                Ok(())
            }

            /// An interrupted run goes on; called instead of `on_train_begin`.
            ///
            /// By default it begins and then restores the state, which is right for all that is in memory.
            /// Who writes a file cuts it back here to the length it had.
            /// A snapshot that is asked for here is taken at once, and is the same as the one the run goes on from:
            /// for who was to write a file in `on_snapshot` and died before that.
            ///
            /// # Errors
            ///
            /// The callback cannot go on from there.
            fn on_train_resume(&mut self, training: &mut Training<'_>, state: Option<&State>) -> HookResult {
                self.on_train_begin(training)?;
                state.map_or(Ok(()), |state| self.restore_state(state))
            }

            /// An interrupted run that this callback knows of. It is asked for before anything else happens.
            ///
            /// # Errors
            ///
            /// There is one, but it cannot be read.
            fn resume(&mut self) -> Result<Option<Checkpoint>, CallbackError> {
                Ok(None)
            }

            /// The snapshot that this callback has asked for by [`Training::request_snapshot`].
            ///
            /// # Errors
            ///
            /// It cannot be kept.
            fn on_snapshot(&mut self, training: &mut Training<'_>, snapshot: &Snapshot) -> HookResult {
                Ok(())
            }
        }

        callback_trait!(@forward [<C: Callback + ?Sized> Callback for &mut C] $(fn $hook($($argument: $Type)?);)*);
        callback_trait!(@forward [<C: Callback + ?Sized> Callback for Box<C>] $(fn $hook($($argument: $Type)?);)*);

        impl crate::CallbackList<'_> {
            $($(#[$documentation])*
            ///
            /// # Errors
            ///
            /// The first callback that fails; those after it are not called, unless training has ended.
            pub fn $hook(&mut self, training: &mut Training<'_>, $($argument: $Type)?) -> Result<(), crate::FitError> {
                self.each(training, |callback, training| callback.$hook(training, $($argument)?))
            })*
        }
    };
    (@forward [$($header:tt)*] $(fn $hook:ident($($argument:ident: $Type:ty)?);)*) => {
        impl $($header)* {
            fn name(&self) -> &str {
                (**self).name()
            }

            fn adds_logs(&self) -> &[&'static str] {
                (**self).adds_logs()
            }

            fn sets_learning_rate(&self) -> bool {
                (**self).sets_learning_rate()
            }

            fn check(&self, plan: &Plan<'_>) -> HookResult {
                (**self).check(plan)
            }

            $(fn $hook(&mut self, training: &mut Training<'_>, $($argument: $Type)?) -> HookResult {
                (**self).$hook(training, $($argument)?)
            })*

            fn state(&self) -> Result<Option<State>, CallbackError> {
                (**self).state()
            }

            fn restore_state(&mut self, state: &State) -> HookResult {
                (**self).restore_state(state)
            }

            fn on_train_resume(&mut self, training: &mut Training<'_>, state: Option<&State>) -> HookResult {
                (**self).on_train_resume(training, state)
            }

            fn resume(&mut self) -> Result<Option<Checkpoint>, CallbackError> {
                (**self).resume()
            }

            fn on_snapshot(&mut self, training: &mut Training<'_>, snapshot: &Snapshot) -> HookResult {
                (**self).on_snapshot(training, snapshot)
            }
        }
    };
}

callback_trait! {
    /// Training begins.
    fn on_train_begin();
    /// Training has ended, well or not: see [`Training::ending`]. `logs` are those of the last epoch.
    fn on_train_end(logs: &Logs);
    /// An epoch begins: see [`Training::epoch`].
    fn on_epoch_begin();
    /// An epoch has ended, its validation included. What is added to `logs` is seen by the callbacks that follow.
    fn on_epoch_end(logs: &mut Logs);
    /// A training batch begins: see [`Training::batch`].
    fn on_train_batch_begin();
    /// A training batch has ended. `logs` are averages since the beginning of the epoch.
    fn on_train_batch_end(logs: &Logs);
    /// An evaluation begins: validation within `fit`, or `evaluate`.
    fn on_test_begin();
    /// An evaluation has ended. The names in `logs` have no prefix.
    fn on_test_end(logs: &Logs);
    /// An evaluation batch begins.
    fn on_test_batch_begin();
    /// An evaluation batch has ended. `logs` are averages since the beginning of the evaluation.
    fn on_test_batch_end(logs: &Logs);
    /// A prediction begins.
    fn on_predict_begin();
    /// A prediction has ended.
    fn on_predict_end();
    /// A prediction batch begins.
    fn on_predict_batch_begin();
    /// A prediction batch has ended; these are its outputs, batch axis in front.
    fn on_predict_batch_end(outputs: &[TensorView<'_>]);
}
