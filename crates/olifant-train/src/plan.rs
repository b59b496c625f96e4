//! What is going to happen, told to callbacks before it does.

use olifant_nn::{Objective, known_names};

use crate::{Callback, CallbackError, Model, Params, batches::STREAM};

/// What is known before the first batch: the names that will be in the logs, and who sets the learning rate.
pub struct Plan<'a> {
    model: &'a Model,
    params: &'a Params,
    batch_logs: Vec<String>,
    epoch_logs: Vec<String>,
    learning_rate_owner: Option<String>,
    /// Whether data comes once, in its order.
    pub(crate) has_stream: bool,
}

impl<'a> Plan<'a> {
    /// The plan of a run of `fit`.
    pub fn new(model: &'a Model, params: &'a Params) -> Plan<'a> {
        let batch_logs: Vec<String> = model.log_names().map(String::from).collect();
        let mut epoch_logs = batch_logs.clone();
        if params.validation_samples > 0 {
            epoch_logs.extend(batch_logs.iter().map(|name| format!("val_{name}")));
            epoch_logs.sort_unstable();
        }
        let owner = model.has_schedule().then(|| "the schedule the optimizer was made with".to_string());
        Plan { model, params, batch_logs, epoch_logs, learning_rate_owner: owner, has_stream: false }
    }

    /// The model that will be trained.
    pub fn model(&self) -> &Model {
        self.model
    }

    /// Epochs, batch size, and the like.
    pub fn params(&self) -> &Params {
        self.params
    }

    /// The names that will be in the logs at the end of an epoch, as far as callbacks before this one add to them.
    pub fn epoch_logs(&self) -> impl Iterator<Item = &str> {
        self.epoch_logs.iter().map(String::as_str)
    }

    /// The names that will be in the logs at the end of a batch.
    pub fn batch_logs(&self) -> impl Iterator<Item = &str> {
        self.batch_logs.iter().map(String::as_str)
    }

    /// Objects to a name that will never be in the logs of an epoch.
    ///
    /// # Errors
    ///
    /// It will not; the error lists the names there will be.
    pub fn expect_epoch_log(&self, what: &str, name: &str) -> Result<(), CallbackError> {
        expect(what, name, &self.epoch_logs).map_err(|error| self.explain_validation(name, error))
    }

    /// Objects to a name that will never be in the logs of a batch.
    ///
    /// # Errors
    ///
    /// It will not; the error lists the names there will be.
    pub fn expect_batch_log(&self, what: &str, name: &str) -> Result<(), CallbackError> {
        expect(what, name, &self.batch_logs)
    }

    /// Objects if the run could not be resumed, as one whose data is a [`Stream`](crate::Stream) cannot.
    ///
    /// # Errors
    ///
    /// It could not.
    pub fn expect_resumable(&self) -> Result<(), CallbackError> {
        if self.has_stream { Err(CallbackError::new(STREAM)) } else { Ok(()) }
    }

    /// Objects if something else sets the learning rate already.
    ///
    /// # Errors
    ///
    /// A schedule in the optimizer, or a callback before this one, does.
    pub fn expect_free_learning_rate(&self) -> Result<(), CallbackError> {
        match &self.learning_rate_owner {
            Some(owner) => Err(CallbackError::LearningRateOwner { owner: owner.clone() }),
            None => Ok(()),
        }
    }

    /// Which way a name improves, if the model knows: see [`Model::objective`].
    pub fn objective(&self, name: &str) -> Option<Objective> {
        self.model.objective(name)
    }

    /// Says so if a name is missing only because nothing is validated.
    fn explain_validation(&self, name: &str, error: CallbackError) -> CallbackError {
        let is_validation =
            name.strip_prefix("val_").is_some_and(|bare| self.batch_logs.iter().any(|known| known == bare));
        match error {
            CallbackError::UnknownLog { what, given, .. } if is_validation => {
                let known = self.epoch_logs.join(", ");
                let known = format!("known: {known}; give validation_split or validation_data to have it");
                CallbackError::UnknownLog { what, given, known }
            }
            other => other,
        }
    }

    /// Takes note of what a callback adds.
    pub(crate) fn add(&mut self, callback: &dyn Callback) {
        if callback.sets_learning_rate() {
            self.learning_rate_owner = Some(format!("callback {}", callback.name()));
        }
        for name in callback.adds_logs() {
            if !self.epoch_logs.iter().any(|known| known == name) {
                self.epoch_logs.push(name.to_string());
            }
        }
    }
}

fn expect(what: &str, given: &str, known: &[String]) -> Result<(), CallbackError> {
    if known.iter().any(|name| name == given) {
        return Ok(());
    }
    Err(CallbackError::UnknownLog {
        what: what.to_string(),
        given: given.to_string(),
        known: known_names(given, known.iter().map(String::as_str)),
    })
}
