//! What do the coarse operations of a training step cost: dense layer, dropout, softmax with cross-entropy?
//!
//! Sizes are those of 784-512-512-10 with batches of 128, except for the classes: 10 and 1000.
//! A step records the operation alone; to go backward a sum over its result is recorded as well.
//! Dense layers are given in FLOP per second, the others in elements per second.

#![allow(missing_docs, clippy::unwrap_used)]

use std::{hint::black_box, time::Duration};

use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use olifant::core::{Axes, DenseActivation, Mode, RandomKey, Shape, Tape, Var, Weight, Weights, Workspace};

const ROWS: usize = 128;
const FEATURES: usize = 784;
const UNITS: usize = 512;

#[derive(Clone, Copy, PartialEq)]
enum Pass {
    Forward,
    Both,
}

/// Measures an operation on these weights.
fn step(
    group: &mut BenchmarkGroup<'_, WallTime>,
    pass: Pass,
    weights: &Weights,
    operation: impl for<'t> Fn(&'t Tape<'_>) -> Var<'t>,
) {
    let mut workspace = Some(Workspace::default());
    let name = if pass == Pass::Both { "forward and backward" } else { "forward" };
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            let mode = Mode::Training(RandomKey::from_seed(1));
            let tape = Tape::record(workspace.take().unwrap(), weights, mode);
            let y = black_box(operation(&tape));
            if pass == Pass::Both {
                tape.backward(y.sum(Axes::All));
            }
            workspace = Some(tape.finish());
        });
    });
}

/// Weights of numbers between −½ and ½.
fn add(weights: &mut Weights, name: &str, shape: &[usize]) -> Weight {
    let weight = weights.add(name, Shape::new(shape).unwrap(), true);
    let key = RandomKey::from_seed(2);
    weights.get_mut(weight).iter_mut().enumerate().for_each(|(i, w)| *w = key.uniform(i as u32) - 0.5);
    weight
}

fn dense(criterion: &mut Criterion) {
    let mut weights = Weights::default();
    let x = add(&mut weights, "x", &[ROWS, FEATURES]);
    let kernel = add(&mut weights, "kernel", &[FEATURES, UNITS]);
    let bias = add(&mut weights, "bias", &[UNITS]);
    let mut group = criterion.benchmark_group("fused_operations/dense with relu");
    for (pass, products) in [(Pass::Forward, 1), (Pass::Both, 3)] {
        group.throughput(Throughput::Elements((products * 2 * ROWS * FEATURES * UNITS) as u64));
        step(&mut group, pass, &weights, |tape| {
            tape.weight(x).dense(kernel, Some(bias), DenseActivation::Relu)
        });
    }
    group.finish();
}

fn of_elements(criterion: &mut Criterion) {
    type OnTape = for<'t> fn(Var<'t>) -> Var<'t>;
    let operations: [(&str, OnTape); 2] = [("dropout", |x| x.dropout(0.2)), ("relu", |x| x.relu())];
    for (name, operation) in operations {
        let mut weights = Weights::default();
        let x = add(&mut weights, "x", &[ROWS, UNITS]);
        let mut group = criterion.benchmark_group(format!("fused_operations/{name}"));
        group.throughput(Throughput::Elements((ROWS * UNITS) as u64));
        for pass in [Pass::Forward, Pass::Both] {
            step(&mut group, pass, &weights, |tape| operation(tape.weight(x)));
        }
        group.finish();
    }
}

fn softmax_cross_entropy(criterion: &mut Criterion) {
    for classes in [10, 1000] {
        let mut weights = Weights::default();
        let x = add(&mut weights, "x", &[ROWS, classes]);
        let labels = weights.add("labels", [ROWS], false);
        weights.get_mut(labels).iter_mut().enumerate().for_each(|(i, label)| *label = (i % classes) as f32);
        let mut group = criterion.benchmark_group(format!("fused_operations/cross-entropy of {classes}"));
        group.throughput(Throughput::Elements((ROWS * classes) as u64));
        for pass in [Pass::Forward, Pass::Both] {
            step(&mut group, pass, &weights, |tape| {
                tape.weight(x).softmax_cross_entropy(tape.weight(labels))
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = dense, of_elements, softmax_cross_entropy
}
criterion_main!(benches);
