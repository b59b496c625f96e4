//! `summary()` prints what Keras prints. The texts are made by `keras/summary.py`.

#![allow(clippy::unwrap_used)]

use olifant_nn::{
    Activation, CallOn, Functional, Input, Named, Sequential, SharedLayer,
    layers::{ActivationLayer, Add, Dense, Flatten, Multiply},
    losses::SparseCategoricalCrossentropy,
    optimizers::{Adam, Sgd},
};
use olifant_train::Compile;
use serde_json::Value;

fn keras(name: &str) -> String {
    let golden: Value = serde_json::from_str(include_str!("keras/summary.json")).unwrap();
    let cases = golden["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["name"] == name && case["width"] == 88).unwrap();
    case["text"].as_str().unwrap().trim_end().to_string()
}

fn article() -> Sequential {
    Sequential::new([28, 28])
        .add(Flatten::new())
        .add(Dense::new(300).activation(Activation::Relu))
        .add(Dense::new(100).activation(Activation::Relu))
        .add(Dense::new(10).activation(Activation::Softmax))
}

#[test]
fn a_network_without_optimizer() {
    assert_eq!(article().build(0).unwrap().summary().to_string(), keras("article"));
}

#[test]
fn a_model_counts_what_its_optimizer_keeps() {
    let loss = SparseCategoricalCrossentropy::new;
    let model = article().compile(Sgd::new(0.01), loss(), ()).unwrap();
    assert_eq!(model.summary().to_string(), keras("article, SGD"));
    let model = article().compile(Sgd::new(0.01).momentum(0.9), loss(), ()).unwrap();
    assert_eq!(model.summary().to_string(), keras("article, SGD with momentum"));
    let model = article().compile(Adam::new(0.001), loss(), ()).unwrap();
    assert_eq!(model.summary().to_string(), keras("article, Adam"));
    let model = article().compile(Sgd::new(0.01).use_ema(true), loss(), ()).unwrap();
    assert_eq!(model.summary().to_string(), keras("article, SGD with averages"));
    let adam = Adam::new(0.001).use_ema(true).gradient_accumulation_steps(4);
    let model = article().compile(adam, loss(), ()).unwrap();
    assert_eq!(model.summary().to_string(), keras("article, Adam with averages and accumulation"));
}

#[test]
fn frozen_weights_are_counted_apart() {
    let sgd = Sgd::new(0.01).momentum(0.9);
    let mut model = article().compile(sgd, SparseCategoricalCrossentropy::new(), ()).unwrap();
    model.set_trainable("dense", false).unwrap();
    assert_eq!(model.summary().to_string(), keras("article, first layer frozen"));
}

#[test]
fn large_numbers_and_none() {
    let huge = Sequential::new([5000]).name("huge").add(Dense::new(4000)).add(Dense::new(2));
    assert_eq!(huge.build(0).unwrap().summary().to_string(), keras("huge"));
    let empty =
        Sequential::new([2, 3]).name("empty").add(Flatten::new()).add(ActivationLayer::new(Activation::Relu));
    assert_eq!(empty.build(0).unwrap().summary().to_string(), keras("empty"));
}

#[test]
fn long_names_are_broken_and_cut() {
    let name = "a_layer_whose_name_is_far_too_long_to_fit_into_its_column";
    let network = Sequential::new([4])
        .add(Dense::new(3).named("exactly_thirty_characters_here"))
        .add(Dense::new(3).named(name))
        .build(0)
        .unwrap();
    let (ours, keras) = (network.summary().to_string(), keras("long"));
    let rows = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|line| {
                line.contains("exactly") || line.contains("a_layer_whose") || line.contains("(Dense)")
            })
            .map(String::from)
            .collect()
    };
    assert_eq!(rows(&ours)[..4], rows(&keras)[..4]);
}

#[test]
fn a_graph_shows_what_is_connected() {
    let (a, b) = (Input::named("a", [4]), Input::named("b", [6]));
    let (x, y) = (Dense::new(3).on(&a), Dense::new(3).on(&b));
    let z = Add::new().on([&x, &y]);
    let shared = SharedLayer::new(Dense::new(3));
    let joined = Multiply::new().on([&shared.on(&z), &shared.on(&x), &z]);
    let (one, two) = (Dense::new(1).named("one").on(&joined), Dense::new(2).named("two").on(&joined));
    let network = Functional::new([&a, &b], [&one, &two]).build(0).unwrap();
    assert_eq!(network.summary().to_string(), keras("graph"));
}

#[test]
fn a_functional_chain_has_a_row_for_its_input() {
    let input = Input::named("x", [4]);
    let inner = Sequential::new([4]).add(Dense::new(2));
    let output = Dense::new(1).named("head").on(&inner.on(&input));
    let network = Functional::new(&input, &output).name("line").build(0).unwrap();
    assert_eq!(network.summary().to_string(), keras("line"));
}
