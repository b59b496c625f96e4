//! Which of the files that were written stay.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use olifant_train::{CallbackError, HookResult, Model};
use serde::{Deserialize, Serialize};

use crate::monitor::Monitor;

/// How many files stay; without either, all do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Keep {
    pub(crate) last: Option<usize>,
    pub(crate) best: Option<usize>,
}

impl Keep {
    /// Objects to numbers that make no sense, alone or with the other options.
    pub(crate) fn check(self, save_best_only: bool, filepath: &Path, has_field: bool) -> HookResult {
        for (option, number) in [("keep_last", self.last), ("keep_best", self.best)] {
            if number == Some(0) {
                return Err(CallbackError::option(option, "at least 1 file", 0));
            }
            if number.is_some() && !has_field {
                let expected =
                    format!("a name with a field such as {{epoch}}, as {option} needs several files");
                return Err(CallbackError::option("filepath", expected, format!("{filepath:?}")));
            }
        }
        let Some(best) = self.best else { return Ok(()) };
        if self.last.is_some() {
            return Err(CallbackError::option("keep_best", "unset beside keep_last", best));
        }
        if save_best_only {
            let expected =
                "unset beside save_best_only: one saves the k best, the other whatever beats them all";
            return Err(CallbackError::option("keep_best", expected, best));
        }
        Ok(())
    }
}

/// A file, and the monitored value of its model if files are kept for that.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeptFile {
    pub(crate) path: PathBuf,
    pub(crate) value: Option<f64>,
}

/// The files that were written and are still there, in the order of their writing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct KeptFiles(Vec<KeptFile>);

impl KeptFiles {
    /// Whether a model of this value would be among the `number` best; it must beat a file it would replace.
    pub(crate) fn is_among_best(
        &self,
        number: usize,
        path: &Path,
        value: f64,
        monitor: &Monitor,
        model: &Model,
    ) -> Result<bool, CallbackError> {
        let namesake = self.0.iter().position(|file| file.path == path);
        let rival = match namesake {
            None if self.0.len() >= number => self.worst(monitor, model)?,
            namesake => namesake,
        };
        monitor.is_better(value, rival.and_then(|rival| self.0[rival].value), model)
    }

    /// A file was written; those beyond the number to keep are deleted.
    ///
    /// # Errors
    ///
    /// One is there but cannot be deleted.
    pub(crate) fn add(&mut self, file: KeptFile, keep: Keep, monitor: &Monitor, model: &Model) -> HookResult {
        let Some(number) = keep.last.or(keep.best) else { return Ok(()) };
        // The file of this name is the new one.
        self.0.retain(|other| other.path != file.path);
        self.0.push(file);
        while self.0.len() > number {
            let worst = if keep.best.is_some() { self.worst(monitor, model)? } else { None };
            let file = self.0.remove(worst.unwrap_or(0));
            delete(&file.path)?;
        }
        Ok(())
    }

    /// The place of the worst file; of equals, that of the last.
    fn worst(&self, monitor: &Monitor, model: &Model) -> Result<Option<usize>, CallbackError> {
        let mut worst = None;
        for (place, file) in self.0.iter().enumerate() {
            let is_worst = match (worst.and_then(|worst: usize| self.0[worst].value), file.value) {
                (Some(worst), Some(value)) => !monitor.is_better(value, Some(worst), model)?,
                _ => true,
            };
            if is_worst {
                worst = Some(place);
            }
        }
        Ok(worst)
    }
}

/// Deletes a file. If it is gone already, so much the better.
fn delete(path: &Path) -> HookResult {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(CallbackError::File { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}
