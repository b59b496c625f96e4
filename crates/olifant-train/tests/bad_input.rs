//! Bad input gets an error that says what was expected, what was given, and what to do. Nothing panics.

// Data is lent, as a reader of these tests will lend it.
#![allow(clippy::unwrap_used, clippy::needless_borrows_for_generic_args)]

use ndarray::{Array, Array1, Array2, ArrayD, Dimension, IxDyn, array};
use olifant_nn::{
    Activation, BuildError, CallOn, Functional, Input, Named, Sequential,
    layers::{Add, Bidirectional, Concatenate, Dense, Embedding, Flatten, LSTM, TimeDistributed},
    losses::{CategoricalCrossentropy, MeanSquaredError, SparseCategoricalCrossentropy},
    metrics::{Accuracy, CategoricalAccuracy},
    optimizers::{Adam, Sgd},
    schedules::ExponentialDecay,
};
use olifant_train::{Compile, EvaluateOptions, FitError, FitOptions, IntoFitOptions, Model, Verbose};

fn classifier() -> Model {
    Sequential::new([4])
        .add(Dense::new(3).activation(Activation::Softmax))
        .seed(0)
        .compile(Sgd::new(0.1), SparseCategoricalCrossentropy::new(), [Accuracy::new()])
        .unwrap()
}

fn x() -> Array2<f32> {
    Array2::from_shape_fn((10, 4), |(i, j)| (i + j) as f32)
}

fn y() -> Array1<u8> {
    Array1::from_shape_fn(10, |i| (i % 3) as u8)
}

fn quiet<'a>() -> FitOptions<'a> {
    FitOptions::new().verbose(Verbose::Silent)
}

/// The text of the error that `fit` gives, having left the weights alone.
fn fit_error<'a, T, D: Dimension + ndarray::RemoveAxis>(
    x: &'a Array2<f32>,
    y: &'a Array<T, D>,
    options: impl IntoFitOptions<'a>,
) -> String
where
    T: olifant_core::Element,
{
    let mut model = classifier();
    let before = model.network().weights().trainable().to_vec();
    let error = model.fit(x, y, options).unwrap_err();
    assert_eq!(before, model.network().weights().trainable(), "the weights changed although: {error}");
    error.to_string()
}

#[test]
fn x_of_another_shape_names_the_layer_and_both_shapes() {
    let wide = Array2::<f32>::zeros((10, 5));
    assert_eq!(
        fit_error(&wide, &y(), quiet()),
        "layer 0 (dense): expects inputs of shape [batch, 4] but was given [batch, 5]; \
         check the shape that the model begins with"
    );
    let mut images = Sequential::new([2, 2])
        .add(Flatten::new())
        .add(Dense::new(3))
        .compile(Sgd::new(0.1), SparseCategoricalCrossentropy::new().from_logits(true), ())
        .unwrap();
    assert_eq!(
        images.fit(&x(), &y(), quiet()).unwrap_err().to_string(),
        "layer 0 (flatten): expects inputs of shape [batch, 2, 2] but was given [batch, 4]; \
         the number of elements is right: reshape the data, or begin with another input shape"
    );
    assert_eq!(
        images.predict(&x()).unwrap_err().to_string().split(';').next(),
        Some("layer 0 (flatten): expects inputs of shape [batch, 2, 2] but was given [batch, 4]")
    );
}

#[test]
fn lengths_must_agree() {
    assert_eq!(
        fit_error(&x(), &array![0, 1, 2], quiet()),
        "x has 10 samples but y has 3: each sample needs one of each"
    );
    let weights = array![1.0, 2.0];
    assert_eq!(
        fit_error(&x(), &y(), quiet().sample_weight(&weights)),
        "x has 10 samples but sample_weight has 2: each sample needs one of each"
    );
}

#[test]
fn empty_arrays_are_refused() {
    let empty = Array2::<f32>::zeros((0, 4));
    assert_eq!(fit_error(&empty, &y(), quiet()), "x holds no samples: give at least one");
    let scalar = ArrayD::<f32>::zeros(IxDyn(&[]));
    assert!(classifier().fit(&scalar, &y(), quiet()).is_err());
    assert_eq!(classifier().predict(&empty).unwrap().shape(), [0, 3]);
}

#[test]
fn labels_outside_the_classes_are_named_by_row_and_value() {
    let mut labels = y().mapv(f32::from);
    for (value, shown) in [(7.0, "7"), (-1.0, "-1"), (0.5, "0.5"), (f32::NAN, "NaN")] {
        labels[6] = value;
        let error = fit_error(&x(), &labels, quiet());
        let expected = format!("row 6 of y is {shown}, but class indices must be whole numbers from 0 to 2");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn one_hot_labels_and_class_indices_are_told_apart() {
    let one_hot = Array2::<f32>::eye(10).slice_move(ndarray::s![.., ..3]);
    let error = fit_error(&x(), &one_hot, quiet());
    assert!(error.contains("CategoricalCrossentropy"), "{error}");
    let mut model = Sequential::new([4])
        .add(Dense::new(3).activation(Activation::Softmax))
        .compile(Sgd::new(0.1), CategoricalCrossentropy::new(), ())
        .unwrap();
    let error = model.fit(&x(), &y(), quiet()).unwrap_err().to_string();
    assert!(error.contains("SparseCategoricalCrossentropy"), "{error}");
    let mut model =
        Sequential::new([4]).add(Dense::new(3)).compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap();
    let error = model.fit(&x(), &Array2::<f32>::zeros((10, 2)), quiet()).unwrap_err().to_string();
    assert!(error.contains("[10, 2]") && error.contains("[10, 3]"), "{error}");
}

#[test]
fn values_that_are_not_finite_are_named_by_row() {
    for (value, shown) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (f32::NEG_INFINITY, "-inf")] {
        let mut holed = x();
        holed[[8, 3]] = value;
        let remedy = "replace or drop what is not a finite number before training";
        assert_eq!(fit_error(&holed, &y(), quiet()), format!("row 8 of x contains {shown}: {remedy}"));
        // Of the samples that are kept for validation, too.
        assert!(fit_error(&holed, &y(), quiet().validation_split(0.3)).starts_with("row 8 of x contains"));
    }
    let mut regression =
        Sequential::new([4]).add(Dense::new(1)).compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap();
    let targets = Array1::from_shape_fn(10, |i| if i == 3 { f32::NAN } else { 0.0 });
    let error = regression.fit(&x(), &targets, quiet()).unwrap_err().to_string();
    assert!(error.starts_with("row 3 of y contains NaN"), "{error}");
    let weights = Array1::from_shape_fn(10, |i| if i == 9 { f32::INFINITY } else { 1.0 });
    assert!(
        fit_error(&x(), &y(), quiet().sample_weight(&weights))
            .starts_with("row 9 of sample_weight contains inf")
    );
}

#[test]
fn options_outside_their_range_are_named() {
    let (x, y) = (x(), y());
    for (options, text) in [
        (quiet().batch_size(0), "batch_size must be at least 1, but is 0"),
        (quiet().validation_batch_size(0), "validation_batch_size must be at least 1, but is 0"),
        (quiet().epochs(0), "epochs must be at least 1, but is 0"),
        (quiet().validation_freq(0), "validation_freq must be at least 1, but is 0"),
        (quiet().validation_split(0.0), "validation_split must be between 0 and 1, both excluded, but is 0"),
        (
            quiet().validation_split(1.5),
            "validation_split must be between 0 and 1, both excluded, but is 1.5",
        ),
        (
            quiet().validation_split(f64::NAN),
            "validation_split must be between 0 and 1, both excluded, but is NaN",
        ),
        (
            quiet().validation_split(0.95),
            "validation_split must be such that 10 samples leave some for training and some for validation, but is 0.95",
        ),
        (
            quiet().class_weight([(0, 2.0)]).sample_weight(&y),
            "class_weight must be unset when sample_weight is given, but is set",
        ),
        (
            quiet().validation_split(0.2).validation_sample_weight(&y),
            "validation_sample_weight must be unset without validation_data; \
             validation_split takes its part of sample_weight, but is set",
        ),
        (
            quiet().class_weight([(1, f32::NAN)]),
            "class_weight must be a finite number from 0 for each class, but is NaN",
        ),
    ] {
        assert_eq!(fit_error(&x, &y, options), text);
    }
    let options = EvaluateOptions::new().batch_size(0).verbose(Verbose::Silent);
    assert_eq!(
        classifier().predict_with(&x, options).unwrap_err().to_string(),
        "batch_size must be at least 1, but is 0"
    );
}

#[test]
fn sample_weights_must_fit_the_losses() {
    let weights = Array2::<f32>::ones((10, 2));
    assert_eq!(
        fit_error(&x(), &y(), quiet().sample_weight(&weights)),
        "sample_weight of shape [10, 2] does not fit losses of shape [10], one for each sample"
    );
    // Known before the first epoch, not at its end.
    let (x, y) = (x(), y());
    let validation = quiet().validation_data(&x, &y).validation_sample_weight(&weights);
    assert!(fit_error(&x, &y, validation).starts_with("sample_weight of shape [10, 2] does not fit"));
}

#[test]
fn metrics_that_do_not_suit_the_targets_are_named() {
    let mut model = Sequential::new([4])
        .add(Dense::new(3).activation(Activation::Softmax))
        .compile(
            Sgd::new(0.1),
            SparseCategoricalCrossentropy::new(),
            (Accuracy::new(), CategoricalAccuracy::new()),
        )
        .unwrap();
    let before = model.network().weights().trainable().to_vec();
    let expected =
        "metric categorical_accuracy: targets of shape [10] do not suit predictions of shape [10, 3]";
    let error = model.fit(&x(), &y(), quiet()).unwrap_err().to_string();
    assert!(error.starts_with(expected), "{error}");
    let error = model.evaluate(&x(), &y()).unwrap_err().to_string();
    assert!(error.starts_with(expected), "{error}");
    assert_eq!(before, model.network().weights().trainable());
}

#[test]
fn more_arrays_than_inputs_are_refused() {
    let x = x();
    let error = classifier().fit((&x, &x), &y(), quiet()).unwrap_err();
    assert_eq!(error.to_string(), "the model takes one array for x, but was given 2");
}

#[test]
fn options_of_parts_are_checked_when_compiled() {
    let compile = |rate: f64| {
        let layers = Sequential::new([4]).add(Dense::new(3));
        layers.compile(Adam::new(rate), MeanSquaredError::new(), ()).map(|_| ()).unwrap_err().to_string()
    };
    assert!(compile(-0.1).contains("learning_rate"), "{}", compile(-0.1));
    assert!(compile(f64::NAN).contains("learning_rate"));
    let error = Sequential::new([4]).compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap_err();
    assert_eq!(error.to_string(), "a network needs at least one layer: add one before compiling");
    let error = Sequential::new([0])
        .add(Dense::new(3))
        .compile(Sgd::new(0.1), MeanSquaredError::new(), ())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "layer 0 (dense): expects inputs of shape [batch, features] but was given [batch, 0]; give each sample at least one feature"
    );
}

#[test]
fn a_scheduled_learning_rate_cannot_be_set() {
    let schedule = ExponentialDecay::new(0.1, 100, 0.9);
    let mut model = Sequential::new([4])
        .add(Dense::new(3))
        .compile(Sgd::new(schedule), MeanSquaredError::new(), ())
        .unwrap();
    let error = model.set_learning_rate(0.5).unwrap_err().to_string();
    assert_eq!(
        error,
        "learning_rate must be set by nobody else, as the optimizer was made with a schedule, but is 0.5"
    );
    let error = classifier().set_learning_rate(f32::NAN).unwrap_err().to_string();
    assert_eq!(error, "learning_rate must be a number from 0, but is NaN");
}

#[test]
fn ids_outside_the_vocabulary_are_named_by_row_and_value_before_the_first_step() {
    let model = || {
        let layers = Sequential::new([3]).add(Embedding::new(10, 4)).add(Flatten::new()).add(Dense::new(1));
        layers.seed(0).compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap()
    };
    let ids = array![[0, 1, 2], [9, 3, 4], [5, 10, 6]];
    let y = array![0.0, 1.0, 2.0];
    let expected = "layer 0 (embedding): row 2 contains the id 10: ids are whole numbers from 0 to below 10";
    for batch_size in [1, 3] {
        let mut model = model();
        let before = model.network().weights().trainable().to_vec();
        let error = model.fit(&ids, &y, quiet().batch_size(batch_size)).unwrap_err().to_string();
        assert_eq!(error, expected);
        assert_eq!(model.network().weights().trainable(), before, "nothing was trained");
        assert_eq!(model.predict(&ids).unwrap_err().to_string(), error);
    }
}

#[test]
fn ids_inside_networks_and_wrappers_are_checked_before_the_first_step() {
    // The ids go to the second input of a network inside, which an embedding in a chain reads.
    let (numbers, words) = (Input::new([2]), Input::new([2]));
    let tower = Sequential::new([2]).add(Embedding::new(10, 2)).add(Flatten::new()).named("tower");
    let joined = Concatenate::new().on([&Dense::new(1).on(&numbers), &tower.on(&words)]);
    let block = Functional::new([&numbers, &words], &joined).named("block");
    let (numbers, words) = (Input::new([2]), Input::new([2]));
    let output = Dense::new(1).on(&block.on([&numbers, &words]));
    let nested = Functional::new([&numbers, &words], &output).seed(0);
    let mut model = nested.compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap();
    let (any, ids) = (array![[0.5, 99.0], [-1.0, 2.0]], array![[0.0, 1.0], [2.0, 10.0]]);
    let (y, before) = (array![0.0, 1.0], model.get_weights());
    let error = model.fit([&any, &ids], &y, quiet()).unwrap_err();
    let expected = "layer 0 (block): layer 1 (tower): layer 0 (embedding): \
                    row 1 contains the id 10: ids are whole numbers from 0 to below 10";
    assert_eq!(error.to_string(), expected);
    let FitError::Build(mut error) = error else { panic!("{error}") };
    while let BuildError::Layer { source, .. } = *error {
        error = source;
    }
    assert!(matches!(*error, BuildError::Id { row: 1, below: 10, .. }), "{error}");
    assert_eq!(model.predict([&any, &ids]).unwrap_err().to_string(), expected);
    assert_eq!(model.get_weights(), before, "nothing was trained");
    model.fit([&any, &array![[0.0, 1.0], [2.0, 9.0]]], &y, quiet()).unwrap();

    let steps = TimeDistributed::new(Sequential::new([2]).add(Embedding::new(5, 3)).add(Flatten::new()));
    let layers = Sequential::new([3, 2]).add(steps).add(Flatten::new()).add(Dense::new(1)).seed(0);
    let mut model = layers.compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap();
    let mut ids = Array::zeros((2, 3, 2));
    ids[[1, 2, 0]] = -1.0;
    let error = model.fit(&ids, &y, quiet()).unwrap_err().to_string();
    let expected = "layer 0 (time_distributed): layer 0 (embedding): \
                    row 1 contains the id -1: ids are whole numbers from 0 to below 5";
    assert_eq!(error, expected);
}

#[test]
fn batches_of_a_stateful_layer_inside_networks_are_known() {
    let (a, b) = (Input::new([3, 2]), Input::new([3, 2]));
    let memory = Bidirectional::new(LSTM::new(4).stateful(5)).on(&Add::new().on([&a, &b]));
    let block = Functional::new([&a, &b], &memory).named("block");
    let (a, b) = (Input::new([3, 2]), Input::new([3, 2]));
    let network = Functional::new([&a, &b], &Dense::new(1).on(&block.on([&a, &b])));
    let mut model = network.compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap();
    assert_eq!(model.network().batch_size(), Some(5));
    let (x, y) = (Array::<f32, _>::zeros((10, 3, 2)), Array1::<f32>::zeros(10));
    model.fit([&x, &x], &y, quiet()).unwrap();
    let error = model.fit([&x, &x], &y, quiet().batch_size(4)).unwrap_err().to_string();
    assert!(error.starts_with("layer block is stateful, for batches of 5"), "{error}");
    let steps = TimeDistributed::new(Sequential::new([3, 2]).add(LSTM::new(4).stateful(5)));
    let error = Sequential::new([2, 3, 2]).add(steps).build(0).unwrap_err().to_string();
    assert!(error.contains("a layer with one output that keeps no states"), "{error}");
}

#[test]
fn a_stateful_layer_is_given_batches_of_its_size_or_an_error_that_names_it() {
    let layers = Sequential::new([3, 2]).add(LSTM::new(4).stateful(5)).add(Dense::new(1));
    let mut model = layers.seed(0).compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap();
    let (x, y) = (Array::<f32, _>::zeros((10, 3, 2)), Array1::<f32>::zeros(10));
    model.fit(&x, &y, quiet()).unwrap();
    let error = model.fit(&x, &y, quiet().batch_size(4)).unwrap_err().to_string();
    assert_eq!(
        error,
        "layer lstm is stateful, for batches of 5, but 10 samples in batches of 4 do not come in such batches: \
         set batch_size to 5, and leave out samples that fill no batch"
    );
    let short = x.slice(ndarray::s![..7, .., ..]);
    assert!(model.predict(short).unwrap_err().to_string().contains("7 samples in batches of 5"));
    assert!(model.evaluate(short, y.slice(ndarray::s![..7])).is_err());
    assert!(model.train_on_batch(short, y.slice(ndarray::s![..7])).is_err());
    assert_eq!(
        model.predict_with(&x, EvaluateOptions::new().verbose(Verbose::Silent)).unwrap().shape(),
        [10, 1]
    );
}
