//! What does each optimizer cost? One step over flat buffers, without a network around it:
//! of the article's size, which stays in the cache, and of four million weights, which do not.
//!
//! Bytes are those that must move: weights and slots are read and written, gradients are read.

#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use olifant::{
    Optimizer, OptimizerState,
    core::{Float, Team, Weights},
    prelude::*,
};

/// The kernels and biases of the article's network.
const ARTICLE: &[usize] = &[784 * 300, 300, 300 * 100, 100, 100 * 10, 10];
const LARGE: &[usize] = &[1 << 22];

fn step(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, sizes: &[usize], optimizer: impl Optimizer) {
    let mut weights = Weights::default();
    for (number, &len) in sizes.iter().enumerate() {
        let weight = weights.add(format!("weight_{number}"), len, true);
        weights.get_mut(weight).fill(0.1);
    }
    let mut gradients = vec![1e-3; weights.trainable().len()];
    let mut state = OptimizerState::new(&optimizer, &weights);
    let team = Team::default();
    let moves = 3 + 2 * optimizer.slots().len();
    group.throughput(Throughput::Bytes((moves * size_of_val(&gradients[..])) as u64));
    group.bench_function(name, |bencher| {
        bencher.iter(|| state.step(&optimizer, &mut weights, &mut gradients, &team));
    });
}

fn optimizers(criterion: &mut Criterion) {
    let rate: Float = 1e-6;
    for (network, sizes) in [("article", ARTICLE), ("4 M weights", LARGE)] {
        let mut group = criterion.benchmark_group(format!("optimizers/{network}"));
        step(&mut group, "Sgd", sizes, Sgd::new(rate));
        step(&mut group, "Sgd with momentum", sizes, Sgd::new(rate).momentum(0.9));
        step(&mut group, "Sgd with Nesterov's momentum", sizes, Sgd::new(rate).momentum(0.9).nesterov(true));
        step(&mut group, "RmsProp", sizes, RmsProp::new(rate));
        step(
            &mut group,
            "RmsProp, centered, with momentum",
            sizes,
            RmsProp::new(rate).centered(true).momentum(0.9),
        );
        step(&mut group, "Adagrad", sizes, Adagrad::new(rate));
        step(&mut group, "Adadelta", sizes, Adadelta::new(rate));
        step(&mut group, "Adam", sizes, Adam::new(rate));
        step(&mut group, "AdamW", sizes, AdamW::new(rate));
        step(&mut group, "Adamax", sizes, Adamax::new(rate));
        step(&mut group, "Lion", sizes, Lion::new(rate));
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(50)
        .warm_up_time(std::time::Duration::from_secs(1))
        .measurement_time(std::time::Duration::from_secs(2));
    targets = optimizers
}
criterion_main!(benches);
