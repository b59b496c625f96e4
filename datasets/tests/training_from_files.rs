//! Training on files is training on arrays, to the last bit: shuffled, weighed, validated, interrupted and resumed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Mutex,
};

use ndarray::{Array1, Array3};
use olifant_callbacks::BackupAndRestore;
use olifant_core::{Shape, ShapeError};
use olifant_datasets::{IdxFile, NpyFile};
use olifant_nn::{
    Activation, Sequential,
    layers::{Dense, Dropout, Flatten},
    losses::SparseCategoricalCrossentropy,
    metrics::Accuracy,
    optimizers::Adam,
};
use olifant_train::{
    Callback, CallbackError, Compile, EvaluateOptions, FitError, FitOptions, HookResult, Logs, Model,
    Samples, Training,
};

const SAMPLES: usize = 75;
const SCALE: f32 = 1.0 / 255.0;

fn pixels() -> Array3<u8> {
    Array3::from_shape_fn((SAMPLES, 2, 3), |(i, j, k)| (i * 37 + j * 101 + k * 59) as u8)
}

fn labels() -> Array1<u8> {
    pixels().outer_iter().map(|image| image[[0, 0]] / 86).collect()
}

/// A user's own data set: numbers of four bytes in a file without header.
struct OwnFile {
    file: Mutex<File>,
    samples: usize,
    shape: Vec<usize>,
}

impl OwnFile {
    fn write(path: PathBuf, shape: &[usize], values: impl Iterator<Item = f32>) -> OwnFile {
        fs::write(&path, values.flat_map(f32::to_le_bytes).collect::<Vec<u8>>()).unwrap();
        let file = Mutex::new(File::open(path).unwrap());
        OwnFile { file, samples: shape[0], shape: shape[1..].to_vec() }
    }
}

impl Samples for OwnFile {
    fn samples(&self) -> usize {
        self.samples
    }

    fn sample_shape(&self) -> Result<Shape, ShapeError> {
        Shape::new(&self.shape)
    }

    fn gather(&self, indices: &[usize], output: &mut [f32]) -> io::Result<()> {
        let (mut file, size) = (self.file.lock().unwrap(), output.len() / indices.len());
        for (sample, &index) in output.chunks_exact_mut(size).zip(indices) {
            file.seek(SeekFrom::Start((4 * size * index) as u64))?;
            for number in sample {
                let mut bytes = [0; 4];
                file.read_exact(&mut bytes)?;
                *number = f32::from_le_bytes(bytes);
            }
        }
        Ok(())
    }
}

fn idx(path: PathBuf, shape: &[usize], bytes: &[u8]) -> IdxFile {
    let axes: Vec<u8> = shape.iter().flat_map(|&length| (length as u32).to_be_bytes()).collect();
    fs::write(&path, [&[0, 0, 8, shape.len() as u8], &axes[..], bytes].concat()).unwrap();
    IdxFile::open(path).unwrap()
}

fn npy(path: PathBuf, shape: &str, descr: &str, numbers: &[u8]) -> NpyFile {
    let dictionary = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
    let text = format!("{dictionary:117}\n");
    fs::write(&path, [b"\x93NUMPY\x01\x00\x76\x00", text.as_bytes(), numbers].concat()).unwrap();
    NpyFile::open(path).unwrap()
}

type Data = (Box<dyn Samples>, Box<dyn Samples>);

/// The same data in memory, and in files of each kind.
fn all_kinds(directory: &Path) -> [Data; 4] {
    let (bytes, classes) = (pixels().into_raw_vec_and_offset().0, labels().to_vec());
    let scaled = pixels().mapv(|pixel| f32::from(pixel) * SCALE);
    let idx_x = idx(directory.join("x.idx"), &[SAMPLES, 2, 3], &bytes).rescale(SCALE);
    let idx_y = idx(directory.join("y.idx"), &[SAMPLES], &classes);
    let npy_x = npy(directory.join("x.npy"), &format!("{SAMPLES}, 2, 3"), "|u1", &bytes).rescale(SCALE);
    let npy_y = npy(directory.join("y.npy"), &format!("{SAMPLES},"), "|u1", &classes);
    let own_x = OwnFile::write(directory.join("x"), &[SAMPLES, 2, 3], scaled.iter().copied());
    let own_y =
        OwnFile::write(directory.join("y"), &[SAMPLES], classes.iter().map(|&class| f32::from(class)));
    [
        (Box::new(scaled), Box::new(labels())),
        (Box::new(idx_x), Box::new(idx_y)),
        (Box::new(npy_x), Box::new(npy_y)),
        (Box::new(own_x), Box::new(own_y)),
    ]
}

fn model() -> Model {
    let layers = Sequential::new([2, 3])
        .add(Flatten::new())
        .add(Dense::new(16).activation(Activation::Relu))
        .add(Dropout::new(0.2))
        .add(Dense::new(3).activation(Activation::Softmax))
        .seed(3);
    layers.compile(Adam::new(0.02), SparseCategoricalCrossentropy::new(), [Accuracy::new()]).unwrap()
}

/// Fails at the `at`-th batch of the whole run.
struct Crash(Option<usize>);

impl Callback for Crash {
    fn on_train_batch_end(&mut self, training: &mut Training<'_>, _logs: &Logs) -> HookResult {
        let batch = training.epoch() * training.params().steps.unwrap() + training.batch();
        if self.0 == Some(batch) { Err(CallbackError::new("crash")) } else { Ok(()) }
    }
}

/// Weights and history of two shuffled epochs, and what the model then says about the data.
#[derive(Debug, PartialEq)]
struct Outcome {
    weights: Vec<u32>,
    history: String,
    logs: Logs,
    predictions: Vec<u32>,
}

fn train((x, y): &Data, steps: Option<usize>, backup: &Path, crash: Crash) -> Result<Outcome, FitError> {
    let (x, y, mut model) = (&**x, &**y, model());
    let options = FitOptions::new()
        .epochs(2)
        .batch_size(8)
        .validation_split(0.2)
        .class_weight([(0, 2.0), (2, 0.25)])
        .verbose(0)
        .output(io::sink())
        .callbacks((BackupAndRestore::new(backup).save_freq(3), crash));
    let options = match steps {
        Some(steps) => options.steps_per_epoch(steps),
        None => options,
    };
    let history = model.fit(x, y, options)?;
    let quiet = || EvaluateOptions::new().batch_size(7).verbose(0);
    Ok(Outcome {
        weights: model.network().weights().trainable().iter().map(|weight| weight.to_bits()).collect(),
        history: history.to_json(),
        logs: model.evaluate_with(x, y, quiet())?,
        predictions: model.predict_with(x, quiet())?.iter().map(|value| value.to_bits()).collect(),
    })
}

#[test]
fn files_bring_the_bits_of_arrays() {
    let directory = tempfile::tempdir().unwrap();
    let backup = directory.path().join("backup");
    let [arrays, files @ ..] = all_kinds(directory.path());
    // There are eight batches: three steps end in the midst of them, for twelve there are too few.
    for steps in [None, Some(3), Some(8), Some(12)] {
        let expected = train(&arrays, steps, &backup, Crash(None)).unwrap();
        for (kind, data) in files.iter().enumerate() {
            let outcome = train(data, steps, &backup, Crash(None)).unwrap();
            assert!(outcome == expected, "kind {kind}, {steps:?} steps: {outcome:?}\n{expected:?}");
        }
    }
}

#[test]
fn a_run_on_files_that_crashed_at_any_batch_is_the_run() {
    let directory = tempfile::tempdir().unwrap();
    let backup = directory.path().join("backup");
    let [arrays, files @ ..] = all_kinds(directory.path());
    for (steps, batches) in [(None, 16), (Some(3), 6)] {
        let expected = train(&arrays, steps, &backup, Crash(None)).unwrap();
        for (kind, data) in files.iter().enumerate() {
            for crash in 0..batches {
                assert!(train(data, steps, &backup, Crash(Some(crash))).is_err());
                let resumed = train(data, steps, &backup, Crash(None)).unwrap();
                assert!(resumed == expected, "kind {kind}, {steps:?} steps, crash at {crash}");
            }
        }
    }
}

/// What is said about files of which one number was changed.
fn message(spoil: impl FnOnce(&mut Vec<f32>, &mut [u8])) -> String {
    let directory = tempfile::tempdir().unwrap();
    let mut x: Vec<f32> = pixels().iter().map(|&pixel| f32::from(pixel)).collect();
    let mut y = labels().to_vec();
    spoil(&mut x, &mut y);
    let numbers: Vec<u8> = x.into_iter().flat_map(f32::to_le_bytes).collect();
    let x = npy(directory.path().join("x.npy"), &format!("{SAMPLES}, 2, 3"), "<f4", &numbers);
    let y = idx(directory.path().join("y.idx"), &[SAMPLES], &y);
    model().fit(x, y, FitOptions::new().batch_size(8).verbose(0)).unwrap_err().to_string()
}

#[test]
fn a_hole_in_a_file_is_named_by_its_row_in_the_file() {
    for row in [0, 41, SAMPLES - 1] {
        assert_eq!(
            message(|x, _| x[6 * row + 4] = f32::NAN),
            format!(
                "row {row} of x contains NaN: replace or drop what is not a finite number before training"
            )
        );
    }
}

#[test]
fn a_label_that_no_class_has_is_named_by_its_row_in_the_file() {
    for row in [0, 41, SAMPLES - 1] {
        let message = message(|_, y| y[row] = 3);
        assert!(message.contains(&format!("row {row} ")) && message.contains('3'), "{message}");
    }
}
