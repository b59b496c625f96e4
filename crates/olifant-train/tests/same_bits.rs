//! The networks of the comparison with other frameworks give the same bits on any number of threads.

#![allow(clippy::unwrap_used)]

use ndarray::{Array1, Array3};
use olifant_nn::{
    Activation, Sequential,
    layers::{Dense, Dropout, Flatten},
    losses::SparseCategoricalCrossentropy,
    metrics::Accuracy,
    optimizers::{Adam, Sgd},
};
use olifant_train::{Compile, FitOptions, Model, Verbose};

/// How many images: few where the compiler optimises little. Not a multiple of the batch sizes, so the last batch is short.
const IMAGES: usize = if cfg!(debug_assertions) { 700 } else { 8_100 };

/// The article's network.
fn article() -> Model {
    Sequential::new([28, 28])
        .add(Flatten::new())
        .add(Dense::new(300).activation(Activation::Relu))
        .add(Dense::new(100).activation(Activation::Relu))
        .add(Dense::new(10).activation(Activation::Softmax))
        .seed(1)
        .compile(Sgd::new(0.01), SparseCategoricalCrossentropy::new(), [Accuracy::new()])
        .unwrap()
}

/// A larger one, with dropout.
fn large() -> Model {
    Sequential::new([28, 28])
        .add(Flatten::new())
        .add(Dense::new(512).activation(Activation::Relu))
        .add(Dropout::new(0.2))
        .add(Dense::new(512).activation(Activation::Relu))
        .add(Dropout::new(0.2))
        .add(Dense::new(10).activation(Activation::Softmax))
        .seed(1)
        .compile(Adam::new(0.001), SparseCategoricalCrossentropy::new(), [Accuracy::new()])
        .unwrap()
}

/// Losses and weights after three epochs, as bits.
fn train(mut model: Model, batch_size: usize, threads: usize) -> (Vec<u64>, Vec<u32>) {
    // Four of five pixels are zero, as in images of digits.
    let x = Array3::from_shape_fn((IMAGES, 28, 28), |(i, j, k)| {
        let number = (i * 31 + j * 17 + k * 7) % 101;
        if number < 80 { 0.0 } else { (number - 80) as f32 / 20.0 }
    });
    let y = Array1::from_shape_fn(IMAGES, |i| (i * 7 % 10) as u8);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let options =
            FitOptions::new().epochs(3).batch_size(batch_size).validation_split(0.2).verbose(Verbose::Silent);
        let history = model.fit(&x, &y, options).unwrap();
        let losses = history["loss"].iter().chain(&history["val_loss"]).map(|loss| loss.to_bits()).collect();
        (losses, model.network().weights().trainable().iter().map(|weight| weight.to_bits()).collect())
    })
}

fn check(network: fn() -> Model, batch_size: usize) {
    let alone = train(network(), batch_size, 1);
    assert!(alone.0.iter().all(|&loss| f64::from_bits(loss).is_finite()));
    for threads in [2, 3, 4, 8] {
        assert!(alone == train(network(), batch_size, threads), "{threads} threads");
    }
}

#[test]
fn the_articles_network_has_the_same_bits_on_any_number_of_threads() {
    check(article, 64);
}

#[test]
fn a_network_with_dropout_and_adam_has_the_same_bits_on_any_number_of_threads() {
    check(large, 128);
}
