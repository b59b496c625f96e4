//! Small networks for images and sequences follow Keras: a convolutional one with batch normalization, LSTM, GRU,
//! an embedding with layer normalization, a transformer block.
//!
//! The numbers are made by `../keras/network_steps.py`, whose docstring defines weights and data by a formula.

use ndarray::{Array1, Array2, Array3, Axis, Slice};
use olifant_nn::{
    Activation, CallOn, Functional, Input, Sequential,
    layers::{
        Add, BatchNormalization, Conv2D, Dense, Embedding, GRU, GlobalAveragePooling1D,
        GlobalAveragePooling2D, LSTM, LayerNormalization, MaxPooling2D, MultiHeadAttention, Padding, ReLU,
        Reshape,
    },
    losses::SparseCategoricalCrossentropy,
    optimizers::{Adam, AdamW, RmsProp, Sgd},
};
use olifant_train::{Compile, Model};
use serde_json::Value;

use super::{close, unit::unit};

const STEPS: usize = 30;
const BATCH: usize = 16;
const SAMPLES: usize = STEPS * BATCH;
const CLASSES: usize = 10;
const TIME: usize = 12;
const FEATURES: usize = 12;

fn labels() -> Array1<u8> {
    Array1::from_shape_fn(SAMPLES, |sample| (10.0 * unit(3, sample)) as u8)
}

fn numbers() -> Array3<f32> {
    let labels = labels();
    let size = TIME * FEATURES;
    Array3::from_shape_fn((SAMPLES, TIME, FEATURES), |(sample, time, feature)| {
        let p = time * FEATURES + feature;
        let lit = unit(4, size * usize::from(labels[sample]) + p) < 0.25;
        (unit(6, size * sample + p) - 0.5 + f64::from(u8::from(lit))) as f32
    })
}

fn ids() -> Array2<u8> {
    let labels = labels();
    Array2::from_shape_fn((SAMPLES, TIME), |(sample, time)| {
        let index = TIME * sample + time;
        if time >= 4 + (9.0 * unit(7, sample)) as usize {
            0
        } else if unit(4, index) < 0.5 {
            1 + 3 * labels[sample] + (3.0 * unit(5, index)) as u8
        } else {
            1 + (39.0 * unit(6, index)) as u8
        }
    })
}

/// Gives the weights the values of the formula.
fn initialize(model: &mut Model) {
    let drawn: Vec<_> = model
        .network()
        .weights()
        .iter()
        .filter(|(_, spec)| spec.shape.axes().len() > 1 && !spec.name.ends_with("bias"))
        .map(|(weight, spec)| (weight, spec.shape))
        .collect();
    for (stream, (weight, shape)) in (10..).zip(drawn) {
        let columns = shape.axes()[shape.axes().len() - 1];
        let limit = (6.0 / (shape.size() / columns + columns) as f64).sqrt();
        for (i, w) in model.weights_mut().get_mut(weight).iter_mut().enumerate() {
            *w = ((2.0 * unit(stream, i) - 1.0) * limit) as f32;
        }
    }
}

/// Trains for thirty steps; each loss and the sum of each weight afterwards are Keras's.
fn follow<D: ndarray::RemoveAxis>(case: usize, mut model: Model, x: &ndarray::Array<f32, D>) {
    let golden: Value = serde_json::from_str(include_str!("../keras/network_steps.json")).unwrap();
    let case = &golden["cases"][case];
    let name = case["network"].as_str().unwrap();
    initialize(&mut model);
    let labels = labels();
    for (step, keras) in case["loss"].as_array().unwrap().iter().enumerate() {
        let batch = Slice::from(step * BATCH..(step + 1) * BATCH);
        let logs =
            model.train_on_batch(x.slice_axis(Axis(0), batch), labels.slice_axis(Axis(0), batch)).unwrap();
        close(logs["loss"], keras.as_f64().unwrap(), 1e-3, &format!("loss of {name} at step {step}"));
    }
    let sums = case["weights"].as_array().unwrap();
    assert_eq!(model.network().weights().iter().count(), sums.len());
    for ((weight, spec), keras) in model.network().weights().iter().zip(sums) {
        let sum: f64 = model.network().weights().get(weight).data.iter().map(|&w| f64::from(w)).sum();
        close(sum, keras["sum"].as_f64().unwrap(), 5e-3, &format!("sum of {} of {name}", spec.name));
    }
}

#[test]
fn a_convolutional_network_with_batch_normalization_follows_keras() {
    let model = Sequential::new([TIME, FEATURES])
        .add(Reshape::new([TIME, FEATURES, 1]))
        .add(Conv2D::new(8, 3).padding(Padding::Same).use_bias(false))
        .add(BatchNormalization::new())
        .add(ReLU::new())
        .add(MaxPooling2D::new(2))
        .add(Conv2D::new(16, 3))
        .add(BatchNormalization::new())
        .add(ReLU::new())
        .add(GlobalAveragePooling2D::new())
        .add(Dense::new(CLASSES).activation(Activation::Softmax))
        .compile(Sgd::new(0.1).momentum(0.9), SparseCategoricalCrossentropy::new(), ())
        .unwrap();
    follow(0, model, &numbers());
}

#[test]
fn lstm_follows_keras() {
    let model = Sequential::new([TIME, FEATURES])
        .add(LSTM::new(24))
        .add(Dense::new(CLASSES).activation(Activation::Softmax))
        .compile(Adam::new(0.01), SparseCategoricalCrossentropy::new(), ())
        .unwrap();
    follow(1, model, &numbers());
}

#[test]
fn gru_follows_keras() {
    let model = Sequential::new([TIME, FEATURES])
        .add(GRU::new(24))
        .add(Dense::new(CLASSES).activation(Activation::Softmax))
        .compile(RmsProp::new(0.01), SparseCategoricalCrossentropy::new(), ())
        .unwrap();
    follow(2, model, &numbers());
}

#[test]
fn an_embedding_with_layer_normalization_follows_keras() {
    let model = Sequential::new([TIME])
        .add(Embedding::new(40, 16).mask_zero(true))
        .add(LayerNormalization::new())
        .add(GlobalAveragePooling1D::new())
        .add(Dense::new(CLASSES).activation(Activation::Softmax))
        .compile(Adam::new(0.03), SparseCategoricalCrossentropy::new(), ())
        .unwrap();
    follow(3, model, &ids().mapv(f32::from));
}

#[test]
fn a_transformer_block_follows_keras() {
    let input = Input::new([TIME]);
    let x = Embedding::new(40, 16).mask_zero(true).on(&input);
    let attended = MultiHeadAttention::new(4, 4).on([&x, &x]);
    let x = LayerNormalization::new().on(&Add::new().on([&x, &attended]));
    let y = Dense::new(16).on(&Dense::new(32).activation(Activation::gelu()).on(&x));
    let x = LayerNormalization::new().on(&Add::new().on([&x, &y]));
    let output =
        Dense::new(CLASSES).activation(Activation::Softmax).on(&GlobalAveragePooling1D::new().on(&x));
    let model = Functional::new([&input], [&output])
        .compile(AdamW::new(0.01), SparseCategoricalCrossentropy::new(), ())
        .unwrap();
    follow(4, model, &ids().mapv(f32::from));
}
