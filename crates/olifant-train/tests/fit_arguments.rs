//! The arguments of `fit` that say which samples are seen when.
//!
//! `fit_events.rs` compares hooks and numbers with Keras's; here it is the samples of each batch.

#![allow(clippy::unwrap_used)]

use std::{io, path::PathBuf, sync::Mutex};

use ndarray::{Array1, Array2};
use olifant_core::{Shape, ShapeError};
use olifant_nn::{
    Activation, Sequential,
    layers::{Dense, Dropout},
    losses::{MeanAbsoluteError, SparseCategoricalCrossentropy},
    metrics::Accuracy,
    optimizers::{Adam, Sgd},
};
use olifant_train::{
    Callback, Compile, EvaluateOptions, FitError, FitOptions, History, HookResult, Logs, Model, Samples,
    Shuffle, Snapshot, Training, ValidationFreq,
};

const SAMPLES: usize = 10;

/// A model that always answers 0.
fn silent_model() -> Model {
    Sequential::new([1])
        .add(Dense::new(1).use_bias(false))
        .seed(3)
        .compile(Sgd::new(0.1), MeanAbsoluteError::new(), ())
        .unwrap()
}

/// Targets of which no two sets have the same sum: so the loss of a model that answers 0 tells whose it is.
fn powers_of_two() -> (Array2<f32>, Array1<f32>) {
    (Array2::zeros((SAMPLES, 1)), Array1::from_shape_fn(SAMPLES, |i| (1 << i) as f32))
}

/// The samples whose targets have this sum.
fn members(sum: f64) -> Vec<usize> {
    (0..SAMPLES).filter(|i| (sum.round() as usize >> i) & 1 == 1).collect()
}

/// The samples of each batch, for each epoch.
#[derive(Default)]
struct Seen {
    epochs: Vec<Vec<Vec<usize>>>,
    sum: f64,
    steps: Option<usize>,
}

impl Callback for Seen {
    fn on_epoch_begin(&mut self, training: &mut Training<'_>) -> HookResult {
        self.epochs.push(Vec::new());
        (self.sum, self.steps) = (0.0, training.params().steps);
        Ok(())
    }

    fn on_train_batch_end(&mut self, training: &mut Training<'_>, logs: &Logs) -> HookResult {
        let samples = (training.batch() + 1) * training.params().batch_size;
        let sum = logs["loss"] * samples as f64;
        self.epochs.last_mut().unwrap().push(members(sum - self.sum));
        self.sum = sum;
        Ok(())
    }
}

/// What was seen, and what was printed.
fn seen(options: FitOptions<'_>) -> (Seen, Vec<String>) {
    let (x, y) = powers_of_two();
    let (mut seen, mut output) = (Seen::default(), Vec::new());
    let options = options.verbose(0).callback(&mut seen).output(&mut output);
    silent_model().fit(&x, &y, options).unwrap();
    let lines = String::from_utf8(output).unwrap().lines().map(String::from).collect();
    (seen, lines)
}

const OUT_OF_DATA: &str = "Your input ran out of data; interrupting epoch. Make sure that your dataset or \
    generator can generate at least `steps_per_epoch * epochs` batches.";

#[test]
fn an_epoch_of_some_steps_goes_on_where_the_last_one_stopped() {
    let (seen, lines) = seen(FitOptions::new().epochs(4).batch_size(2).steps_per_epoch(2).shuffle(false));
    let expected = [
        vec![vec![0, 1], vec![2, 3]],
        vec![vec![4, 5], vec![6, 7]],
        vec![vec![8, 9]],
        vec![vec![0, 1], vec![2, 3]],
    ];
    assert_eq!(seen.epochs, expected);
    assert_eq!(lines, [OUT_OF_DATA]);
    assert_eq!(seen.steps, Some(2));
}

#[test]
fn more_steps_than_there_are_batches_warn_in_each_epoch() {
    let (seen, lines) = seen(FitOptions::new().epochs(3).batch_size(5).steps_per_epoch(7).shuffle(false));
    let epoch = vec![vec![0, 1, 2, 3, 4], vec![5, 6, 7, 8, 9]];
    assert_eq!(seen.epochs, [epoch.clone(), epoch.clone(), epoch]);
    assert_eq!(lines, [OUT_OF_DATA; 3]);
    assert_eq!(seen.steps, Some(7));
}

#[test]
fn samples_are_shuffled_anew_when_the_data_begins_anew() {
    let (seen, _) = seen(FitOptions::new().epochs(6).batch_size(2).steps_per_epoch(2));
    let batches: Vec<_> = seen.epochs.concat();
    assert_eq!(batches.len(), 10, "two passes of five batches");
    let (first, second) = batches.split_at(5);
    for pass in [first, second] {
        let mut samples = pass.concat();
        samples.sort_unstable();
        assert!(samples.into_iter().eq(0..SAMPLES), "{pass:?}");
    }
    assert_ne!(first, second);
}

#[test]
fn steps_alone_say_how_large_a_batch_is() {
    let (x, y) = powers_of_two();
    for (steps, batch_size) in [(1, 10), (2, 5), (3, 4), (4, 3), (9, 2), (10, 1), (25, 1)] {
        let options = FitOptions::new().steps_per_epoch(steps).verbose(0).output(io::sink());
        let history = silent_model().fit(&x, &y, options).unwrap();
        assert_eq!(history.params().batch_size, batch_size, "{steps} steps");
        assert_eq!(history.params().steps, Some(steps));
    }
    let options = FitOptions::new().steps_per_epoch(2).batch_size(3).verbose(0);
    assert_eq!(silent_model().fit(&x, &y, options).unwrap().params().batch_size, 3);
}

#[test]
fn validation_steps_begin_at_the_first_sample_each_time() {
    let (x, y) = powers_of_two();
    let fit = |options: FitOptions<'_>| {
        let options = options.epochs(3).validation_data(x.view(), y.view()).verbose(0);
        silent_model().fit(&x, &y, options).unwrap()["val_loss"].to_vec()
    };
    let mean = |samples: usize| ((1 << samples) - 1) as f64 / samples as f64;
    assert_eq!(fit(FitOptions::new().validation_batch_size(2).validation_steps(2)), [mean(4); 3]);
    let rounded = f64::from(mean(10) as f32);
    assert_eq!(fit(FitOptions::new().validation_steps(2)), [rounded; 3], "two batches of five");
    assert_eq!(fit(FitOptions::new().batch_size(4).validation_steps(2)), [f64::from(mean(8) as f32); 3]);
}

/// The epochs that were validated, counted from 1.
struct Validated(Vec<usize>);

impl Callback for Validated {
    fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        self.0.extend(logs.contains("val_loss").then_some(training.epoch() + 1));
        Ok(())
    }
}

#[test]
fn listed_epochs_are_validated() {
    let (x, y) = powers_of_two();
    let fit = |freq: ValidationFreq| {
        let mut validated = Validated(Vec::new());
        let options = FitOptions::new().epochs(6).validation_split(0.5).validation_freq(freq).verbose(0);
        silent_model().fit(&x, &y, options.callback(&mut validated)).unwrap();
        validated.0
    };
    assert_eq!(fit([1, 4, 5].into()), [1, 4, 5]);
    assert_eq!(fit(vec![6, 2, 9].into()), [2, 6]);
    assert_eq!(fit(vec![].into()), [] as [usize; 0]);
    assert_eq!(fit(4.into()), [4]);
}

/// Data that notes which samples were read together.
#[derive(Default)]
struct Noted(Mutex<Vec<Vec<usize>>>);

impl Samples for Noted {
    fn samples(&self) -> usize {
        SAMPLES
    }

    fn sample_shape(&self) -> Result<Shape, ShapeError> {
        Ok(Shape::from([1]))
    }

    fn gather(&self, indices: &[usize], output: &mut [f32]) -> io::Result<()> {
        output.fill(0.0);
        self.0.lock().unwrap().push(indices.to_vec());
        Ok(())
    }
}

#[test]
fn shuffling_within_batches_keeps_their_members() {
    let (x, (_, y)) = (Noted::default(), powers_of_two());
    let options = FitOptions::new().epochs(3).batch_size(4).shuffle(Shuffle::WithinBatches).verbose(0);
    silent_model().fit(&x, &y, options).unwrap();
    let batches = x.0.into_inner().unwrap();
    assert_eq!(batches.len(), 9);
    let sorted = |batch: &Vec<usize>| {
        let mut batch = batch.clone();
        batch.sort_unstable();
        batch
    };
    for epoch in batches.chunks(3) {
        let epoch: Vec<_> = epoch.iter().map(sorted).collect();
        assert_eq!(epoch, [vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9]]);
    }
    assert_ne!(batches[0], sorted(&batches[0]));
    assert!(batches[..3] != batches[3..6] && batches[3..6] != batches[6..]);
}

#[test]
fn no_steps_at_all_are_refused() {
    let (x, y) = powers_of_two();
    let fit = |options| silent_model().fit(&x, &y, options).unwrap_err().to_string();
    assert_eq!(fit(FitOptions::new().steps_per_epoch(0)), "steps_per_epoch must be at least 1, but is 0");
    assert_eq!(fit(FitOptions::new().validation_steps(0)), "validation_steps must be at least 1, but is 0");
    assert_eq!(
        fit(FitOptions::new().validation_freq([2, 0])),
        "validation_freq must be at least 1, but is 0"
    );
    let none = || EvaluateOptions::new().steps(0);
    let refused = "steps must be at least 1, but is 0";
    assert_eq!(silent_model().evaluate_with(&x, &y, none()).unwrap_err().to_string(), refused);
    assert_eq!(silent_model().predict_with(&x, none()).unwrap_err().to_string(), refused);
}

/// Interrupts training after a batch, and writes down where it stood.
struct Interrupt(Option<(usize, usize)>, PathBuf);

impl Callback for Interrupt {
    fn on_train_batch_end(&mut self, training: &mut Training<'_>, _: &Logs) -> HookResult {
        if self.0 == Some((training.epoch(), training.batch())) {
            training.request_snapshot();
            training.interrupt();
        }
        Ok(())
    }

    fn on_snapshot(&mut self, training: &mut Training<'_>, snapshot: &Snapshot) -> HookResult {
        Ok(snapshot.save(training.model(), &self.1)?)
    }
}

/// Five batches in epochs of three, on a model with dropout: the weights' bits, and the history.
fn trained(shuffle: Shuffle, interrupt: Interrupt, resumes: bool) -> Result<(Vec<u32>, History), FitError> {
    let x = Array2::from_shape_fn((18, 3), |(i, j)| ((i * 5 + j * 3) % 7) as f32 / 7.0);
    let y = Array1::from_shape_fn(18, |i| (i % 2) as u8);
    let mut model = Sequential::new([3])
        .add(Dense::new(8).activation(Activation::Relu))
        .add(Dropout::new(0.3))
        .add(Dense::new(2).activation(Activation::Softmax))
        .seed(11)
        .compile(Adam::new(0.05), SparseCategoricalCrossentropy::new(), Accuracy::new())
        .unwrap();
    let options = FitOptions::new().epochs(5).batch_size(4).steps_per_epoch(3).shuffle(shuffle).verbose(0);
    let options = if resumes { options.resume_from(&interrupt.1) } else { options };
    let history = model.fit(&x, &y, options.output(io::sink()).callback(interrupt))?;
    let weights = model.network().weights().trainable();
    Ok((weights.iter().map(|weight| weight.to_bits()).collect(), history))
}

#[test]
fn a_run_is_resumed_in_the_midst_of_the_data() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.olifant");
    for shuffle in [Shuffle::Samples, Shuffle::WithinBatches, Shuffle::Off] {
        let whole = trained(shuffle, Interrupt(None, path.clone()), false).unwrap();
        // Epochs 1 and 3 have two steps, as the data ends.
        for epoch in 0..5 {
            for batch in 0..3 - epoch % 2 {
                let interrupt = Interrupt(Some((epoch, batch)), path.clone());
                let error = trained(shuffle, interrupt, false).unwrap_err();
                assert!(matches!(error, FitError::Interrupted { .. }), "{error}");
                let resumed = trained(shuffle, Interrupt(None, path.clone()), true).unwrap();
                assert!(resumed == whole, "{shuffle:?}, after batch {batch} of epoch {epoch}");
            }
        }
    }
}
