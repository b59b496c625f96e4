//! Several callbacks, called one after the other.

use crate::{Callback, CallbackError, FitError, Plan, Training};

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

    pub(crate) fn each(
        &mut self,
        training: &mut Training<'_>,
        mut hook: impl FnMut(&mut dyn Callback, &mut Training<'_>) -> Result<(), CallbackError>,
    ) -> Result<(), FitError> {
        let mut result = Ok(());
        for callback in &mut self.callbacks {
            training.set_current(callback.name());
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
