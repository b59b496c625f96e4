//! Where a run of `fit` stands: all that is needed to go on as if nothing had happened.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{FitError, History, LoadError, Logs, Model, SaveError, State, Stop, identity::Identity, saving};

/// Where a run of `fit` stands, besides its model.
///
/// The trainer makes one when a callback asked by [`Training::request_snapshot`](crate::Training::request_snapshot),
/// at a moment when no callback is in the midst of its work, and shows it to
/// [`Callback::on_snapshot`](crate::Callback::on_snapshot).
/// Written into a file together with the model, it becomes a [`Checkpoint`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    pub(crate) position: Position,
    pub(crate) seed: u64,
    pub(crate) identity: Identity,
    /// Those of the running epoch: of the loss, and of the metrics.
    pub(crate) sums: Vec<f64>,
    pub(crate) history: History,
    /// Those of the last epoch that ended, without what callbacks added.
    pub(crate) logs: Logs,
    pub(crate) stop: Option<Stop>,
    /// The callbacks by name, and what they remember.
    pub(crate) callbacks: Vec<(String, Option<State>)>,
}

/// What comes next in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// The epoch, from 0.
    pub(crate) epoch: usize,
    /// The batch of that epoch; at 0 the epoch has not begun.
    pub(crate) batch: usize,
    /// How often the data was begun: which order of samples.
    pub(crate) pass: usize,
    /// The batch of that pass. With `steps_per_epoch` an epoch may begin in the midst of one.
    pub(crate) cursor: usize,
}

impl Snapshot {
    /// The epoch that goes on or comes next, from 0.
    pub fn epoch(&self) -> usize {
        self.position.epoch
    }

    /// The batch that comes next in that epoch; at 0 the epoch has not begun.
    pub fn batch(&self) -> usize {
        self.position.batch
    }

    /// What the epochs so far brought.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Whether a file of this name can hold a snapshot: its extension is `.olifant`.
    pub fn can_be_saved(path: impl AsRef<Path>) -> bool {
        saving::can_hold_training(path.as_ref())
    }

    /// Saves the model and this snapshot of its training: see [`Checkpoint`].
    ///
    /// The file is replaced as a whole or not at all.
    ///
    /// # Errors
    ///
    /// As those of [`Model::save`]; and only `.olifant` files can hold a snapshot.
    pub fn save(&self, model: &Model, path: impl AsRef<Path>) -> Result<(), SaveError> {
        saving::save_checkpoint(model, self, path.as_ref())
    }

    /// The first difference between the run this was taken of and another one.
    pub(crate) fn check_callbacks(&self, names: &[&str]) -> Result<(), (String, String, String)> {
        let were: Vec<&str> = self.callbacks.iter().map(|(name, _)| &**name).collect();
        if were == names {
            return Ok(());
        }
        Err(("the list of callbacks".into(), were.join(", "), names.join(", ")))
    }
}

/// A model in the midst of its training, from a file: what an interrupted run goes on from.
///
/// The callback `BackupAndRestore` and a `ModelCheckpoint` of a whole model write such files.
/// A run is resumed by the first callback whose [`Callback::resume`](crate::Callback::resume) returns one,
/// or by [`FitOptions::resume_from`](crate::FitOptions::resume_from).
/// The file is an ordinary model to [`Model::load`].
#[derive(Debug)]
pub struct Checkpoint {
    pub(crate) path: PathBuf,
    pub(crate) model: Model,
    pub(crate) snapshot: Snapshot,
}

impl Checkpoint {
    /// Reads a file that [`Snapshot::save`] wrote.
    ///
    /// # Errors
    ///
    /// As those of [`Model::load`]; or the file holds a model, but not in the midst of its training.
    pub fn load(path: impl AsRef<Path>) -> Result<Checkpoint, LoadError> {
        let path = path.as_ref();
        let (model, snapshot) = saving::load_checkpoint(path)?;
        Ok(Checkpoint { path: path.to_owned(), model, snapshot })
    }

    /// The model as it was.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Where its training stood.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The error that something is not as it was.
    pub(crate) fn differs(&self, (what, was, now): (String, String, String)) -> FitError {
        FitError::Resume { path: self.path.clone(), what, was, now }
    }
}
