//! The same seed gives the same bits, on any number of threads.

#![allow(clippy::unwrap_used)]

use ndarray::{Array1, Array2, ArrayView2, Axis};
use olifant_nn::{
    Activation, Sequential,
    layers::{Dense, Dropout},
    losses::SparseCategoricalCrossentropy,
    metrics::Accuracy,
    optimizers::Adam,
};
use olifant_train::{Compile, FitOptions, Verbose};

/// Trains a net that is large enough for its products to be shared by threads; returns losses and weights as bits.
fn train(seed: u64, threads: usize) -> (Vec<u64>, Vec<u32>) {
    let x = Array2::from_shape_fn((384, 256), |(i, j)| ((i * 31 + j * 17) % 101) as f32 / 101.0);
    let y = Array1::from_shape_fn(384, |i| (i * 7 % 10) as u8);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let mut model = Sequential::new([256])
            .add(Dense::new(512).activation(Activation::Relu))
            .add(Dropout::new(0.5))
            .add(Dense::new(128).activation(Activation::Relu))
            .add(Dense::new(10).activation(Activation::Softmax))
            .seed(seed)
            .compile(Adam::new(0.001), SparseCategoricalCrossentropy::new(), [Accuracy::new()])
            .unwrap();
        let options =
            FitOptions::new().epochs(3).batch_size(128).validation_split(0.25).verbose(Verbose::Silent);
        let history = model.fit(&x, &y, options).unwrap();
        let losses = history["loss"].iter().chain(&history["val_loss"]).map(|loss| loss.to_bits()).collect();
        (losses, model.network().weights().trainable().iter().map(|weight| weight.to_bits()).collect())
    })
}

#[test]
fn two_runs_with_one_seed_give_the_same_bits() {
    assert!(train(1, 2) == train(1, 2));
}

#[test]
fn another_seed_gives_other_bits() {
    assert!(train(1, 2) != train(2, 2));
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let alone = train(3, 1);
    for threads in [2, 3, 4, 8] {
        assert!(alone == train(3, threads), "{threads} threads");
    }
}

#[test]
fn a_prediction_does_not_depend_on_the_batch_it_is_in() {
    // More features than a product sums at a time, and zeros in stretches, as in images.
    let features = 1300;
    let x = Array2::from_shape_fn((100, features), |(i, j)| if (i + j / 40) % 3 == 0 { 0.5 } else { 0.0 });
    let model = Sequential::new([features])
        .add(Dense::new(50).activation(Activation::Relu))
        .add(Dense::new(10).activation(Activation::Softmax))
        .seed(1)
        .compile(Adam::new(0.001), SparseCategoricalCrossentropy::new(), [Accuracy::new()])
        .unwrap();
    let bits = |x: ArrayView2<'_, f64>| -> Vec<u32> {
        model.predict(x).unwrap().iter().map(|number| number.to_bits()).collect()
    };
    let all = bits(x.view());
    for (sample, row) in x.outer_iter().enumerate() {
        let alone = bits(row.insert_axis(Axis(0)));
        assert!(alone == all[sample * 10..][..10], "sample {sample}");
    }
}
