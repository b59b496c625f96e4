//! What a run of `fit` was like: every value of every metric, epoch by epoch.

mod csv;
#[cfg(feature = "plot")]
mod plot;
mod record;
mod table;

use std::fmt;
use std::ops::Index;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::atomic_file::{WriteError, write_atomically};
use crate::logs::Logs;
use crate::verbose::Verbose;
use olifant_nn::known_names;

#[cfg(feature = "plot")]
pub use plot::PlotError;

/// What `fit` returns: the loss and the metrics of every epoch, and how the run was configured.
///
/// Names come in the order of the logs.
/// A name that some epochs lack (`val_loss` with `validation_freq(2)`) has fewer values than there are
/// epochs, as in Keras; tables, files and plots remember which epochs those values belong to.
///
/// Serialised, every value returns bit for bit, NaN and infinity included, in JSON as in binary formats.
///
/// # Examples
///
/// ```
/// use olifant_train::{History, Logs, Params};
///
/// let mut history = History::new(Params::default());
/// history.push(0, &Logs::from_iter([("loss", 1.5), ("val_loss", 1.25)]));
/// history.push(1, &Logs::from_iter([("loss", 0.75), ("val_loss", 1.0)]));
///
/// assert_eq!(history["loss"], [1.5, 0.75]);
/// assert_eq!(history.last("val_loss"), Some(1.0));
/// assert_eq!(history.lowest("loss"), Some((1, 0.75)));
/// assert_eq!(history.table().to_string(), "\
/// epoch    loss  val_loss
///     1  1.5000    1.2500
///     2  0.7500    1.0000
/// ");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "record::Record", try_from = "record::Record")]
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

impl Params {
    /// One pass over some samples: an evaluation or a prediction.
    pub(crate) fn of_pass(
        samples: usize,
        batch_size: usize,
        steps: usize,
        verbose: Verbose,
        seed: u64,
    ) -> Params {
        let steps = Some(steps);
        Params {
            verbose,
            epochs: 1,
            initial_epoch: 0,
            steps,
            batch_size,
            samples,
            validation_samples: 0,
            seed,
        }
    }
}

impl History {
    /// A history without epochs.
    #[must_use]
    pub fn new(params: Params) -> Self {
        History { params, ..History::default() }
    }

    /// Appends an epoch, given its 0-based index and its final logs.
    pub fn push(&mut self, epoch: usize, logs: &Logs) {
        let row = self.epoch.len();
        self.epoch.push(epoch);
        for (name, value) in logs {
            let index = self.position(name).unwrap_or_else(|| {
                let name = Arc::from(name);
                self.series.push(Series { name, rows: Vec::new(), values: Vec::new() });
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

    /// The latest value of a name.
    #[must_use]
    pub fn last(&self, name: &str) -> Option<f64> {
        self.get(name)?.last().copied()
    }

    /// The epoch (its 0-based index) at which a name was lowest, and its value there.
    ///
    /// The earliest of equals; a NaN is never the lowest.
    #[must_use]
    pub fn lowest(&self, name: &str) -> Option<(usize, f64)> {
        self.first_best(name, |value, best| value < best)
    }

    /// The epoch (its 0-based index) at which a name was highest, and its value there.
    ///
    /// The earliest of equals; a NaN is never the highest.
    #[must_use]
    pub fn highest(&self, name: &str) -> Option<(usize, f64)> {
        self.first_best(name, |value, best| value > best)
    }

    /// The history as a text table, one line per epoch, for `println!("{}", history.table())`.
    ///
    /// Epochs count from 1 and numbers have the digits of the progress lines; `-` where an epoch lacks a value.
    pub fn table(&self) -> impl fmt::Display {
        table::Table(self)
    }

    /// The history as CSV: a column `epoch`, 0-based as in [`epoch`](History::epoch), and one for each name.
    ///
    /// Numbers have as many digits as it takes to read them back exactly.
    /// A NaN is `nan`, and a value that an epoch lacks is `NA`, as in Keras's `CSVLogger`.
    #[must_use]
    pub fn to_csv(&self) -> String {
        csv::to_csv(self)
    }

    /// Writes [`to_csv`](History::to_csv) to a file, which is replaced as a whole or not at all.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn save_csv(&self, path: impl AsRef<Path>) -> Result<(), WriteError> {
        write_atomically(path.as_ref(), self.to_csv().as_bytes())
    }

    /// The history as JSON: `{"params": {…}, "epoch": [0, 1], "history": {"loss": [1.5, 0.75]}}`.
    ///
    /// Each list is as long as `epoch`; `null` where an epoch lacks a value.
    /// JSON has no NaN, so one is the string `"nan"`; infinity is `"inf"`.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a history has string keys only and no number JSON lacks")
    }

    /// Writes [`to_json`](History::to_json) to a file, which is replaced as a whole or not at all.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn save_json(&self, path: impl AsRef<Path>) -> Result<(), WriteError> {
        write_atomically(path.as_ref(), self.to_json().as_bytes())
    }

    /// Takes over the epochs of an interrupted run.
    pub(crate) fn resume(&mut self, interrupted: History) {
        (self.epoch, self.series) = (interrupted.epoch, interrupted.series);
    }

    fn first_best(&self, name: &str, better: fn(f64, f64) -> bool) -> Option<(usize, f64)> {
        let series = &self.series[self.position(name)?];
        (series.rows.iter().zip(&series.values))
            .map(|(&row, &value)| (self.epoch[row], value))
            .filter(|(_, value)| !value.is_nan())
            .reduce(|best, next| if better(next.1, best.1) { next } else { best })
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.series.iter().position(|series| *series.name == *name)
    }
}

impl Series {
    /// One entry for each of so many epochs: the value, or `None` where the epoch lacks one.
    fn by_row(&self, rows: usize) -> Vec<Option<f64>> {
        let mut column = vec![None; rows];
        for (&row, &value) in self.rows.iter().zip(&self.values) {
            column[row] = Some(value);
        }
        column
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
            None => panic!("no `{name}` in this history ({})", known_names(name, self.names())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four epochs, validated every other one, the second diverging.
    pub(super) fn validated_every_other_epoch() -> History {
        let mut history = History::new(Params { epochs: 4, seed: u64::MAX, ..Params::default() });
        history.push(0, &Logs::from_iter([("loss", 1.5)]));
        history.push(1, &Logs::from_iter([("loss", f64::NAN), ("val_loss", 2.0)]));
        history.push(2, &Logs::from_iter([("loss", 0.5)]));
        history.push(3, &Logs::from_iter([("loss", 0.5), ("val_loss", f64::INFINITY)]));
        history
    }

    #[test]
    fn a_name_that_epochs_lack_has_a_shorter_list() {
        let history = validated_every_other_epoch();
        assert_eq!(history.epoch(), [0, 1, 2, 3]);
        assert_eq!(history["loss"].len(), 4);
        assert_eq!(history["val_loss"], [2.0, f64::INFINITY]);
        assert!(history.names().eq(["loss", "val_loss"]));
        assert_eq!(history.get("accuracy"), None);
        assert_eq!(history.params().epochs, 4);
    }

    #[test]
    fn the_best_epoch_is_the_first_of_equals_and_never_nan() {
        let history = validated_every_other_epoch();
        assert_eq!(history.lowest("loss"), Some((2, 0.5)));
        assert_eq!(history.highest("loss"), Some((0, 1.5)));
        assert_eq!(history.lowest("val_loss"), Some((1, 2.0)));
        assert_eq!(history.highest("val_loss"), Some((3, f64::INFINITY)));
        assert_eq!(history.last("loss"), Some(0.5));
        assert_eq!((history.lowest("mae"), history.last("mae")), (None, None));
    }

    #[test]
    fn epochs_are_indices_even_when_training_began_later() {
        let mut history = History::default();
        history.push(7, &Logs::from_iter([("loss", 1.0)]));
        assert_eq!(history.lowest("loss"), Some((7, 1.0)));
    }

    #[test]
    #[should_panic(
        expected = "no `val_lsos` in this history (known: loss, val_loss; did you mean `val_loss`?)"
    )]
    fn a_missing_name_lists_those_there_are() {
        let _ = validated_every_other_epoch()["val_lsos"];
    }

    #[test]
    fn files_hold_what_the_strings_say() {
        let folder = tempfile::tempdir().unwrap();
        let history = validated_every_other_epoch();
        let (csv, json) = (folder.path().join("a.csv"), folder.path().join("a.json"));
        history.save_csv(&csv).unwrap();
        history.save_json(&json).unwrap();
        assert_eq!(std::fs::read_to_string(csv).unwrap(), history.to_csv());
        assert_eq!(std::fs::read_to_string(json).unwrap(), history.to_json());
    }
}
