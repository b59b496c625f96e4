//! A run that uses everything that remembers something, and all that comes out of it.

use std::path::Path;

use ndarray::{Array1, Array2};
use olifant_callbacks::{
    BackupAndRestore, CSVLogger, EarlyStopping, ModelCheckpoint, ReduceLROnPlateau, SaveFreq,
};
use olifant_nn::{
    Activation, Sequential,
    layers::{Dense, Dropout},
    losses::SparseCategoricalCrossentropy,
    metrics::Accuracy,
    optimizers::Adam,
};
use olifant_train::{
    Callback, CallbackError, Compile, FitError, FitOptions, History, HookResult, Logs, Model, State, Training,
};

/// Fails or panics when the whole run comes to its `at`-th batch, or at the beginning of its `at`-th epoch.
pub enum Crash {
    Never,
    Batch(usize),
    Panic(usize),
    Epoch(usize),
}

impl Callback for Crash {
    fn on_train_batch_end(&mut self, training: &mut Training<'_>, _logs: &Logs) -> HookResult {
        let batch = training.epoch() * training.params().steps.unwrap() + training.batch();
        match self {
            Crash::Batch(at) if batch == *at => Err(CallbackError::new("crash")),
            Crash::Panic(at) if batch == *at => panic!("a mistake in a callback"),
            _ => Ok(()),
        }
    }

    fn on_epoch_begin(&mut self, training: &mut Training<'_>) -> HookResult {
        match self {
            Crash::Epoch(at) if training.epoch() == *at => Err(CallbackError::new("crash")),
            _ => Ok(()),
        }
    }
}

/// A user's own: adds up all losses that were ever seen.
#[derive(Default)]
pub struct Sum(pub f64);

impl Callback for Sum {
    fn on_train_begin(&mut self, _training: &mut Training<'_>) -> HookResult {
        self.0 = 0.0;
        Ok(())
    }

    fn on_train_batch_end(&mut self, _training: &mut Training<'_>, logs: &Logs) -> HookResult {
        self.0 += logs["loss"];
        Ok(())
    }

    fn state(&self) -> Result<Option<State>, CallbackError> {
        State::new(&self.0).map(Some)
    }

    fn restore_state(&mut self, state: &State) -> HookResult {
        self.0 = state.get()?;
        Ok(())
    }
}

pub fn data() -> (Array2<f32>, Array1<u8>) {
    let x = Array2::from_shape_fn((60, 5), |(i, j)| ((i * 37 + j * 11) % 23) as f32 / 23.0);
    let y = Array1::from_shape_fn(60, |i| (x[[i, 0]] * 2.99) as u8);
    (x, y)
}

pub fn layers() -> Sequential {
    Sequential::new([5])
        .add(Dense::new(16).activation(Activation::Relu))
        .add(Dropout::new(0.3))
        .add(Dense::new(3).activation(Activation::Softmax))
}

pub fn compile(layers: Sequential) -> Model {
    let model =
        layers.compile(Adam::new(0.05), SparseCategoricalCrossentropy::new(), [Accuracy::new()]).unwrap();
    model.weighted_metrics(Accuracy::new()).unwrap()
}

pub fn model() -> Model {
    compile(layers().seed(7))
}

pub fn options<'a>() -> FitOptions<'a> {
    FitOptions::new().epochs(16).batch_size(8).validation_split(0.2).verbose(0)
}

/// What a run leaves behind.
#[derive(PartialEq)]
pub struct Outcome {
    weights: Vec<u32>,
    history: String,
    csv: String,
    best: Vec<u8>,
    stopped_epoch: Option<usize>,
    sum: u64,
    learning_rate: u32,
}

/// Trains in a directory (whose name is in the files), as the same program would if it is run again.
pub fn train(directory: &Path, save_freq: SaveFreq, crash: Crash) -> Result<(Outcome, History), FitError> {
    let (x, y) = data();
    let mut model = model();
    let mut early_stopping = EarlyStopping::new().patience(2).min_delta(0.02).restore_best_weights(true);
    let mut sum = Sum::default();
    let (csv, best) = (directory.join("log.csv"), directory.join("best.olifant"));
    let history = model.fit(
        &x,
        &y,
        options()
            .class_weight([(0, 2.0), (2, 0.25)])
            .callback(BackupAndRestore::new(directory.join("backup")).save_freq(save_freq))
            .callback(&mut early_stopping)
            .callback(ReduceLROnPlateau::new().patience(1).factor(0.5))
            .callback(CSVLogger::new(&csv))
            .callback(ModelCheckpoint::new(&best).save_best_only(true))
            .callback(&mut sum)
            .callback(crash),
    )?;
    let outcome = Outcome {
        weights: model.network().weights().trainable().iter().map(|weight| weight.to_bits()).collect(),
        history: history.to_json(),
        csv: std::fs::read_to_string(csv).unwrap(),
        best: std::fs::read(best).unwrap(),
        stopped_epoch: early_stopping.stopped_epoch(),
        sum: sum.0.to_bits(),
        learning_rate: model.learning_rate().to_bits(),
    };
    Ok((outcome, history))
}
