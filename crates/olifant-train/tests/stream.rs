//! Data that comes once, batch after batch: learnt as arrays are, and refused where it cannot serve.

#![allow(clippy::unwrap_used)]

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
};

use ndarray::{Array1, Array2, Axis, s};
use olifant_nn::{
    Activation, Sequential, layers::Dense, losses::SparseCategoricalCrossentropy, metrics::Accuracy,
    optimizers::Sgd,
};
use olifant_train::{
    Callback, CallbackError, Compile, EvaluateOptions, FitOptions, HookResult, Logs, Model, Plan, Samples,
    Shuffle, Snapshot, Stream, Training,
};

const SAMPLES: usize = 50;

fn data() -> (Array2<f32>, Array1<u8>) {
    let x = Array2::from_shape_fn((SAMPLES, 4), |(i, j)| ((i * 37 + j * 11) % 23) as f32 / 23.0);
    let y = Array1::from_shape_fn(SAMPLES, |i| (x[[i, 0]] * 2.99) as u8);
    (x, y)
}

/// The data in batches of so many samples.
fn batches(size: usize) -> impl Iterator<Item = (Array2<f32>, Array1<u8>)> + Send + Clone {
    let (x, y) = data();
    (0..SAMPLES.div_ceil(size)).map(move |number| {
        let rows = number * size..SAMPLES.min((number + 1) * size);
        (x.slice(s![rows.clone(), ..]).to_owned(), y.slice(s![rows]).to_owned())
    })
}

fn model() -> Model {
    let layers = Sequential::new([4])
        .add(Dense::new(8).activation(Activation::Relu))
        .add(Dense::new(3).activation(Activation::Softmax))
        .seed(5);
    layers.compile(Sgd::new(0.2), SparseCategoricalCrossentropy::new(), [Accuracy::new()]).unwrap()
}

fn options<'a>() -> FitOptions<'a> {
    FitOptions::new().epochs(3).batch_size(8).verbose(0).output(io::sink())
}

#[test]
fn a_stream_that_begins_again_brings_the_bits_of_arrays_in_their_order() {
    let (x, y) = data();
    let weighed = || options().class_weight([(0, 2.0), (2, 0.25)]);
    let expected = model().fit(&x, &y, weighed().shuffle(false)).unwrap().to_json();
    for size in [1, 7, 8, 20, SAMPLES] {
        for shuffle in [Shuffle::Off, Shuffle::Samples, Shuffle::WithinBatches] {
            let stream = Stream::from_iter(batches(size).cycle(), SAMPLES).unwrap();
            let history = model().fit(stream.x(), stream.y(), weighed().shuffle(shuffle)).unwrap();
            assert_eq!(history.to_json(), expected, "{size} at a time, {shuffle:?}");
        }
    }
}

#[test]
fn epochs_of_some_steps_go_on_drawing() {
    let (x, y) = data();
    let stream = || Stream::from_iter(batches(10).cycle(), SAMPLES).unwrap();
    let some = || options().epochs(5).steps_per_epoch(3).shuffle(false);
    let expected = model().fit(&x, &y, some()).unwrap().to_json();
    let stream = stream();
    assert_eq!(model().fit(stream.x(), stream.y(), some()).unwrap().to_json(), expected);
}

#[test]
fn an_endless_iterator_is_drawn_on_in_each_epoch_and_no_further() {
    let drawn = AtomicUsize::new(0);
    let endless = std::iter::repeat_with(|| {
        let number = drawn.fetch_add(1, Ordering::Relaxed) as f32;
        (Array2::from_elem((4, 4), number / 100.0), Array1::<u8>::zeros(4))
    });
    let stream = Stream::from_iter(endless, 20).unwrap();
    model().fit(stream.x(), stream.y(), options().batch_size(4)).unwrap();
    assert_eq!(drawn.load(Ordering::Relaxed), 15);
    let some = options().batch_size(4).epochs(2).steps_per_epoch(2);
    model().fit(stream.x(), stream.y(), some).unwrap();
    assert_eq!(drawn.load(Ordering::Relaxed), 19);
    let mut next = [0.0; 4];
    stream.x().gather(&[0], &mut next).unwrap();
    assert_eq!(next, [0.19; 4]);
}

#[test]
fn a_stream_is_evaluated_validated_and_predicted() {
    let (x, y) = data();
    let stream = || Stream::from_iter(batches(7).cycle(), SAMPLES).unwrap();
    let quiet = || EvaluateOptions::new().batch_size(7).verbose(0);
    let mut model = model();
    let expected = model.evaluate_with(&x, &y, quiet()).unwrap();
    assert_eq!(model.evaluate_with(stream().x(), stream().y(), quiet()).unwrap_err().to_string(), BEHIND);
    let one = stream();
    assert_eq!(model.evaluate_with(one.x(), one.y(), quiet()).unwrap(), expected);
    assert_eq!(model.predict(stream().x()).unwrap(), model.predict(&x).unwrap());
    let history = model.fit(&x, &y, options().validation_data(one.x(), one.y())).unwrap();
    assert_eq!(history["val_loss"].len(), 3);
}

const BEHIND: &str = "the data could not be read: the targets of a stream are read behind its inputs: give `fit` both its x and its y";

#[test]
fn a_stream_that_ends_too_early_says_where() {
    let stream = Stream::from_iter(batches(8), SAMPLES).unwrap();
    let error = model().fit(stream.x(), stream.y(), options()).unwrap_err().to_string();
    assert_eq!(
        error,
        "the data could not be read: the stream ended behind sample 0 of a pass: say how many samples it gives, or \
         repeat it with `cycle`"
    );
    let stream = Stream::from_iter(batches(8), SAMPLES + 6).unwrap();
    let error = model().fit(stream.x(), stream.y(), options()).unwrap_err().to_string();
    assert!(error.contains("ended behind sample 48 of a pass"), "{error}");
    let nothing = Stream::from_iter(batches(8).take(0), SAMPLES).err().unwrap().to_string();
    assert_eq!(nothing, "x holds no samples: give at least one");
}

#[test]
fn samples_out_of_order_are_refused_with_the_reasons() {
    let stream = Stream::from_iter(batches(8), SAMPLES).unwrap();
    let gather = |indices: &[usize]| {
        let result = stream.x().gather(indices, &mut vec![0.0; 4 * indices.len()]);
        result.map_err(|error| error.to_string())
    };
    let refused = |index, next| {
        Err(format!(
            "sample {index} of a stream was asked for, but {next} comes next: a stream cannot be shuffled \
             (`shuffle(false)`), split, or resumed in the middle"
        ))
    };
    assert_eq!(gather(&[3]), refused(3, 0));
    assert_eq!(gather(&[0, 2]), refused(2, 1));
    assert_eq!(gather(&[0, 1]), Ok(()));
    assert_eq!(gather(&[1]), refused(1, 2));
    assert_eq!(gather(&[2, 3, 4]), Ok(()));
    assert_eq!(gather(&[0]), Ok(()), "the next pass");
    assert_eq!(gather(&[]), Ok(()));
}

#[test]
fn a_batch_unlike_the_first_is_refused() {
    let message = |x: Array2<f32>, y: Array1<u8>| {
        let stream = Stream::from_iter(batches(8).take(1).chain([(x, y)]), SAMPLES).unwrap();
        let error = model().fit(stream.x(), stream.y(), options()).unwrap_err().to_string();
        error.strip_prefix("the data could not be read: a batch of the stream has ").unwrap().to_owned()
    };
    let counts = |x, y| format!("{x} inputs and {y} targets: give at least one, and each its target");
    assert_eq!(message(Array2::zeros((3, 4)), Array1::zeros(2)), counts(3, 2));
    assert_eq!(message(Array2::zeros((0, 4)), Array1::zeros(0)), counts(0, 0));
    let message = message(Array2::zeros((3, 5)), Array1::zeros(3));
    assert!(message.starts_with("inputs of shape ") && message.contains(", but the first had "), "{message}");
}

#[test]
fn a_hole_in_a_stream_is_named_by_its_place_in_the_pass() {
    let spoiled = batches(8).map(|(mut x, y)| {
        x.index_axis_mut(Axis(0), 1)[2] = f32::NAN;
        (x, y)
    });
    let stream = Stream::from_iter(spoiled, SAMPLES).unwrap();
    let error = model().fit(stream.x(), stream.y(), options()).unwrap_err().to_string();
    assert!(error.starts_with("row 1 of x contains NaN: "), "{error}");
}

#[test]
fn what_a_stream_cannot_do_is_refused_before_anything_is_drawn() {
    let stream = Stream::from_iter(batches(8), SAMPLES).unwrap();
    let error = |options| model().fit(stream.x(), stream.y(), options).unwrap_err().to_string();
    assert_eq!(
        error(options().validation_split(0.2)),
        "validation_split must be unset with a stream: give validation_data, but is 0.2"
    );
    assert_eq!(
        error(options().sample_weight(Array1::<f32>::ones(SAMPLES))),
        "sample_weight must be unset with a stream, but is set"
    );
    assert_eq!(
        error(options().resume_from("run.olifant")),
        "resume_from must be unset with a stream, which cannot be resumed, but is run.olifant"
    );
    stream.x().gather(&[0], &mut [0.0; 4]).unwrap();
}

/// Asks for snapshots, and says beforehand whether it cannot do without.
struct Asks {
    insists: bool,
    answers: Vec<bool>,
}

impl Callback for Asks {
    fn check(&self, plan: &Plan<'_>) -> HookResult {
        if self.insists { plan.expect_resumable() } else { Ok(()) }
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, _logs: &mut Logs) -> HookResult {
        self.answers.push(training.request_snapshot());
        Ok(())
    }

    fn on_snapshot(&mut self, _training: &mut Training<'_>, _snapshot: &Snapshot) -> HookResult {
        Err(CallbackError::new("no snapshot can be taken of a stream"))
    }
}

#[test]
fn no_snapshots_are_taken_of_a_stream_and_who_needs_them_says_so_at_once() {
    let (x, y) = data();
    let stream = Stream::from_iter(batches(8).cycle(), SAMPLES).unwrap();
    let mut asks = Asks { insists: false, answers: Vec::new() };
    model().fit(stream.x(), stream.y(), options().callback(&mut asks)).unwrap();
    model().fit(&x, &y, options().validation_data(stream.x(), stream.y()).callback(&mut asks)).unwrap();
    assert_eq!(asks.answers, [false; 6]);
    asks.insists = true;
    let error = model().fit(stream.x(), stream.y(), options().callback(&mut asks)).unwrap_err().to_string();
    assert_eq!(error, "callback Asks: a stream cannot be resumed: its samples come once");
}
