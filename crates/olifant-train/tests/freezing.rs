//! Frozen layers stay as they are, and the others train as in Keras. The numbers are made by `keras/freezing.py` and `keras/frozen_normalization.py`.

#![allow(clippy::unwrap_used)]

use ndarray::{Array2, ArrayD};
use olifant_nn::{
    Activation, Named, Optimizer, Regularizer, Sequential,
    layers::{BatchNormalization, Dense},
    losses::MeanSquaredError,
    optimizers::Sgd,
};
use olifant_train::{Callback, Compile, FitOptions, HookResult, Logs, Model, Training, Verbose};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("keras/freezing.json")).unwrap()
}

fn array(value: &Value) -> ArrayD<f32> {
    let shape: Vec<usize> = serde_json::from_value(value["shape"].clone()).unwrap();
    ArrayD::from_shape_vec(shape, serde_json::from_value(value["values"].clone()).unwrap()).unwrap()
}

/// The network of the golden numbers, with its first weights.
fn model(golden: &Value, optimizer: impl Optimizer) -> Model {
    let dense = |units| Dense::new(units).kernel_regularizer(Regularizer::l2(0.05));
    let mut model = Sequential::new([3])
        .add(dense(4).activation(Activation::Relu))
        .add(dense(3).activation(Activation::Tanh))
        .add(dense(2))
        .seed(1)
        .compile(optimizer, MeanSquaredError::new(), ())
        .unwrap();
    let arrays: Vec<_> = golden["weights"].as_array().unwrap().iter().map(array).collect();
    model.set_weights(&arrays).unwrap();
    model
}

fn train(model: &mut Model, golden: &Value, steps: usize) -> Vec<f64> {
    let (x, y) = (array(&golden["x"]), array(&golden["y"]));
    (0..steps).map(|_| model.train_on_batch(&x, &y).unwrap()["loss"]).collect()
}

#[test]
fn frozen_layers_and_the_others_follow_keras() {
    let golden = golden();
    for case in golden["cases"].as_array().unwrap() {
        let sgd = Sgd::new(0.1).momentum(0.9);
        let mut model = match case["options"].get("global_clipnorm") {
            Some(limit) => model(&golden, sgd.global_clipnorm(limit.as_f64().unwrap() as f32)),
            None => model(&golden, sgd),
        };
        for layer in case["frozen"].as_array().unwrap() {
            model.set_trainable(layer.as_str().unwrap(), false).unwrap();
        }
        let before = model.get_weights();
        let expected = case["loss"].as_array().unwrap();
        for (loss, expected) in train(&mut model, &golden, expected.len()).iter().zip(expected) {
            assert!((loss - expected.as_f64().unwrap()).abs() < 2e-6, "{case}: {loss}");
        }
        let names = model.network().weights().iter().map(|(_, spec)| spec.name.clone());
        let after = model.get_weights();
        for (number, name) in names.enumerate() {
            let is_frozen = !model.is_trainable(name.split('/').next().unwrap()).unwrap();
            assert_eq!(after[number] == before[number], is_frozen, "{name}");
            for (ours, keras) in after[number].iter().zip(&array(&case["weights"][number])) {
                assert!((ours - keras).abs() < 2e-6, "{case}: {name}: {ours} instead of {keras}");
            }
        }
    }
}

#[test]
fn gradients_beside_frozen_layers_are_right() {
    let golden = golden();
    for frozen in ["dense", "dense_1", "dense_2"] {
        // A step of 1 along the gradient shows it.
        let mut model = model(&golden, Sgd::new(1.0));
        model.set_trainable(frozen, false).unwrap();
        let (x, y) = (array(&golden["x"]), array(&golden["y"]));
        let start = model.network().weights().clone();
        train(&mut model, &golden, 1);
        let gradient: Vec<f32> =
            start.trainable().iter().zip(model.network().weights().trainable()).map(|(a, b)| a - b).collect();
        for (_, spec) in start.iter().filter(|(_, spec)| spec.trainable) {
            for index in spec.range() {
                let mut loss_at = |shift: f32| {
                    model.weights_mut().trainable_mut().copy_from_slice(start.trainable());
                    model.weights_mut().trainable_mut()[index] += shift;
                    model.evaluate(&x, &y).unwrap()["loss"]
                };
                let expected = (loss_at(1e-2) - loss_at(-1e-2)) / 2e-2;
                let error = (f64::from(gradient[index]) - expected).abs();
                assert!(error < 2e-3, "{}: {} instead of {expected}", spec.name, gradient[index]);
            }
        }
    }
}

#[test]
fn a_layer_that_is_trained_again_begins_anew_and_the_others_go_on() {
    let golden = golden();
    let mut model = model(&golden, Sgd::new(0.1).momentum(0.9).use_ema(true));
    train(&mut model, &golden, 2);
    let momentum = |model: &Model, name: &str| {
        let weights = model.network().weights();
        let range = weights.spec(weights.find(name).unwrap()).range();
        model.optimizer_state().slots()[0][range].to_vec()
    };
    let head = momentum(&model, "dense_2/kernel");
    assert!(head.iter().any(|&m| m != 0.0));
    model.set_trainable("dense", false).unwrap();
    assert_eq!(momentum(&model, "dense_2/kernel"), head);
    model.set_trainable("dense", true).unwrap();
    assert_eq!(momentum(&model, "dense_2/kernel"), head);
    assert_eq!(momentum(&model, "dense/kernel"), [0.0; 12]);
    let before = model.get_weights();
    model.finalize_weights();
    assert_eq!(model.get_weights()[0], before[0], "its average begins with itself");
    assert_ne!(model.get_weights()[4], before[4]);
}

#[test]
fn with_all_layers_frozen_nothing_moves() {
    let golden = golden();
    let mut model = model(&golden, Sgd::new(0.1).momentum(0.9).global_clipnorm(1.0).use_ema(true));
    for layer in ["dense", "dense_1", "dense_2"] {
        model.set_trainable(layer, false).unwrap();
    }
    let before = model.get_weights();
    let losses = train(&mut model, &golden, 2);
    assert_eq!((losses[0], model.get_weights()), (losses[1], before));
}

#[test]
fn the_flag_and_the_slots_survive_a_file() {
    let golden = golden();
    let directory = tempfile::tempdir().unwrap();
    for name in ["m.olifant", "m.safetensors"] {
        let path = directory.path().join(name);
        let mut model = model(&golden, Sgd::new(0.1).momentum(0.9));
        model.set_trainable("dense_1", false).unwrap();
        train(&mut model, &golden, 2);
        model.save(&path).unwrap();
        let mut loaded = Model::load(&path).unwrap();
        assert!(!loaded.is_trainable("dense_1").unwrap() && loaded.is_trainable("dense").unwrap());
        assert_eq!(loaded.get_weights(), model.get_weights());
        train(&mut model, &golden, 2);
        train(&mut loaded, &golden, 2);
        assert_eq!(loaded.get_weights() == model.get_weights(), name == "m.olifant", "only it keeps momenta");
    }
}

/// Lets the first layer train from the second epoch on.
struct Thaw(Vec<ArrayD<f32>>);

impl Callback for Thaw {
    fn on_epoch_end(&mut self, training: &mut Training<'_>, _: &mut Logs) -> HookResult {
        self.0.push(training.model().get_weights()[0].clone());
        Ok(training.model_mut().set_trainable("first", true)?)
    }
}

#[test]
fn a_callback_may_thaw_a_layer() {
    let x = Array2::from_shape_fn((32, 3), |(i, j)| ((i * 7 + j) % 5) as f32);
    let mut model = Sequential::new([3])
        .add(Dense::new(4).named("first").trainable(false))
        .add(Dense::new(3))
        .compile(Sgd::new(0.01), MeanSquaredError::new(), ())
        .unwrap();
    let start = model.get_weights()[0].clone();
    let mut thaw = Thaw(Vec::new());
    model.fit(&x, &x, FitOptions::new().epochs(2).verbose(Verbose::Silent).callback(&mut thaw)).unwrap();
    assert_eq!(thaw.0[0], start);
    assert_ne!(thaw.0[1], start);
}

#[test]
fn a_normalization_without_weights_is_frozen_as_in_keras() {
    let golden: Value = serde_json::from_str(include_str!("keras/frozen_normalization.json")).unwrap();
    let arrays = |json: &Value| json.as_array().unwrap().iter().map(array).collect::<Vec<_>>();
    let mut model = Sequential::new([3])
        .add(Dense::new(4))
        .add(BatchNormalization::new().momentum(0.5).center(false).scale(false).named("norm"))
        .add(Dense::new(1))
        .compile(Sgd::new(0.1), MeanSquaredError::new(), ())
        .unwrap();
    model.set_weights(&arrays(&golden["weights"])).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for case in golden["cases"].as_array().unwrap() {
        model.set_trainable("norm", case["trainable"].as_bool().unwrap()).unwrap();
        // What is frozen is still so in a model that was saved and loaded.
        let path = folder.path().join("model.olifant");
        model.save(&path).unwrap();
        model = Model::load(&path).unwrap();
        let close = |ours: f64, keras: f64| (ours - keras).abs() < 2e-5 * keras.abs().max(1.0);
        let expected = case["loss"].as_array().unwrap();
        for (loss, expected) in train(&mut model, &golden, expected.len()).iter().zip(expected) {
            assert!(close(*loss, expected.as_f64().unwrap()), "{case}: {loss}");
        }
        let evaluated = model.evaluate(array(&golden["x"]), array(&golden["y"])).unwrap()["loss"];
        assert!(close(evaluated, case["evaluate"].as_f64().unwrap()), "{case}: {evaluated}");
        for (ours, keras) in model.get_weights().iter().zip(arrays(&case["weights"])) {
            let mut pairs = ours.iter().zip(&keras);
            assert!(pairs.all(|(&ours, &keras)| close(ours.into(), keras.into())), "{case}: {ours}");
        }
    }
}
