//! Networks that are layers of models: frozen by path as in Keras, trained before, saved and loaded.
//! The numbers are made by `keras/nested_freezing.py`.

// Data is lent, as a reader of these tests will lend it.
#![allow(clippy::unwrap_used, clippy::needless_borrows_for_generic_args)]

use ndarray::{Array2, ArrayD};
use olifant_nn::{
    Activation, CallOn, Functional, Input, Named, Sequential,
    layers::{Add, BatchNormalization, Dense},
    losses::MeanSquaredError,
    optimizers::Adam,
};
use olifant_train::{Callback, Compile, FitOptions, HookResult, Logs, Model, Training, Verbose};
use serde_json::Value;

fn x() -> Array2<f32> {
    Array2::from_shape_fn((12, 4), |(i, j)| ((5 * i + 3 * j) % 7) as f32 / 3.0 - 1.0)
}

fn y() -> Array2<f32> {
    Array2::from_shape_fn((12, 1), |(i, _)| (i % 5) as f32 / 2.0)
}

fn quiet<'a>(epochs: usize) -> FitOptions<'a> {
    FitOptions::new().epochs(epochs).batch_size(4).verbose(Verbose::Silent)
}

/// The model of the golden cases.
fn towered() -> Model {
    let inner = Sequential::new([3]).add(Dense::new(2).named("second"));
    let tower = Sequential::new([4]).add(Dense::new(3).named("first"));
    let tower = tower.add(BatchNormalization::new().named("norm")).add(inner.named("inner"));
    Sequential::new([4])
        .add(tower.named("tower"))
        .add(Dense::new(1).named("head"))
        .seed(1)
        .compile(Adam::new(0.01), MeanSquaredError::new(), ())
        .unwrap()
}

fn trained(model: &Model) -> Vec<&str> {
    let weights = model.network().weights().iter().filter(|(_, spec)| spec.trainable);
    weights.map(|(_, spec)| &*spec.name).collect()
}

/// A residual network with a chain inside and moving averages, trained for an epoch.
fn base() -> Model {
    let samples = x();
    let input = Input::new([4]);
    let chain = Sequential::new([4]).add(Dense::new(4).activation(Activation::Tanh)).name("chain");
    let x = BatchNormalization::new().on(&chain.on(&input));
    let output = Dense::new(1).named("top").on(&Add::new().on([&x, &input]));
    let described = Functional::new(&input, &output).name("base").seed(3);
    let mut model = described.compile(Adam::new(0.05), MeanSquaredError::new(), ()).unwrap();
    model.fit(&samples, &y(), quiet(1)).unwrap();
    model
}

/// The base's weights within a model.
fn weights_of_base(model: &Model) -> Vec<ArrayD<f32>> {
    let names = model.weight_names().filter(|name| name.starts_with("base/"));
    names.map(|name| model.weight(name).unwrap().to_owned()).collect()
}

#[test]
fn layers_are_frozen_by_path_as_in_keras() {
    let golden: Value = serde_json::from_str(include_str!("keras/nested_freezing.json")).unwrap();
    for case in golden["cases"].as_array().unwrap() {
        let mut model = towered();
        for change in case["set"].as_array().unwrap() {
            model.set_trainable(change[0].as_str().unwrap(), change[1].as_bool().unwrap()).unwrap();
        }
        assert_eq!(serde_json::json!(trained(&model)), case["trained"], "{case}");
        for (path, flag) in case["flags"].as_object().unwrap() {
            assert_eq!(Some(model.is_trainable(path).unwrap()), flag.as_bool(), "{path}: {case}");
        }
        let before = model.get_weights();
        model.train_on_batch(&x(), &y()).unwrap();
        let names: Vec<String> = model.weight_names().map(str::to_owned).collect();
        for ((name, before), after) in names.iter().zip(&before).zip(&model.get_weights()) {
            let (layer, _) = name.rsplit_once('/').unwrap();
            // The moving averages of a normalization move as long as it is trained.
            let moves = trained(&model).contains(&&**name)
                || name.contains("moving") && model.is_trainable(layer).unwrap();
            assert_eq!(before != after, moves, "{name}: {case}");
        }
    }
}

#[test]
fn what_is_said_of_a_network_holds_for_all_its_layers() {
    let mut model = towered();
    model.set_trainable("tower/inner/second", false).unwrap();
    model.set_trainable("tower", true).unwrap();
    assert!(model.is_trainable("tower/inner/second").unwrap());
}

#[test]
fn paths_that_are_frozen_survive_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let mut model = towered();
    model.set_trainable("tower/inner/second", false).unwrap();
    model.train_on_batch(&x(), &y()).unwrap();
    let path = directory.path().join("model.olifant");
    model.save(&path).unwrap();
    let loaded = Model::load(&path).unwrap();
    assert_eq!(loaded.network().frozen_layers(), ["tower/inner/second"]);
    assert_eq!((trained(&loaded), loaded.get_weights()), (trained(&model), model.get_weights()));
}

/// Freezes a layer inside after the first epoch.
struct FreezeInside;

impl Callback for FreezeInside {
    fn on_epoch_end(&mut self, training: &mut Training<'_>, _: &mut Logs) -> HookResult {
        Ok(training.model_mut().set_trainable("tower/first", false)?)
    }
}

#[test]
fn a_callback_may_freeze_a_layer_inside() {
    let mut model = towered();
    model.fit(&x(), &y(), quiet(1).callback(FreezeInside)).unwrap();
    let before = model.weight("tower/first/kernel").unwrap().to_owned();
    model.fit(&x(), &y(), quiet(1)).unwrap();
    assert_eq!(model.weight("tower/first/kernel").unwrap(), before);
}

#[test]
fn a_trained_model_is_a_layer_with_the_same_outputs() {
    let expected = base().predict(&x()).unwrap();
    let mut model = Sequential::new([4])
        .add(base().into_layer())
        .seed(77)
        .compile(Adam::new(0.01), MeanSquaredError::new(), ())
        .unwrap();
    assert_eq!(model.predict(&x()).unwrap(), expected);
    let before = weights_of_base(&model);
    assert_eq!(before, base().get_weights());
    model.fit(&x(), &y(), quiet(1)).unwrap();
    assert_ne!(weights_of_base(&model), before, "it goes on learning");
}

#[test]
fn a_frozen_base_stays_the_same_to_the_bit_in_training_and_in_files() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("base.olifant");
    base().save(&file).unwrap();
    let base_layer = Model::load(&file).unwrap().into_layer().trainable(false);
    let mut model = Sequential::new([4])
        .add(base_layer)
        .add(Dense::new(1).named("head"))
        .compile(Adam::new(0.05), MeanSquaredError::new(), ())
        .unwrap();
    assert_eq!(trained(&model), ["head/kernel", "head/bias"]);
    let head = model.weight("head/kernel").unwrap().to_owned();
    model.fit(&x(), &y(), quiet(3)).unwrap();
    assert_eq!(weights_of_base(&model), base().get_weights());
    assert_ne!(model.weight("head/kernel").unwrap(), head);
    for name in ["whole.olifant", "whole.safetensors"] {
        let path = directory.path().join(name);
        model.save(&path).unwrap();
        let loaded = Model::load(&path).unwrap();
        assert_eq!(loaded.predict(&x()).unwrap(), model.predict(&x()).unwrap());
        assert_eq!(loaded.network().frozen_layers(), model.network().frozen_layers());
    }
    // Then a part of it learns as well.
    model.set_trainable("base/chain", true).unwrap();
    model.fit(&x(), &y(), quiet(1)).unwrap();
    assert_ne!(
        model.weight("base/chain/dense/kernel").unwrap(),
        base().weight("chain/dense/kernel").unwrap()
    );
    assert_eq!(model.weight("base/top/kernel").unwrap(), base().weight("top/kernel").unwrap());
}

#[test]
fn averages_in_the_place_of_the_weights_do_not_become_a_layer() {
    let averaged = || {
        let layers = Sequential::new([4]).add(Dense::new(1)).seed(1);
        let mut model = layers.compile(Adam::new(0.1).use_ema(true), MeanSquaredError::new(), ()).unwrap();
        model.fit(&x(), &y(), quiet(2)).unwrap();
        model
    };
    let expected = averaged().get_weights();
    let network = Sequential::new([4]).add(averaged().into_layer());
    let model = network.compile(Adam::new(0.1), MeanSquaredError::new(), ()).unwrap();
    assert_eq!(model.get_weights(), expected);
}
