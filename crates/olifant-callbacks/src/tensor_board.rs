//! Writes files that TensorBoard shows.

mod event_file;
mod graph;
mod histogram;
mod image;
mod messages;
mod update_freq;

use std::path::{Path, PathBuf};
use std::time::Instant;

use olifant_core::TensorView;
use olifant_train::{Callback, CallbackError, HookResult, Logs, Plan, State, Training};
use serde::{Deserialize, Serialize};

use event_file::{EventFile, Written};
use histogram::buckets;
use image::images;
use messages::Value;

pub use update_freq::UpdateFreq;

/// The directories.
const TRAIN: &str = "train";
const VALIDATION: &str = "validation";

/// Writes what [TensorBoard](https://www.tensorflow.org/tensorboard) shows: curves, the graph of layers, histograms
/// and pictures of weights. `tensorboard --logdir logs` draws them while training goes on.
///
/// The files are `train/events.out.tfevents.…` and `validation/events.out.tfevents.…` in `log_dir`,
/// new ones for each run. Every record is in its file when the hook ends.
///
/// | tag | file | step | written |
/// |---|---|---|---|
/// | `keras` | train | 0 | with `write_graph`: the layers, in Keras's JSON |
/// | (the default graph) | train | 0 | with `write_graph`: the same layers, so that the page of graphs opens with them |
/// | `epoch_loss`, … | both | epoch, from 0 | after each epoch |
/// | `epoch_learning_rate` | train | epoch | after each epoch |
/// | `epoch_steps_per_second` | train | epoch | with `write_steps_per_second` |
/// | `batch_loss`, … | train | batch, from 1, over all epochs | every so many batches, see [`UpdateFreq`] |
/// | `batch_steps_per_second` | train | batch | the same, with `write_steps_per_second` |
/// | `evaluation_loss_vs_iterations`, … | validation | steps of the optimizer | after each validation and `evaluate` |
/// | `sequential/dense/kernel/histogram` | train | epoch | each `histogram_freq` epochs |
/// | `sequential/dense/kernel/image` | train | epoch | the same, with `write_images` |
/// | `sequential/dense/kernel/gradient/histogram` | train | epoch | the same, with `write_gradients`, after the epoch's first batch |
///
/// The values of a batch are averages since the beginning of its epoch. NaN and infinity are written as they are.
/// Histograms have 30 buckets. In pictures 0 is black and 1 is white; a weight's axes become a picture as in Keras,
/// at most three of each weight.
///
/// A run that is resumed goes on with its files, which are first cut back to the length they had at the snapshot:
/// in the end they hold what those of an unbroken run hold, but for times and speeds.
///
/// Keras's `profile_batch` and `embeddings_*` are missing: there is no profile of a device to record, and TensorBoard's
/// projector reads embeddings from TensorFlow's checkpoints, which Olifant does not write.
///
/// # Defaults
///
/// | option | default | meaning |
/// |---|---|---|
/// | `log_dir` | `"logs"` | where the files go; made if need be |
/// | `histogram_freq` | 0 | each how many epochs weights are written; 0 is never |
/// | `write_graph` | true | whether the graph of layers is written |
/// | `write_images` | false | whether weights are written as pictures as well |
/// | `write_gradients` | false | whether gradients are written, those of the epoch's first batch |
/// | `write_steps_per_second` | false | whether speed is written |
/// | `update_freq` | [`UpdateFreq::Epoch`] | when the values of batches are written; a number means batches |
///
/// # Errors
///
/// Before the first step: `update_freq` is 0 batches, `write_images` or `write_gradients` are set but
/// `histogram_freq` is not, or the files cannot be made. Later: a record cannot be written;
/// or a run is resumed and a file is gone or shorter than it was.
///
/// # Examples
///
/// ```
/// # use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// # use olifant_train::{Compile, FitOptions, Verbose};
/// use olifant_callbacks::TensorBoard;
/// # let (x, y) = (ndarray::array![[0.], [1.]], ndarray::array![0., 2.]);
/// # let mut model =
/// #     Sequential::new([1]).add(Dense::new(1)).seed(1).compile(Sgd::new(0.1), MeanSquaredError::new(), ())?;
/// # let directory = tempfile::tempdir()?;
///
/// let log_dir = directory.path().join("logs");
/// let tensor_board = TensorBoard::new(&log_dir).histogram_freq(1).update_freq(10);
/// model.fit(&x, &y, FitOptions::new().epochs(2).verbose(Verbose::Silent).callback(tensor_board))?;
/// assert_eq!(std::fs::read_dir(log_dir.join("train"))?.count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Keras's `TensorBoard`.
#[derive(Debug)]
pub struct TensorBoard {
    log_dir: PathBuf,
    histogram_freq: usize,
    write_graph: bool,
    write_images: bool,
    write_gradients: bool,
    write_steps_per_second: bool,
    update_freq: UpdateFreq,
    train: Option<EventFile>,
    validation: Option<EventFile>,
    /// How many batches the run has had.
    batches: u64,
    batch_begun: Option<Instant>,
    /// When, and how many steps the optimizer had made by then.
    epoch_begun: Option<(Instant, u64)>,
}

/// How far a run has got.
#[derive(Serialize, Deserialize)]
struct Position {
    batches: u64,
    train: Option<Written>,
    validation: Option<Written>,
}

impl Default for TensorBoard {
    fn default() -> TensorBoard {
        TensorBoard::new("logs")
    }
}

impl TensorBoard {
    /// Writes to `train` and `validation` in this directory.
    pub fn new(log_dir: impl Into<PathBuf>) -> TensorBoard {
        TensorBoard {
            log_dir: log_dir.into(),
            histogram_freq: 0,
            write_graph: true,
            write_images: false,
            write_gradients: false,
            write_steps_per_second: false,
            update_freq: UpdateFreq::Epoch,
            train: None,
            validation: None,
            batches: 0,
            batch_begun: None,
            epoch_begun: None,
        }
    }

    /// Each how many epochs weights are written; 0 is never.
    pub fn histogram_freq(mut self, histogram_freq: usize) -> Self {
        self.histogram_freq = histogram_freq;
        self
    }

    /// Whether the graph of layers is written.
    pub fn write_graph(mut self, write_graph: bool) -> Self {
        self.write_graph = write_graph;
        self
    }

    /// Whether weights are written as pictures as well.
    pub fn write_images(mut self, write_images: bool) -> Self {
        self.write_images = write_images;
        self
    }

    /// Whether the gradients of an epoch's first batch are written: see [`Model::gradients`](olifant_train::Model::gradients).
    pub fn write_gradients(mut self, write_gradients: bool) -> Self {
        self.write_gradients = write_gradients;
        self
    }

    /// Whether speed is written, in steps per second.
    pub fn write_steps_per_second(mut self, write_steps_per_second: bool) -> Self {
        self.write_steps_per_second = write_steps_per_second;
        self
    }

    /// When the values of batches are written; a number means batches.
    pub fn update_freq(mut self, update_freq: impl Into<UpdateFreq>) -> Self {
        self.update_freq = update_freq.into();
        self
    }

    fn train(&mut self) -> Result<&mut EventFile, CallbackError> {
        opened(&mut self.train, &self.log_dir.join(TRAIN))
    }

    fn validation(&mut self) -> Result<&mut EventFile, CallbackError> {
        opened(&mut self.validation, &self.log_dir.join(VALIDATION))
    }

    fn write_epoch(&mut self, training: &Training<'_>, logs: &Logs) -> HookResult {
        let step = training.epoch() as u64;
        let mut of_training: Logs = logs.iter().filter(|(name, _)| !name.starts_with("val_")).collect();
        of_training.insert("learning_rate", training.learning_rate().into());
        if let Some((begun, steps_before)) = self.epoch_begun {
            let steps = training.model().optimizer_state().iterations().saturating_sub(steps_before);
            of_training.insert("steps_per_second", steps as f64 / begun.elapsed().as_secs_f64());
        }
        let train = self.train()?;
        for (name, value) in &of_training {
            train.write(step, Value::scalar(format!("epoch_{name}"), value))?;
        }
        for (name, value) in logs {
            if let Some(name) = name.strip_prefix("val_") {
                self.validation()?.write(step, Value::scalar(format!("epoch_{name}"), value))?;
            }
        }
        Ok(())
    }

    fn write_weights(&mut self, training: &Training<'_>) -> HookResult {
        let step = training.epoch() as u64;
        let (model, write_images) = (training.model(), self.write_images);
        let (name, weights) = (model.network().name(), model.network().weights());
        let train = self.train()?;
        for (weight, spec) in weights.iter() {
            let (tag, weight) = (format!("{name}/{}", spec.name), weights.get(weight));
            train.write(step, histogram(&tag, weight))?;
            if write_images && let Some(images) = images(weight)? {
                train.write(step, Value::images(format!("{tag}/image"), images))?;
            }
        }
        Ok(())
    }

    fn write_gradients_of(&mut self, training: &Training<'_>) -> HookResult {
        let (step, model) = (training.epoch() as u64, training.model());
        let train = self.train()?;
        for (weight, gradient) in model.gradients() {
            let tag = format!("{}/{weight}/gradient", model.network().name());
            train.write(step, histogram(&tag, gradient))?;
        }
        Ok(())
    }

    /// Whether weights and gradients of this epoch are written.
    fn is_histogram_due(&self, training: &Training<'_>) -> bool {
        self.histogram_freq > 0 && training.epoch().is_multiple_of(self.histogram_freq)
    }
}

/// The file in this directory, which is made when it is first needed.
fn opened<'a>(file: &'a mut Option<EventFile>, directory: &Path) -> Result<&'a mut EventFile, CallbackError> {
    let opened = match file.take() {
        Some(file) => file,
        None => EventFile::create(directory)?,
    };
    Ok(file.insert(opened))
}

fn histogram(tag: &str, values: TensorView<'_>) -> Value {
    Value::histogram(format!("{tag}/histogram"), &buckets(values.data))
}

impl Callback for TensorBoard {
    fn check(&self, _plan: &Plan<'_>) -> HookResult {
        if self.update_freq == UpdateFreq::Batches(0) {
            return Err(CallbackError::option("update_freq", "at least 1 batch", 0));
        }
        for (option, is_set) in
            [("write_images", self.write_images), ("write_gradients", self.write_gradients)]
        {
            if is_set && self.histogram_freq == 0 {
                let expected = format!("at least 1 for {option} to have an effect");
                return Err(CallbackError::option("histogram_freq", expected, 0));
            }
        }
        Ok(())
    }

    fn on_train_begin(&mut self, training: &mut Training<'_>) -> HookResult {
        (self.train, self.validation, self.batches) = (None, None, 0);
        self.train()?;
        if training.params().validation_samples > 0 {
            self.validation()?;
        }
        if self.write_graph {
            let network = training.model().network();
            let train = self.train()?;
            train.write(0, Value::keras_model(graph::keras_model(network)))?;
            train.write_graph(&graph::layers(network))?;
        }
        Ok(())
    }

    fn on_train_resume(&mut self, training: &mut Training<'_>, state: Option<&State>) -> HookResult {
        let Some(state) = state else { return self.on_train_begin(training) };
        let Position { batches, train, validation } = state.get()?;
        let reopen = |run: &str, written: Option<Written>| {
            written.map(|written| EventFile::reopen(&self.log_dir.join(run), &written)).transpose()
        };
        (self.train, self.validation) = (reopen(TRAIN, train)?, reopen(VALIDATION, validation)?);
        self.batches = batches;
        // Where an epoch goes on in its midst, its speed is that of the rest.
        self.on_epoch_begin(training)
    }

    fn on_train_end(&mut self, _training: &mut Training<'_>, _logs: &Logs) -> HookResult {
        (self.train, self.validation) = (None, None);
        Ok(())
    }

    fn on_epoch_begin(&mut self, training: &mut Training<'_>) -> HookResult {
        if self.write_steps_per_second {
            self.epoch_begun = Some((Instant::now(), training.model().optimizer_state().iterations()));
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        self.write_epoch(training, logs)?;
        if self.is_histogram_due(training) {
            self.write_weights(training)?;
        }
        Ok(())
    }

    fn on_train_batch_begin(&mut self, _training: &mut Training<'_>) -> HookResult {
        self.batch_begun = Some(Instant::now());
        Ok(())
    }

    fn on_train_batch_end(&mut self, training: &mut Training<'_>, logs: &Logs) -> HookResult {
        self.batches += 1;
        if self.write_gradients && training.batch() == 0 && self.is_histogram_due(training) {
            self.write_gradients_of(training)?;
        }
        if !self.update_freq.is_due(self.batches) {
            return Ok(());
        }
        let step = self.batches;
        if let Some(begun) = self.batch_begun.filter(|_| self.write_steps_per_second) {
            let speed = begun.elapsed().as_secs_f64().recip();
            self.train()?.write(step, Value::scalar("batch_steps_per_second".into(), speed))?;
        }
        for (name, value) in logs {
            self.train()?.write(step, Value::scalar(format!("batch_{name}"), value))?;
        }
        Ok(())
    }

    fn state(&self) -> Result<Option<State>, CallbackError> {
        let written = |file: &Option<EventFile>| file.as_ref().map(EventFile::written).transpose();
        let (train, validation) = (written(&self.train)?, written(&self.validation)?);
        State::new(&Position { batches: self.batches, train, validation }).map(Some)
    }

    fn on_test_end(&mut self, training: &mut Training<'_>, logs: &Logs) -> HookResult {
        let step = training.model().optimizer_state().iterations();
        for (name, value) in logs {
            let tag = format!("evaluation_{name}_vs_iterations");
            self.validation()?.write(step, Value::scalar(tag, value))?;
        }
        Ok(())
    }
}
