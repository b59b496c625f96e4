//! Several callbacks, called one after the other.

use crate::{Callback, CallbackError, Checkpoint, FitError, Plan, Snapshot, State, Training};

/// Several callbacks, called one after the other in the order given.
///
/// `fit` makes its own; a hand-written loop may use one.
#[derive(Default)]
pub struct CallbackList<'a> {
    callbacks: Vec<Box<dyn Callback + 'a>>,
}

impl<'a> CallbackList<'a> {
    /// A list of these callbacks.
    pub fn new(callbacks: Vec<Box<dyn Callback + 'a>>) -> CallbackList<'a> {
        CallbackList { callbacks }
    }

    /// Appends a callback.
    pub fn push(&mut self, callback: impl Callback + 'a) {
        self.callbacks.push(Box::new(callback));
    }

    /// Asks every callback whether it can work, each knowing what those before it add to the logs.
    ///
    /// # Errors
    ///
    /// The first callback that cannot.
    pub fn check(&self, mut plan: Plan<'_>) -> Result<(), FitError> {
        for callback in &self.callbacks {
            callback.check(&plan).map_err(|source| failed(&**callback, source))?;
            plan.add(&**callback);
        }
        Ok(())
    }

    /// The names of the callbacks, in order.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.callbacks.iter().map(|callback| callback.name()).collect()
    }

    /// The first interrupted run that a callback knows of.
    pub(crate) fn resume(&mut self) -> Result<Option<Checkpoint>, FitError> {
        for callback in &mut self.callbacks {
            let checkpoint = callback.resume().map_err(|source| failed(&**callback, source))?;
            if checkpoint.is_some() {
                return Ok(checkpoint);
            }
        }
        Ok(None)
    }

    /// Lets every callback go on with the state it had.
    pub(crate) fn on_train_resume(
        &mut self,
        training: &mut Training<'_>,
        states: &[(String, Option<State>)],
    ) -> Result<(), FitError> {
        let mut states = states.iter().map(|(_, state)| state.as_ref());
        self.each(training, |callback, training| {
            callback.on_train_resume(training, states.next().unwrap_or_default())
        })
    }

    /// What every callback remembers, with its name.
    pub(crate) fn states(&self) -> Result<Vec<(String, Option<State>)>, FitError> {
        let mut states = Vec::with_capacity(self.callbacks.len());
        for callback in &self.callbacks {
            let state = callback.state().map_err(|source| failed(&**callback, source))?;
            states.push((callback.name().to_owned(), state));
        }
        Ok(states)
    }

    /// Shows a snapshot to those who asked for it.
    pub(crate) fn on_snapshot(
        &mut self,
        training: &mut Training<'_>,
        snapshot: &Snapshot,
    ) -> Result<(), FitError> {
        let requests = std::mem::take(&mut training.snapshot_requests);
        let mut place = 0..;
        self.each(training, |callback, training| {
            let asked = place.next().is_some_and(|place| requests.contains(&place));
            if asked { callback.on_snapshot(training, snapshot) } else { Ok(()) }
        })
    }

    pub(crate) fn each(
        &mut self,
        training: &mut Training<'_>,
        mut hook: impl FnMut(&mut dyn Callback, &mut Training<'_>) -> Result<(), CallbackError>,
    ) -> Result<(), FitError> {
        let mut result = Ok(());
        for (place, callback) in self.callbacks.iter_mut().enumerate() {
            training.set_current(place, callback.name());
            let done = hook(&mut **callback, training).map_err(|source| failed(&**callback, source));
            result = result.and(done);
            // Once training has ended, everybody gets the chance to close a file or give weights back.
            if result.is_err() && training.ending().is_none() {
                break;
            }
        }
        result
    }
}

fn failed(callback: &dyn Callback, source: CallbackError) -> FitError {
    FitError::Callback { callback: callback.name().to_string(), source }
}
