//! Keeps a backup of the run, from which the next call of `fit` goes on.

#[cfg(feature = "interrupt")]
mod ctrl_c;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use olifant_train::{
    Callback, CallbackError, Checkpoint, Ending, HookResult, LoadError, Logs, Model, Plan, Snapshot, State,
    Training,
};

use crate::SaveFreq;

/// Keeps a backup of the whole run, from which the next call of `fit` goes on as if nothing had happened.
///
/// Should the process die, run the program again: `fit` finds the backup, and training continues to the same bits,
/// with the same history, log files, checkpoints and decisions of callbacks as an uninterrupted run.
/// The backup holds the weights, what the optimizer and all callbacks remember, the history, and the position,
/// also in the midst of an epoch. It is replaced as a whole or not at all, so there is always a good one.
///
/// When training has ended, however it did but for errors, the backup is deleted and the next `fit` begins anew.
///
/// A run is only resumed with the model, data, options and callbacks it began with; `epochs` may be more.
/// For a seed that was drawn, the drawn one is taken from the backup.
///
/// # Defaults
///
/// | option | default | meaning |
/// |---|---|---|
/// | `save_freq` | [`SaveFreq::Epoch`] | when a backup is made; a number means batches |
/// | `double_checkpoint` | false | whether the backup before the last is kept as well, for disks that lose what was written |
/// | `delete_checkpoint` | true | whether the backup is deleted when training has ended |
/// | `save_on_interrupt` | false | whether Ctrl-C makes a backup and ends training; needs the feature `interrupt` |
///
/// # Errors
///
/// Before the first step: the directory's name is empty or that of a file; the data is a [`Stream`](olifant_train::Stream); the backup cannot be read, or is of another run.
/// Later: it cannot be written; the one before is then still there.
///
/// # Examples
///
/// ```
/// # use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// # use olifant_train::{Compile, FitOptions, Verbose};
/// use olifant_callbacks::BackupAndRestore;
/// # let (x, y) = (ndarray::array![[0.], [1.]], ndarray::array![0., 2.]);
/// # let mut model =
/// #     Sequential::new([1]).add(Dense::new(1)).seed(1).compile(Sgd::new(0.1), MeanSquaredError::new(), ())?;
/// # let directory = tempfile::tempdir()?;
///
/// let backup = BackupAndRestore::new(directory.path().join("backup")).save_freq(100);
/// model.fit(&x, &y, FitOptions::new().epochs(3).verbose(Verbose::Silent).callback(backup))?;
/// # assert!(!directory.path().join("backup").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Keras's `BackupAndRestore`, which keeps weights, optimizer and epoch, and repeats the epoch it was interrupted in.
#[derive(Clone, Debug)]
pub struct BackupAndRestore {
    backup_dir: PathBuf,
    save_freq: SaveFreq,
    double_checkpoint: bool,
    delete_checkpoint: bool,
    /// Since the last backup.
    batches_seen: usize,
    #[cfg(feature = "interrupt")]
    ctrl_c: ctrl_c::CtrlC,
}

/// The file in the directory.
const LATEST: &str = "latest.olifant";
/// The one before it.
const PREVIOUS: &str = "latest.bkp.olifant";

impl BackupAndRestore {
    /// Keeps a backup in this directory, made after each epoch.
    pub fn new(backup_dir: impl Into<PathBuf>) -> BackupAndRestore {
        BackupAndRestore {
            backup_dir: backup_dir.into(),
            save_freq: SaveFreq::Epoch,
            double_checkpoint: false,
            delete_checkpoint: true,
            batches_seen: 0,
            #[cfg(feature = "interrupt")]
            ctrl_c: ctrl_c::CtrlC::default(),
        }
    }

    /// When a backup is made; a number means batches.
    pub fn save_freq(self, save_freq: impl Into<SaveFreq>) -> Self {
        BackupAndRestore { save_freq: save_freq.into(), ..self }
    }

    /// Whether the backup before the last is kept as well.
    pub fn double_checkpoint(self, double_checkpoint: bool) -> Self {
        BackupAndRestore { double_checkpoint, ..self }
    }

    /// Whether the backup is deleted when training has ended.
    pub fn delete_checkpoint(self, delete_checkpoint: bool) -> Self {
        BackupAndRestore { delete_checkpoint, ..self }
    }

    /// Whether Ctrl-C, after the batch or the validation that is running, makes a backup and ends training, to be gone on with later:
    /// `fit` returns [`FitError::Interrupted`](olifant_train::FitError::Interrupted), and the backup stays.
    ///
    /// A second Ctrl-C ends the process at once, and so does the first before and after training, as it always does.
    /// A hand-written loop, in which nobody makes backups, is stopped.
    /// A program that handles Ctrl-C by itself leaves this alone, and has a callback call [`Training::interrupt`].
    #[cfg(feature = "interrupt")]
    pub fn save_on_interrupt(mut self, save_on_interrupt: bool) -> Self {
        self.ctrl_c.is_wanted = save_on_interrupt;
        self
    }

    /// Ends training after a last backup if Ctrl-C was pressed.
    #[cfg(feature = "interrupt")]
    fn interrupt_if_asked(&self, training: &mut Training<'_>) {
        if self.ctrl_c.is_pressed() {
            if training.request_snapshot() {
                training.message("Ctrl-C: saving a backup; pressed again, it ends the program at once");
                training.interrupt();
            } else {
                training.stop("Ctrl-C");
            }
        }
    }

    fn latest(&self) -> PathBuf {
        self.backup_dir.join(LATEST)
    }

    fn previous(&self) -> PathBuf {
        self.backup_dir.join(PREVIOUS)
    }

    /// Deletes what this callback has written, and the directory if there is nothing else in it.
    fn delete(&self) -> HookResult {
        for file in [self.latest(), self.previous()] {
            if_there(fs::remove_file(&file)).map_err(|source| failed(&file, source))?;
        }
        // A directory in which others keep files stays.
        let _ = fs::remove_dir(&self.backup_dir);
        Ok(())
    }
}

impl Callback for BackupAndRestore {
    fn check(&self, plan: &Plan<'_>) -> HookResult {
        if self.backup_dir.as_os_str().is_empty() {
            return Err(CallbackError::option("backup_dir", "the name of a directory", "empty"));
        }
        if self.save_freq == SaveFreq::Batches(0) {
            return Err(CallbackError::option("save_freq", "at least 1 batch", 0));
        }
        plan.expect_resumable()?;
        Ok(Model::check_save_path(self.latest(), false)?)
    }

    fn resume(&mut self) -> Result<Option<Checkpoint>, CallbackError> {
        let latest = load(&self.latest());
        match latest {
            Ok(Some(checkpoint)) => Ok(Some(checkpoint)),
            // Killed between two renames, or lost by the disk: the one before will do.
            Ok(None) => Ok(load(&self.previous())?),
            Err(error) => match load(&self.previous()) {
                Ok(Some(checkpoint)) => Ok(Some(checkpoint)),
                _ => Err(error.into()),
            },
        }
    }

    fn on_train_begin(&mut self, _training: &mut Training<'_>) -> HookResult {
        self.batches_seen = 0;
        #[cfg(feature = "interrupt")]
        self.ctrl_c
            .listen()
            .map_err(|error| CallbackError::new(format!("Ctrl-C cannot be listened to: {error}")))?;
        Ok(())
    }

    fn on_train_batch_end(&mut self, training: &mut Training<'_>, _logs: &Logs) -> HookResult {
        #[cfg(feature = "interrupt")]
        self.interrupt_if_asked(training);
        let SaveFreq::Batches(batches) = self.save_freq else { return Ok(()) };
        self.batches_seen += 1;
        if self.batches_seen == batches {
            self.batches_seen = 0;
            training.request_snapshot();
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, _logs: &mut Logs) -> HookResult {
        #[cfg(feature = "interrupt")]
        self.interrupt_if_asked(training);
        if self.save_freq == SaveFreq::Epoch {
            training.request_snapshot();
        }
        Ok(())
    }

    fn on_snapshot(&mut self, training: &mut Training<'_>, snapshot: &Snapshot) -> HookResult {
        let latest = self.latest();
        fs::create_dir_all(&self.backup_dir).map_err(|source| failed(&self.backup_dir, source))?;
        if self.double_checkpoint {
            if_there(fs::rename(&latest, self.previous())).map_err(|source| failed(&latest, source))?;
        }
        Ok(snapshot.save(training.model(), &latest)?)
    }

    fn on_train_end(&mut self, training: &mut Training<'_>, _logs: &Logs) -> HookResult {
        #[cfg(feature = "interrupt")]
        self.ctrl_c.stop_listening();
        let is_over = matches!(training.ending(), Some(Ending::Finished | Ending::Stopped(_)));
        if is_over && self.delete_checkpoint { self.delete() } else { Ok(()) }
    }

    fn state(&self) -> Result<Option<State>, CallbackError> {
        State::new(&self.batches_seen).map(Some)
    }

    fn restore_state(&mut self, state: &State) -> HookResult {
        self.batches_seen = state.get()?;
        Ok(())
    }
}

/// A backup, if there is one.
fn load(path: &Path) -> Result<Option<Checkpoint>, LoadError> {
    match Checkpoint::load(path) {
        Ok(checkpoint) => Ok(Some(checkpoint)),
        Err(LoadError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What was done to a file, or would have been if there was one.
fn if_there(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn failed(path: &Path, source: io::Error) -> CallbackError {
    CallbackError::File { path: path.to_owned(), source }
}
