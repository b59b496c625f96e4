//! Saves the model as it is trained.

use std::fs;
use std::path::{Path, PathBuf};

use olifant_train::{
    Callback, CallbackError, HookResult, Logs, Model, Plan, Snapshot, State, Training, Verbose,
};
use serde::{Deserialize, Serialize};

use crate::SaveFreq;
use crate::file_name::FileName;
use crate::format_spec::Number;
use crate::kept_files::{Keep, KeptFile, KeptFiles};
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
/// With `keep_last` or `keep_best`, older or worse files are deleted, each as soon as the one that takes its place is whole.
/// Only files that this object wrote are, also before its run was interrupted and resumed; a file of the same name replaces the one before.
///
/// The object remembers the best value and the files from one run to the next, and counts batches on.
///
/// # Defaults
///
/// | option | default | meaning |
/// |---|---|---|
/// | `monitor` | `"val_loss"` | the name of the value in the logs; only looked at with `save_best_only` or `keep_best` |
/// | `save_best_only` | false | whether to save only when the value is better than ever |
/// | `save_weights_only` | false | whether to save only the weights |
/// | `mode` | [`Mode::Auto`](crate::Mode::Auto) | which way the value improves |
/// | `save_freq` | [`SaveFreq::Epoch`] | when to save; a number means batches |
/// | `initial_value_threshold` | none | what the first value must beat; with `keep_best`, what every value must |
/// | `keep_last` | none | how many files stay: the last ones |
/// | `keep_best` | none | how many files stay: the best ones; no other is written, and of equals the first stays |
/// | `verbose` | 0 | 1 says what was saved, and why |
///
/// # Errors
///
/// Before the first step: the file name has an unknown field, format or extension, or is that of a directory;
/// `monitor` will never be in the logs, or nobody knows which way it improves;
/// `keep_last` or `keep_best` is 0, is given with the other or with a file name without fields, or `keep_best` with `save_best_only`.
/// Later: the file cannot be written, or another not deleted.
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
/// The three best, under names that tell which they are:
///
/// ```
/// use olifant_callbacks::ModelCheckpoint;
///
/// let checkpoint = ModelCheckpoint::new("runs/{epoch:03d}-{val_loss:.4f}.olifant").keep_best(3);
/// ```
///
/// # References
///
/// Keras's `ModelCheckpoint`, which keeps all files.
#[derive(Clone, Debug)]
pub struct ModelCheckpoint {
    filepath: PathBuf,
    monitor: Monitor,
    save_best_only: bool,
    save_weights_only: bool,
    save_freq: SaveFreq,
    initial_value_threshold: Option<f64>,
    keep: Keep,
    is_verbose: bool,
    memory: Memory,
    /// The best value that a file was saved for, should the next one not be saved.
    best_saved: Option<f64>,
}

/// What it remembers, also from one run to the next.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Memory {
    best: Option<f64>,
    batches_seen: usize,
    last_saved: Option<PathBuf>,
    /// What is to be saved as soon as all callbacks have seen the event.
    /// Should the process die before it is, but after another callback's backup, the resumed run saves it.
    due: Option<KeptFile>,
    kept: KeptFiles,
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
            initial_value_threshold: None,
            keep: Keep::default(),
            is_verbose: false,
            memory: Memory::default(),
            best_saved: None,
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
        self.initial_value_threshold = Some(initial_value_threshold);
        self.memory.best = Some(initial_value_threshold);
        self
    }

    /// How many files stay: the last ones.
    pub fn keep_last(mut self, keep_last: usize) -> Self {
        self.keep.last = Some(keep_last);
        self
    }

    /// How many files stay: the best ones. Only what is among them is saved.
    pub fn keep_best(mut self, keep_best: usize) -> Self {
        self.keep.best = Some(keep_best);
        self
    }

    /// 1 says what was saved, and why.
    pub fn verbose(mut self, verbose: impl Into<Verbose>) -> Self {
        self.is_verbose = verbose.into() != Verbose::Silent;
        self
    }

    /// The best value so far, with `save_best_only` or `keep_best`.
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
        if !self.save_best_only && self.keep.best.is_none() {
            return self.save(training, logs, None, &format!("Epoch {epoch}: saving model to"));
        }
        let Some(value) = self.monitor.value(logs) else { return Ok(()) };
        let (is_due, why) = match self.keep.best {
            Some(number) => self.is_among_best(training, logs, value, number)?,
            None => self.is_best(training, value)?,
        };
        if !is_due {
            if self.is_verbose {
                training.message(&format!("\nEpoch {epoch}: {why}"));
            }
            return Ok(());
        }
        // Before it is saved, as the file keeps what all callbacks remember.
        self.best_saved = self.memory.best;
        if self.monitor.is_better(value, self.memory.best, training.model())? {
            self.memory.best = Some(value);
        }
        let saved = self.save(training, logs, Some(value), &format!("Epoch {epoch}: {why}, saving model to"));
        self.forget_best_unless(saved)
    }

    /// A value whose model is in no file is not to be beaten by a later run.
    fn forget_best_unless(&mut self, saved: HookResult) -> HookResult {
        if saved.is_err() && self.save_best_only {
            self.memory.best = self.best_saved;
        }
        saved
    }

    /// Whether a value is better than ever, and how to say that.
    fn is_best(&self, training: &Training<'_>, value: f64) -> Result<(bool, String), CallbackError> {
        let (name, best) = (&self.monitor.name, self.memory.best);
        let best_text = best.map_or("None".into(), |best| fixed(best, 5));
        Ok(if self.monitor.is_better(value, best, training.model())? {
            (true, format!("{name} improved from {best_text} to {}", fixed(value, 5)))
        } else {
            (false, format!("{name} did not improve from {best_text}"))
        })
    }

    /// Whether a value is one of the best, and how to say that.
    fn is_among_best(
        &self,
        training: &Training<'_>,
        logs: &Logs,
        value: f64,
        number: usize,
    ) -> Result<(bool, String), CallbackError> {
        let (monitor, model) = (&self.monitor, training.model());
        let path = self.path(training, logs)?;
        let is_due = monitor.is_better(value, self.initial_value_threshold, model)?
            && self.memory.kept.is_among_best(number, &path, value, monitor, model)?;
        let verb = if is_due { "is" } else { "is not" };
        Ok((is_due, format!("{} {} {verb} among the {number} best", monitor.name, fixed(value, 5))))
    }

    fn save(
        &mut self,
        training: &mut Training<'_>,
        logs: &Logs,
        value: Option<f64>,
        why: &str,
    ) -> HookResult {
        let path = self.path(training, logs)?;
        if self.is_verbose {
            training.message(&format!("\n{why} {}", path.display()));
        }
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)
                .map_err(|source| CallbackError::File { path: directory.to_owned(), source })?;
        }
        let keeps_training = !self.save_weights_only && Snapshot::can_be_saved(&path);
        let file = KeptFile { path, value };
        if keeps_training && training.request_snapshot() {
            self.memory.due = Some(file);
            return Ok(());
        }
        if self.save_weights_only {
            training.model().save_weights(&file.path)?;
        } else {
            training.model().save(&file.path)?;
        }
        self.finish(training, file)
    }

    /// The file name, filled in.
    fn path(&self, training: &Training<'_>, logs: &Logs) -> Result<PathBuf, CallbackError> {
        let (epoch, batch) = (training.epoch() + 1, training.batch() + 1);
        let path = self.file_name()?.fill(|field| match field {
            "epoch" | "batch" => Some(number(field, epoch, batch, 0.0)),
            _ => logs.get(field).map(Number::Float),
        })?;
        Ok(PathBuf::from(path))
    }

    /// The file is whole: others may go.
    fn finish(&mut self, training: &mut Training<'_>, file: KeptFile) -> HookResult {
        self.memory.last_saved = Some(file.path.clone());
        if self.is_verbose {
            let (epoch, path) = (training.epoch() + 1, file.path.display());
            training.message(&format!("\nEpoch {epoch}: finished saving model to {path}"));
        }
        self.memory.kept.add(file, self.keep, &self.monitor, training.model())
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
        let has_field = self.file_name()?.fields().next().is_some();
        self.keep.check(self.save_best_only, &self.filepath, has_field)?;
        match self.save_freq {
            _ if !self.save_best_only && self.keep.best.is_none() => Ok(()),
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
        let Some(file) = self.memory.due.take() else { return Ok(()) };
        let saved = snapshot.save(training.model(), &file.path).map_err(CallbackError::from);
        self.forget_best_unless(saved)?;
        self.finish(training, file)
    }

    fn state(&self) -> Result<Option<State>, CallbackError> {
        State::new(&self.memory).map(Some)
    }

    fn restore_state(&mut self, state: &State) -> HookResult {
        self.memory = state.get()?;
        Ok(())
    }
}
