//! The article's network follows Keras step by step: from the same weights, the same losses.
//!
//! The numbers are made by `../keras/training_steps.py`, whose docstring defines weights and data by a formula.

use ndarray::{Array1, Array2};
use olifant_nn::{
    Activation, Optimizer, Sequential,
    layers::Dense,
    losses::SparseCategoricalCrossentropy,
    metrics::Accuracy,
    optimizers::{Adam, Sgd},
};
use olifant_train::{Compile, Model};
use serde_json::Value;

use super::{close, unit::unit};

const PIXELS: usize = 784;
const BATCH: usize = 64;
const STEPS: usize = 30;

fn samples() -> (Array2<f32>, Array1<u8>) {
    let labels = Array1::from_shape_fn(STEPS * BATCH, |s| (10.0 * unit(3, s)) as u8);
    let x = Array2::from_shape_fn((STEPS * BATCH, PIXELS), |(s, p)| {
        let mask = unit(4, PIXELS * usize::from(labels[s]) + p) < 3.0 / 16.0;
        let noise = unit(5, PIXELS * s + p) < 1.0 / 16.0;
        if mask != noise { unit(6, PIXELS * s + p) as f32 } else { 0.0 }
    });
    (x, labels)
}

fn network(optimizer: impl Optimizer) -> Model {
    let mut model = Sequential::new([PIXELS])
        .add(Dense::new(300).activation(Activation::Relu))
        .add(Dense::new(100).activation(Activation::Relu))
        .add(Dense::new(10).activation(Activation::Softmax))
        .seed(0)
        .compile(optimizer, SparseCategoricalCrossentropy::new(), [Accuracy::new()])
        .unwrap();
    let weights = model.weights_mut();
    for (layer, (inputs, outputs)) in [(784, 300), (300, 100), (100, 10)].into_iter().enumerate() {
        let kernel = weights.iter().filter(|(_, spec)| spec.name.ends_with("kernel")).nth(layer).unwrap().0;
        let limit = (6.0 / (inputs + outputs) as f64).sqrt();
        for (i, w) in weights.get_mut(kernel).iter_mut().enumerate() {
            *w = ((2.0 * unit(layer as u32, i) - 1.0) * limit) as f32;
        }
    }
    model
}

fn follow(case: usize, optimizer: impl Optimizer) {
    let golden: Value = serde_json::from_str(include_str!("../keras/training_steps.json")).unwrap();
    let case = &golden["cases"][case];
    let (x, y) = samples();
    assert_eq!(x[[0, 0]], golden["self_check"]["first_lit"][0][1].as_f64().unwrap() as f32);
    let mut model = network(optimizer);
    for step in 0..STEPS {
        let rows = ndarray::s![step * BATCH..(step + 1) * BATCH, ..];
        let labels = y.slice(ndarray::s![step * BATCH..(step + 1) * BATCH]);
        let logs = model.train_on_batch(x.slice(rows), labels).unwrap();
        let what = format!("{} step {step}", case["optimizer"]);
        // Single precision sums 784 products in another order: Keras itself is off by 1e-5 from double precision.
        close(logs["loss"], case["loss"][step].as_f64().unwrap(), 2e-5, &format!("loss of {what}"));
        close(
            logs["accuracy"],
            case["accuracy"][step].as_f64().unwrap(),
            1e-6,
            &format!("accuracy of {what}"),
        );
    }
    for (number, (weight, spec)) in model.network().weights().iter().enumerate() {
        let expected = &case["weights"][number];
        let values = model.network().weights().get(weight).data;
        let sum: f64 = values.iter().map(|&w| f64::from(w)).sum();
        close(sum, expected["sum"].as_f64().unwrap(), 2e-4, &format!("sum of {}", spec.name));
        let indices = expected["indices"].as_array().unwrap();
        for (index, value) in indices.iter().zip(expected["values"].as_array().unwrap()) {
            let ours = values[index.as_u64().unwrap() as usize];
            close(ours.into(), value.as_f64().unwrap(), 1e-5, &format!("{} at {index}", spec.name));
        }
    }
}

#[test]
fn sgd_follows_keras_for_thirty_steps() {
    follow(0, Sgd::new(0.01));
}

#[test]
fn nesterov_momentum_follows_keras_for_thirty_steps() {
    follow(1, Sgd::new(0.01).momentum(0.9).nesterov(true));
}

#[test]
fn adam_follows_keras_for_thirty_steps() {
    follow(2, Adam::new(0.001));
}
