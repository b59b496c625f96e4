//! Saves the model as it is trained.

use std::fs;
use std::path::{Path, PathBuf};

use olifant_train::{
    Callback, CallbackError, HookResult, Logs, Model, Plan, Snapshot, State, Training, Verbose,
};
use serde::{Deserialize, Serialize};

use crate::file_name::FileName;
use crate::format_spec::Number;
use crate::monitor::{Monitor, monitor_options};
use crate::python_float::fixed;

/// Saves the model or its weights: after each epoch, every so many batches, or whenever a monitored value is best.
///
/// The extension picks the format, as for [`Model::save`] and [`Model::save_weights`]: `.olifant` keeps the whole model,
/// `.weights.olifant` its weights, `.safetensors` either.
/// A `.olifant` file of a whole model also keeps where its training stands, what all callbacks remember included:
/// [`FitOptions::resume_from`](olifant_train::FitOptions::resume_from) goes on from there, to the same bits.
///
/// A file is replaced as a whole or not at all, so a crash leaves the last good one; missing directories are created.
///
/// The file name may have fields in Python's format syntax: `{epoch}` (from 1), any name in the logs, and with
/// [`SaveFreq::Batches`] also `{batch}` (from 1), as in `"{epoch:02d}-{val_loss:.2f}.olifant"`.
///
/// The object remembers the best value from one run to the next, and counts batches on.
///
/// # Defaults
///
/// | option | default | meaning |
/// |---|---|---|
/// | `monitor` | `"val_loss"` | the name of the value in the logs; only looked at with `save_best_only` |
/// | `save_best_only` | false | whether to save only when the value is better than ever |
/// | `save_weights_only` | false | whether to save only the weights |
/// | `mode` | [`Mode::Auto`](crate::Mode::Auto) | which way the value improves |
/// | `save_freq` | [`SaveFreq::Epoch`] | when to save; a number means batches |
/// | `initial_value_threshold` | none | what the first value must beat |
/// | `verbose` | 0 | 1 says what was saved, and why |
///
/// # Errors
///
/// Before the first step: the file name has an unknown field, format or extension, or is that of a directory;
/// `monitor` will never be in the logs, or nobody knows which way it improves.
/// Later: the file cannot be written.
///
/// # Examples
///
/// ```
/// # use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// # use olifant_train::{Compile, FitOptions, Model, Verbose};
/// use olifant_callbacks::ModelCheckpoint;
/// # let (x, y) = (ndarray::array![[0.], [1.]], ndarray::array![0., 2.]);
/// # let mut model =
/// #     Sequential::new([1]).add(Dense::new(1)).seed(1).compile(Sgd::new(0.1), MeanSquaredError::new(), ())?;
/// # let directory = tempfile::tempdir()?;
///
/// let path = directory.path().join("best.olifant");
/// let mut checkpoint = ModelCheckpoint::new(&path).monitor("loss").save_best_only(true);
/// model.fit(&x, &y, FitOptions::new().epochs(5).verbose(Verbose::Silent).callback(&mut checkpoint))?;
/// assert_eq!(checkpoint.last_saved(), Some(&*path));
/// let best = Model::load(&path)?;
/// # assert_eq!(best.predict(&x)?, model.predict(&x)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Keras's `ModelCheckpoint`.
#[derive(Clone, Debug)]
pub struct ModelCheckpoint {
    filepath: PathBuf,
    monitor: Monitor,
    save_best_only: bool,
    save_weights_only: bool,
    save_freq: SaveFreq,
    is_verbose: bool,
    memory: Memory,
}

/// What it remembers, also from one run to the next.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Memory {
    best: Option<f64>,
    batches_seen: usize,
    last_saved: Option<PathBuf>,
    /// What is to be saved as soon as all callbacks have seen the event.
    /// Should the process die before it is, but after another callback's backup, the resumed run saves it.
    due: Option<PathBuf>,
}

/// When a [`ModelCheckpoint`] saves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SaveFreq {
    /// At the end of each epoch.
    #[default]
    Epoch,
    /// Whenever so many batches have been trained since the last time, whatever the epoch.
    /// The logs then hold running values, and none of validation.
    Batches(usize),
}

impl From<usize> for SaveFreq {
    fn from(batches: usize) -> SaveFreq {
        SaveFreq::Batches(batches)
    }
}

impl ModelCheckpoint {
    /// Saves the whole model after each epoch.
    pub fn new(filepath: impl Into<PathBuf>) -> ModelCheckpoint {
        ModelCheckpoint {
            filepath: filepath.into(),
            monitor: Monitor::default(),
            save_best_only: false,
            save_weights_only: false,
            save_freq: SaveFreq::Epoch,
            is_verbose: false,
            memory: Memory::default(),
        }
    }

    monitor_options!();

    /// Whether to save only when the value is better than ever.
    pub fn save_best_only(mut self, save_best_only: bool) -> Self {
        self.save_best_only = save_best_only;
        self
    }

    /// Whether to save only the weights.
    pub fn save_weights_only(mut self, save_weights_only: bool) -> Self {
        self.save_weights_only = save_weights_only;
        self
    }

    /// When to save; a number means batches.
    pub fn save_freq(mut self, save_freq: impl Into<SaveFreq>) -> Self {
        self.save_freq = save_freq.into();
        self
    }

    /// What the first value must beat.
    pub fn initial_value_threshold(mut self, initial_value_threshold: f64) -> Self {
        self.memory.best = Some(initial_value_threshold);
        self
    }

    /// 1 says what was saved, and why.
    pub fn verbose(mut self, verbose: impl Into<Verbose>) -> Self {
        self.is_verbose = verbose.into() != Verbose::Silent;
        self
    }

    /// The best value so far, with `save_best_only`.
    pub fn best(&self) -> Option<f64> {
        self.memory.best
    }

    /// The file that was saved last.
    pub fn last_saved(&self) -> Option<&Path> {
        self.memory.last_saved.as_deref()
    }

    fn file_name(&self) -> Result<FileName<'_>, CallbackError> {
        let given = || format!("{:?}", self.filepath);
        let template = self
            .filepath
            .to_str()
            .ok_or_else(|| CallbackError::option("filepath", "valid UTF-8", given()))?;
        FileName::parse(template)
    }

    /// Objects to fields that will never have a value, and to a name that cannot be saved to.
    fn check_file_name(&self, plan: &Plan<'_>) -> HookResult {
        let name = self.file_name()?;
        let what =
            "filepath may have {epoch}, with SaveFreq::Batches also {batch}, and names in the logs, but";
        for field in name.fields() {
            match (field, self.save_freq) {
                ("epoch", _) | ("batch", SaveFreq::Batches(_)) => {}
                (_, SaveFreq::Epoch) => plan.expect_epoch_log(what, field)?,
                (_, SaveFreq::Batches(_)) => plan.expect_batch_log(what, field)?,
            }
        }
        let sample = name.fill(|field| Some(number(field, 1, 1, 1.0)))?;
        Ok(Model::check_save_path(sample, self.save_weights_only)?)
    }

    fn save_if_due(&mut self, training: &mut Training<'_>, logs: &Logs) -> HookResult {
        let epoch = training.epoch() + 1;
        if !self.save_best_only {
            return self.save(training, logs, &format!("Epoch {epoch}: saving model to"));
        }
        let Some(value) = self.monitor.value(logs) else { return Ok(()) };
        let Monitor { name, .. } = &self.monitor;
        let best = self.memory.best.map_or("None".into(), |best| fixed(best, 5));
        if !self.monitor.is_better(value, self.memory.best, training.model())? {
            if self.is_verbose {
                training.message(&format!("\nEpoch {epoch}: {name} did not improve from {best}"));
            }
            return Ok(());
        }
        let value_text = fixed(value, 5);
        let why = format!("Epoch {epoch}: {name} improved from {best} to {value_text}, saving model to");
        // Before it is saved, as the file keeps what all callbacks remember.
        self.memory.best = Some(value);
        self.save(training, logs, &why)
    }

    fn save(&mut self, training: &mut Training<'_>, logs: &Logs, why: &str) -> HookResult {
        let (epoch, batch) = (training.epoch() + 1, training.batch() + 1);
        let path = self.file_name()?.fill(|field| match field {
            "epoch" | "batch" => Some(number(field, epoch, batch, 0.0)),
            _ => logs.get(field).map(Number::Float),
        })?;
        if self.is_verbose {
            training.message(&format!("\n{why} {path}"));
        }
        let path = PathBuf::from(path);
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)
                .map_err(|source| CallbackError::File { path: directory.to_owned(), source })?;
        }
        self.memory.last_saved = Some(path.clone());
        let keeps_training = !self.save_weights_only && Snapshot::can_be_saved(&path);
        if keeps_training && training.request_snapshot() {
            self.memory.due = Some(path);
            return Ok(());
        }
        if self.save_weights_only {
            training.model().save_weights(&path)?;
        } else {
            training.model().save(&path)?;
        }
        self.finish(training, epoch, &path)
    }

    fn finish(&self, training: &mut Training<'_>, epoch: usize, path: &Path) -> HookResult {
        if self.is_verbose {
            training.message(&format!("\nEpoch {epoch}: finished saving model to {}", path.display()));
        }
        Ok(())
    }
}

/// The value of a field.
fn number(field: &str, epoch: usize, batch: usize, value: f64) -> Number {
    match field {
        "epoch" => Number::Integer(epoch),
        "batch" => Number::Integer(batch),
        _ => Number::Float(value),
    }
}

impl Callback for ModelCheckpoint {
    fn check(&self, plan: &Plan<'_>) -> HookResult {
        if self.save_freq == SaveFreq::Batches(0) {
            return Err(CallbackError::option("save_freq", "at least 1 batch", 0));
        }
        if self.memory.best.is_some_and(f64::is_nan) {
            return Err(CallbackError::option("initial_value_threshold", "a number", f64::NAN));
        }
        self.check_file_name(plan)?;
        match self.save_freq {
            _ if !self.save_best_only => Ok(()),
            SaveFreq::Epoch => self.monitor.check(plan),
            SaveFreq::Batches(_) => self.monitor.check_batches(plan),
        }
    }

    fn on_train_batch_end(&mut self, training: &mut Training<'_>, logs: &Logs) -> HookResult {
        let SaveFreq::Batches(batches) = self.save_freq else { return Ok(()) };
        self.memory.batches_seen += 1;
        if self.memory.batches_seen < batches {
            return Ok(());
        }
        self.memory.batches_seen = 0;
        self.save_if_due(training, logs)
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        if self.save_freq == SaveFreq::Epoch { self.save_if_due(training, logs) } else { Ok(()) }
    }

    fn on_train_resume(&mut self, training: &mut Training<'_>, state: Option<&State>) -> HookResult {
        state.map_or(Ok(()), |state| self.restore_state(state))?;
        if self.memory.due.is_some() {
            training.request_snapshot();
        }
        Ok(())
    }

    fn on_snapshot(&mut self, training: &mut Training<'_>, snapshot: &Snapshot) -> HookResult {
        let Some(path) = self.memory.due.take() else { return Ok(()) };
        snapshot.save(training.model(), &path)?;
        self.finish(training, training.epoch() + 1, &path)
    }

    fn state(&self) -> Result<Option<State>, CallbackError> {
        State::new(&self.memory).map(Some)
    }

    fn restore_state(&mut self, state: &State) -> HookResult {
        self.memory = state.get()?;
        Ok(())
    }
}
