//! How long does one step take: gather, forward, backward, update?
//!
//! - `network`: of W1 (784-300-100-10, batch 64, SGD) and of W2 (784-512-512-10, dropout, batch 128, Adam)
//! - `batch size`: in images per second; a larger batch must not make an image dearer
//! - `depth`: of fifty narrow layers, beside nothing but the matrix products they consist of, in FLOP per second
//!
//! `train_on_batch` checks the whole batch first, which `fit` does once for all epochs.

#![allow(missing_docs, clippy::unwrap_used)]

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use networks::{classifier, deep_classifier, digits, large_classifier};
use olifant::{
    core::{Mode, Tape, Weights, Workspace},
    prelude::*,
};

/// Of the deep network: layers, units of each, images in a batch.
const LAYERS: usize = 50;
const UNITS: usize = 64;
const ROWS: usize = 64;

fn network(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("training_step/network");
    let networks = [
        ("W1", 64, classifier(Sgd::new(0.01)).unwrap()),
        ("W2", 128, large_classifier(Adam::new(0.001)).unwrap()),
    ];
    for (name, batch_size, mut model) in networks {
        let images = digits(batch_size).unwrap();
        group.throughput(Throughput::Elements(batch_size as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| model.train_on_batch(black_box(&images.x), black_box(&images.y)).unwrap());
        });
    }
    group.finish();
}

fn batch_size(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("training_step/batch size");
    for batch_size in [16, 64, 256, 1024, 4096] {
        let images = digits(batch_size).unwrap();
        let mut model = classifier(Sgd::new(0.01)).unwrap();
        group.throughput(Throughput::Elements(batch_size as u64));
        group.bench_function(batch_size.to_string(), |bencher| {
            bencher.iter(|| model.train_on_batch(black_box(&images.x), black_box(&images.y)).unwrap());
        });
    }
    group.finish();
}

fn depth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("training_step/depth");
    // Forward, gradient of the kernel, gradient of the inputs.
    group.throughput(Throughput::Elements((3 * LAYERS * 2 * ROWS * UNITS * UNITS) as u64));
    let x = Array2::from_shape_fn((ROWS, UNITS), |(i, j)| ((i * 31 + j * 17) % 101) as f32 / 101.0);
    let y = Array1::from_shape_fn(ROWS, |i| (i % UNITS) as u8);
    let mut model = deep_classifier(LAYERS, UNITS, Sgd::new(0.001)).unwrap();
    group.bench_function("50 layers of 64", |bencher| {
        bencher.iter(|| model.train_on_batch(black_box(&x), black_box(&y)).unwrap());
    });
    let mut weights = Weights::default();
    // As if the batch and the gradients of all layers were the same numbers; each layer has its own kernel.
    let x = weights.add("x", [ROWS, UNITS], false);
    let kernels: Vec<_> =
        (0..LAYERS).map(|number| weights.add(format!("kernel_{number}"), [UNITS, UNITS], false)).collect();
    let mut workspace = Some(Workspace::default());
    group.bench_function("their products", |bencher| {
        bencher.iter(|| {
            let tape = Tape::record(workspace.take().unwrap(), &weights, Mode::Inference);
            let x = tape.weight(x);
            for &kernel in &kernels {
                black_box(x.matmul(tape.weight(kernel)));
                black_box(x.transposed_matmul(x));
                black_box(x.matmul_transposed(tape.weight(kernel)));
            }
            workspace = Some(tape.finish());
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = network, batch_size, depth
}
criterion_main!(benches);
