//! One batch by hand is a step of `fit`, `evaluate` or `predict`.

#![allow(clippy::unwrap_used)]

use ndarray::{Array1, Array2, Axis, Slice, array};
use olifant_nn::{
    Activation, Sequential,
    layers::{Dense, Dropout},
    losses::SparseCategoricalCrossentropy,
    metrics::Accuracy,
    optimizers::Adam,
};
use olifant_train::{BatchOptions, Compile, FitOptions, Model};

fn model() -> Model {
    Sequential::new([4])
        .add(Dense::new(16).activation(Activation::Relu))
        .add(Dropout::new(0.5))
        .add(Dense::new(3).activation(Activation::Softmax))
        .seed(5)
        .compile(Adam::new(0.1), SparseCategoricalCrossentropy::new(), Accuracy::new())
        .unwrap()
}

fn data() -> (Array2<f32>, Array1<u8>) {
    let x = Array2::from_shape_fn((10, 4), |(i, j)| ((i * 7 + j * 5) % 11) as f32 / 11.0);
    (x, Array1::from_shape_fn(10, |i| (i % 3) as u8))
}

/// The rows of three batches.
fn batches() -> [Slice; 3] {
    [Slice::from(0..4), Slice::from(4..8), Slice::from(8..10)]
}

#[test]
fn steps_by_hand_are_those_of_fit_to_the_last_bit() {
    let (x, y) = data();
    let weights = Array1::from_shape_fn(10, |i| i as f32 / 4.0);
    for with_classes in [false, true] {
        let options = FitOptions::new().epochs(2).batch_size(4).shuffle(false).verbose(0);
        let options = if with_classes {
            options.class_weight([(0, 2.0), (1, 0.5)])
        } else {
            options.sample_weight(&weights)
        };
        let mut fitted = model();
        fitted.fit(&x, &y, options).unwrap();

        let mut stepped = model();
        for rows in batches().into_iter().chain(batches()) {
            let options = BatchOptions::new();
            let options = if with_classes {
                options.class_weight([(0, 2.0), (1, 0.5)])
            } else {
                options.sample_weight(weights.slice_axis(Axis(0), rows))
            };
            let (x, y) = (x.slice_axis(Axis(0), rows), y.slice_axis(Axis(0), rows));
            stepped.train_on_batch_with(x, y, options).unwrap();
        }
        let trainable = |model: &Model| model.network().weights().trainable().to_vec();
        assert_eq!(trainable(&stepped), trainable(&fitted));
        assert_ne!(trainable(&stepped), trainable(&model()));
    }
}

#[test]
fn logs_are_those_of_the_batch_alone() {
    let (x, y) = data();
    let model = model();
    for rows in batches() {
        let (x, y) = (x.slice_axis(Axis(0), rows), y.slice_axis(Axis(0), rows));
        assert_eq!(model.test_on_batch(x, y).unwrap(), model.evaluate(x, y).unwrap());
    }
}

#[test]
fn training_returns_what_was_before_the_step() {
    let (x, y) = data();
    let mut model = Sequential::new([4])
        .add(Dense::new(3).activation(Activation::Softmax))
        .compile(Adam::new(0.1), SparseCategoricalCrossentropy::new(), Accuracy::new())
        .unwrap();
    let before = model.test_on_batch(&x, &y).unwrap();
    assert_eq!(model.train_on_batch(&x, &y).unwrap(), before);
    assert!(model.test_on_batch(&x, &y).unwrap()["loss"] < before["loss"]);
}

#[test]
fn predictions_of_one_batch_are_those_of_many() {
    let x = Array2::from_shape_fn((100, 4), |(i, j)| (i * j % 7) as f32);
    let model = model();
    assert_eq!(model.predict_on_batch(&x).unwrap(), model.predict(&x).unwrap());
    let none = Array2::<f32>::zeros((0, 4));
    assert_eq!(model.predict_on_batch(&none).unwrap().shape(), [0, 3]);
}

#[test]
fn options_that_do_not_suit_are_named() {
    let (x, y) = data();
    let message = |options| model().train_on_batch_with(&x, &y, options).unwrap_err().to_string();
    let both = BatchOptions::new().class_weight([(0, 1.0)]).sample_weight(array![1.0]);
    assert_eq!(message(both), "class_weight must be unset when sample_weight is given, but is set");
    assert_eq!(
        message(BatchOptions::new().class_weight([(0, -1.0)])),
        "class_weight must be a finite number from 0 for each class, but is -1"
    );
    assert_eq!(
        message(BatchOptions::new().sample_weight(array![1.0])),
        "x has 10 samples but sample_weight has 1: each sample needs one of each"
    );
    let options = BatchOptions::new().class_weight([(0, 2.0)]);
    let error = model().test_on_batch_with(&x, &y, options).unwrap_err();
    assert_eq!(error.to_string(), "class_weight must be unset but in training, but is set");
    let wide = Array2::<f32>::zeros((2, 5));
    let error = model().predict_on_batch(&wide).unwrap_err();
    assert_eq!(error.to_string(), model().predict(&wide).unwrap_err().to_string());
    let none = Array2::<f32>::zeros((0, 4));
    let error = model().train_on_batch(&none, Array1::<u8>::zeros(0)).unwrap_err();
    assert_eq!(error.to_string(), "x holds no samples: give at least one");
}
