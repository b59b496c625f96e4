//! Penalties on what layers return, as part of the loss in training and in evaluation.
//!
//! The numbers are made by `keras/activity_regularizers.py`, which says what the models are.

#![allow(clippy::unwrap_used)]

use ndarray::{Array1, ArrayD, IxDyn, array};
use olifant_core::{Axes, Float, Shape, Tape, Var};
use olifant_nn::{
    Activation, BuildError, CallOn, Functional, Input, Layer, Network, Regularizer, Sequential, SharedLayer,
    Trainable, WeightBuilder,
    layers::{
        ActivityRegularization, Add, Bidirectional, Concatenate, Conv2D, Dense, Embedding, Flatten, LSTM,
        MaxPooling2D, TimeDistributed,
    },
    losses::MeanSquaredError,
    optimizers::Sgd,
};
use olifant_train::{Compile, EvaluateOptions, FitOptions, Model, Verbose};
use serde::{Deserialize, Serialize};
use serde_json::Value;

fn l1(factor: Float) -> Regularizer {
    Regularizer::l1(factor)
}

fn l2(factor: Float) -> Regularizer {
    Regularizer::l2(factor)
}

fn shared() -> Model {
    let (a, b) = (Input::new([3]), Input::new([3]));
    let shared = Dense::new(4).activation(Activation::Tanh);
    let shared = SharedLayer::new(shared.activity_regularizer(Regularizer::l1_l2(0.02, 0.05)));
    let inside = Sequential::new([4])
        .add(Dense::new(3).activity_regularizer(l2(0.1)))
        .add(ActivityRegularization::new().l1(0.1));
    let joined = Add::new().on([&shared.on(&a), &shared.on(&b)]);
    let outputs = [&Dense::new(2).on(&inside.on(&joined)), &Dense::new(1).on(&joined)];
    let described = Functional::new([&a, &b], outputs);
    let model = described.compile(Sgd::new(0.05), MeanSquaredError::new(), ());
    model.and_then(|model| model.loss_weights([0.5, 2.0])).unwrap()
}

fn frozen() -> Model {
    let frozen = Dense::new(3).activity_regularizer(l2(0.5)).kernel_regularizer(l2(1.0)).trainable(false);
    let described = Sequential::new([3]).add(Dense::new(4)).add(frozen).add(Dense::new(1));
    described.compile(Sgd::new(0.05), MeanSquaredError::new(), ()).unwrap()
}

fn pooled() -> Model {
    let convolution = Conv2D::new(3, 2).activation(Activation::Relu).activity_regularizer(l1(0.05));
    Sequential::new([5, 5, 1])
        .add(convolution)
        .add(MaxPooling2D::new(2))
        .add(Flatten::new())
        .add(Dense::new(1))
        .compile(Sgd::new(0.05).gradient_accumulation_steps(2), MeanSquaredError::new(), ())
        .unwrap()
}

fn sequence() -> Model {
    let lstm = LSTM::new(3).return_sequences(true).activity_regularizer(l2(0.1));
    let step = Sequential::new([6]).add(Dense::new(2).activity_regularizer(Regularizer::l1_l2(0.1, 0.2)));
    Sequential::new([4])
        .add(Embedding::new(6, 2).activity_regularizer(l2(0.3)))
        .add(Bidirectional::new(lstm))
        .add(TimeDistributed::new(step))
        .add(Flatten::new())
        .add(Dense::new(1))
        .compile(Sgd::new(0.05), MeanSquaredError::new(), ())
        .unwrap()
}

/// What the first layer returns has two gradients: that of its penalty, and that of the layer behind.
fn rectified() -> Model {
    let relu = |units| Dense::new(units).activation(Activation::Relu);
    Sequential::new([4])
        .add(relu(5).activity_regularizer(l2(0.3)))
        .add(relu(3).activity_regularizer(Regularizer::l1_l2(0.1, 0.2)))
        .add(Dense::new(1))
        .compile(Sgd::new(0.05), MeanSquaredError::new(), ())
        .unwrap()
}

/// Outputs and states have the penalty; batches go on from the states of those before.
fn stateful(batch_size: usize) -> Model {
    let x = Input::new([3, 2]);
    let lstm = LSTM::new(4).return_sequences(true).return_state(true).stateful(batch_size);
    let [y, h, c] = lstm.activity_regularizer(Regularizer::l1_l2(0.05, 0.2)).on_several(&x);
    let known = Concatenate::new().on([&Flatten::new().on(&y), &h, &c]);
    let described = Functional::new(&x, &Dense::new(1).on(&known));
    described.compile(Sgd::new(0.05), MeanSquaredError::new(), ()).unwrap()
}

fn array_of(json: &Value) -> ArrayD<f32> {
    let shape: Vec<usize> = serde_json::from_value(json["shape"].clone()).unwrap();
    let values: Vec<f32> = serde_json::from_value(json["values"].clone()).unwrap();
    ArrayD::from_shape_vec(IxDyn(&shape), values).unwrap()
}

fn arrays(json: &Value) -> Vec<ArrayD<f32>> {
    json.as_array().unwrap().iter().map(array_of).collect()
}

fn list(arrays: &[ArrayD<f32>]) -> Vec<&ArrayD<f32>> {
    arrays.iter().collect()
}

#[track_caller]
fn assert_close(ours: f64, keras: f64, what: &str) {
    assert!((ours - keras).abs() <= 2e-5 * keras.abs().max(1.0), "{what}: {ours}, Keras has {keras}");
}

#[test]
fn losses_and_weights_are_those_of_keras() {
    let golden: Value = serde_json::from_str(include_str!("keras/activity_regularizers.json")).unwrap();
    for case in golden["cases"].as_array().unwrap() {
        let name = case["model"].as_str().unwrap();
        let batch_size: usize = serde_json::from_value(case["batch_size"].clone()).unwrap();
        let mut model = match name {
            "shared" => shared(),
            "frozen" => frozen(),
            "pooled" => pooled(),
            "sequence" => sequence(),
            "rectified" => rectified(),
            _ => stateful(batch_size),
        };
        let (x, y) = (arrays(&case["x"]), arrays(&case["y"]));
        // Not the states, which begin with zeros.
        let weights = model.network().weights().iter().filter(|(_, spec)| !spec.name.ends_with("_state"));
        let handles: Vec<_> = weights.map(|(weight, _)| weight).collect();
        assert_eq!(handles.len(), arrays(&case["weights"]).len(), "{name}");
        for (weight, values) in handles.iter().zip(arrays(&case["weights"])) {
            model.weights_mut().get_mut(*weight).copy_from_slice(values.as_slice().unwrap());
        }
        let evaluate = |model: &mut Model| {
            let options = EvaluateOptions::new().batch_size(batch_size).verbose(Verbose::Silent);
            model.evaluate_with(list(&x), list(&y), options).unwrap()["loss"]
        };
        assert_close(evaluate(&mut model), case["before"].as_f64().unwrap(), name);
        let options =
            FitOptions::new().batch_size(batch_size).epochs(2).shuffle(false).verbose(Verbose::Silent);
        let sample_weight: Array1<f32> = array_of(&case["sample_weight"]).into_dimensionality().unwrap();
        let history = model.fit(list(&x), list(&y), options.sample_weight(&sample_weight)).unwrap();
        for (ours, keras) in history["loss"].iter().zip(array_of(&case["history"])) {
            assert_close(*ours, keras.into(), name);
        }
        assert_close(evaluate(&mut model), case["after"].as_f64().unwrap(), name);
        for (weight, keras) in handles.into_iter().zip(arrays(&case["weights_after"])) {
            let (spec, ours) =
                (model.network().weights().spec(weight), model.network().weights().get(weight));
            for (&ours, &keras) in ours.data.iter().zip(&keras) {
                assert_close(ours.into(), keras.into(), &spec.name);
            }
        }
    }
}

/// A layer of a user's own: its values should have the mean 1.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Centered {}

#[typetag::serde(name = "tests/centered")]
impl Layer for Centered {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        x.tape().add_loss((x.mean(Axes::All) - 1.0).square());
        x
    }
}

#[test]
fn a_layer_of_ones_own_adds_to_the_loss_as_well() {
    let mut model = Sequential::new([2])
        .add(Centered {})
        .add(Dense::new(1))
        .compile(Sgd::new(0.1), MeanSquaredError::new(), ())
        .unwrap();
    model.weights_mut().trainable_mut().fill(0.0);
    // The mean is 3; the predictions are 0.
    let logs = model.evaluate(array![[1.0, 2.0], [4.0, 5.0]], array![3.0, 1.0]).unwrap();
    assert_eq!(logs["loss"], 5.0 + 4.0);
}

/// Twice the inputs where nobody wants to know of losses.
#[derive(Debug, Default, Serialize, Deserialize)]
struct TwiceWithoutLosses {}

#[typetag::serde(name = "tests/twice_without_losses")]
impl Layer for TwiceWithoutLosses {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        if x.tape().wants_losses() { x } else { x * 2.0 }
    }
}

#[test]
fn predictions_want_no_losses_and_evaluations_do() {
    let described = Sequential::new([1]).add(TwiceWithoutLosses {});
    let mut model = described.compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap();
    let x = array![[1.0], [3.0]];
    let twice: ArrayD<Float> = array![[2.0], [6.0]].into_dyn();
    let silent = || EvaluateOptions::new().verbose(Verbose::Silent);
    assert_eq!(model.predict(&x).unwrap(), twice);
    assert_eq!(model.predict_on_batch(&x).unwrap(), twice);
    assert_eq!(model.predict_with(&x, silent()).unwrap(), twice);
    assert_eq!(model.evaluate(&x, &x).unwrap()["loss"], 0.0);
    assert_eq!(model.test_on_batch(&x, &x).unwrap()["loss"], 0.0);
    assert_eq!(model.evaluate_with(&x, &x, silent()).unwrap()["loss"], 0.0);
}

#[test]
fn a_loop_of_ones_own_gets_the_penalties_from_the_network() {
    let mut model = Sequential::new([2])
        .add(Dense::new(1).use_bias(false).activity_regularizer(l2(0.5)))
        .compile(Sgd::new(0.1), MeanSquaredError::new(), ())
        .unwrap();
    model.set_weights(&[array![[1.0], [2.0]]]).unwrap();
    let record = |tape: &Tape<'_>, network: &Network| {
        let x = tape.input_with([2, 2], |x| x.copy_from_slice(&[1.0, 0.0, 0.0, 1.0]));
        network.call(x).mean(Axes::All).item() + network.penalty(tape).unwrap().item()
    };
    let mut value = 0.0;
    let loss = model.learn(|tape, network| {
        value = record(tape, network);
        network.penalty(tape).unwrap()
    });
    // Outputs 1 and 2: their mean, and half of the mean of their squares.
    assert_eq!((value, loss), (1.5 + 1.25, 1.25));
    // The gradient is output · 0.5 · 2 / samples.
    let expected: [Float; 2] = [1.0 - 0.1 * 0.5, 2.0 - 0.1 * 1.0];
    let weights = model.network().weights().trainable();
    let close = weights.iter().zip(expected).all(|(w, e)| (w - e).abs() < 1e-6);
    assert!(close, "{weights:?}");
}

#[test]
fn penalties_come_back_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.olifant");
    let model = pooled();
    model.save(&path).unwrap();
    let (x, y) = (ndarray::Array4::from_elem((3, 5, 5, 1), 0.5), array![0.0, 1.0, 2.0]);
    let loss = |model: &Model| model.evaluate(&x, &y).unwrap()["loss"];
    assert_eq!(loss(&Model::load(&path).unwrap()), loss(&model));
}
