//! Training needs little more memory than what it computes with.
//!
//! The system counts a process as a whole, so this file has one test.

#![allow(clippy::unwrap_used)]
#![cfg(target_os = "linux")]

use olifant::prelude::*;
use olifant_datasets::SyntheticDigits;

/// How many images: fewer where the compiler optimises little.
const IMAGES: usize = if cfg!(debug_assertions) { 6_000 } else { 60_000 };
const BATCH_SIZE: usize = 128;

#[test]
fn training_takes_at_most_a_little_over_twice_the_memory_of_its_numbers() {
    let images = SyntheticDigits::new(0).train_size(IMAGES).dataset().train().read().unwrap();
    let mut model = Sequential::new([28, 28])
        .add(Flatten::new())
        .add(Dense::new(512).activation(Activation::Relu))
        .add(Dropout::new(0.2))
        .add(Dense::new(512).activation(Activation::Relu))
        .add(Dropout::new(0.2))
        .add(Dense::new(10).activation(Activation::Softmax))
        .seed(1)
        .compile(Adam::new(0.001), SparseCategoricalCrossentropy::new(), [Accuracy::new()])
        .unwrap();
    let options = FitOptions::new().epochs(2).batch_size(BATCH_SIZE).verbose(Verbose::Silent);
    model.fit(&images.x, &images.y, options).unwrap();

    let data = size_of_val(images.x.as_slice().unwrap()) + size_of_val(images.y.as_slice().unwrap());
    // Weights, their gradients, and Adam's two slots.
    let parameters = 4 * size_of_val(model.network().weights().trainable());
    // The batch, and what each layer makes of it.
    let activations = size_of::<f32>() * BATCH_SIZE * (784 + 4 * 512 + 10);
    let numbers = data + parameters + activations;
    let peak = peak_memory();
    let ratio = peak as f64 / numbers as f64;
    assert!(
        ratio <= 2.2,
        "the peak is {peak} bytes, {ratio:.2} times the {numbers} of data, weights and activations"
    );
}

/// The largest memory this process ever had resident, in bytes.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: usize = line.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    1024 * kilobytes
}
