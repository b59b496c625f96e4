//! What stateful layers keep from batch to batch.

use std::sync::PoisonError;

use olifant_core::Workspace;

use crate::{FitError, Model};

/// The states that a step without learning leads to, and the memory of the step: to be kept or dropped by the model.
#[must_use]
pub(crate) struct States(pub(super) Workspace);

impl Model {
    /// Sets the states of all stateful layers to zero: the next batch is the beginning of new sequences.
    ///
    /// Training, evaluation, also the validation of [`fit`](Model::fit), and prediction move the states on, batch by batch.
    /// A callback says `training.model_mut().reset_states()`.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::Array;
    /// use olifant_nn::{Sequential, layers::LSTM, losses::MeanSquaredError, optimizers::Sgd};
    /// use olifant_train::{Compile, EvaluateOptions};
    ///
    /// let mut model = Sequential::new([3, 1])
    ///     .add(LSTM::new(2).stateful(1))
    ///     .compile(Sgd::new(0.1), MeanSquaredError::new(), ())?;
    /// let x = Array::<f32, _>::ones((1, 3, 1));
    /// let first = model.predict_with(&x, EvaluateOptions::new())?;
    /// assert_ne!(model.predict_with(&x, EvaluateOptions::new())?, first);
    /// model.reset_states();
    /// assert_eq!(model.predict_with(&x, EvaluateOptions::new())?, first);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reset_states(&mut self) {
        self.network.reset_states();
    }

    /// Lets the layers go on from these states with the next batch.
    pub(crate) fn keep(&mut self, States(mut step): States) {
        step.commit(self.network.weights_mut());
        self.drop_states(States(step));
    }

    /// Leaves the states as they are.
    pub(crate) fn drop_states(&self, States(step): States) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(step);
    }

    /// Whether a method may only read the model: with a stateful layer there is another one, `instead`.
    pub(crate) fn check_stateless(&self, instead: &'static str) -> Result<(), FitError> {
        match self.network.layers().find(|(_, layer, _)| layer.batch_size().is_some()) {
            Some((layer, ..)) => Err(FitError::Stateful { layer: layer.to_owned(), instead }),
            None => Ok(()),
        }
    }
}
