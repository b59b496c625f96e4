//! What a run of `fit` was like: every value of every metric, epoch by epoch.

use std::ops::Index;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::logs::Logs;
use crate::suggestion::known_names;
use crate::verbose::Verbose;

/// What `fit` returns: the loss and the metrics of every epoch, and how the run was configured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    params: Params,
    epoch: Vec<usize>,
    series: Vec<Series>,
}

/// How a run was configured: what `fit` was asked for and what it made of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Params {
    /// How much was printed, as passed.
    pub verbose: Verbose,
    /// The index after the last epoch asked for.
    pub epochs: usize,
    /// The index of the first epoch.
    pub initial_epoch: usize,
    /// Batches per epoch, if that was known beforehand.
    pub steps: Option<usize>,
    /// Samples per batch.
    pub batch_size: usize,
    /// Samples trained on.
    pub samples: usize,
    /// Samples validated on, 0 without validation.
    pub validation_samples: usize,
    /// The seed of all randomness of the run: pass it again to have the same run again.
    pub seed: u64,
}

/// The values of one name, and the rows of [`History::epoch`] they belong to.
#[derive(Clone, Debug, PartialEq)]
struct Series {
    name: Arc<str>,
    rows: Vec<usize>,
    values: Vec<f64>,
}

impl History {
    /// A history without epochs.
    #[must_use]
    pub fn new(params: Params) -> Self {
        History {
            params,
            ..History::default()
        }
    }

    /// Appends an epoch, given its 0-based index and its final logs.
    pub fn push(&mut self, epoch: usize, logs: &Logs) {
        let row = self.epoch.len();
        self.epoch.push(epoch);
        for (name, value) in logs {
            let index = self.position(name).unwrap_or_else(|| {
                let name = Arc::from(name);
                self.series.push(Series {
                    name,
                    rows: Vec::new(),
                    values: Vec::new(),
                });
                self.series.len() - 1
            });
            self.series[index].rows.push(row);
            self.series[index].values.push(value);
        }
    }

    /// The values of a name, one for each epoch that had it, or `None` if no epoch had it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[f64]> {
        self.position(name).map(|index| &*self.series[index].values)
    }

    /// The 0-based indices of the epochs that were run.
    #[must_use]
    pub fn epoch(&self) -> &[usize] {
        &self.epoch
    }

    /// The names recorded, in the order of the logs.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.series.iter().map(|series| &*series.name)
    }

    /// How the run was configured.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.series.iter().position(|series| *series.name == *name)
    }
}

/// The values of a name that must be there: `history["loss"]`.
///
/// # Panics
///
/// If no epoch had it; the message lists the names there are. Use [`History::get`] to ask.
impl Index<&str> for History {
    type Output = [f64];

    #[track_caller]
    fn index(&self, name: &str) -> &[f64] {
        match self.get(name) {
            Some(values) => values,
            None => panic!(
                "no `{name}` in this history ({})",
                known_names(name, self.names())
            ),
        }
    }
}
