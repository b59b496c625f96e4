//! What do recurrent operations cost, and what of it are their products?
//!
//! Sizes are those of W4, images of 28 × 28 read row by row: 128 samples, 28 time steps of 28 features, 128 units;
//! and an LSTM of 512 units, whose recurrent kernel is larger than a second-level cache.
//! Given in FLOP per second of the products: what is lacking to those of `matmul` are gates, copies and packing.

#![allow(missing_docs, clippy::unwrap_used)]

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use olifant::core::{
    Axes, Mode, RandomKey, RecurrentOptions, RecurrentWeights, Shape, Tape, Var, Weight, Weights, Workspace,
};

const BATCH: usize = 128;
const TIME: usize = 28;
const FEATURES: usize = 28;

type OnTape = for<'t> fn(Var<'t>, RecurrentWeights<'t>) -> Var<'t>;

const LSTM: OnTape = |x, weights| x.lstm(weights, RecurrentOptions::default()).output;
const GRU: OnTape = |x, weights| x.gru(weights, true, RecurrentOptions::default()).output;
const SIMPLE_RNN: OnTape = |x, weights| x.simple_rnn(weights, RecurrentOptions::default()).output;

/// The operations, how many gates they have, and how many units.
const OPERATIONS: [(&str, usize, usize, OnTape); 4] = [
    ("lstm", 4, 128, LSTM),
    ("gru", 3, 128, GRU),
    ("simple_rnn", 1, 128, SIMPLE_RNN),
    ("large_lstm", 4, 512, LSTM),
];

/// Weights of numbers between −0.1 and 0.1.
fn add(weights: &mut Weights, name: &str, shape: &[usize]) -> Weight {
    let weight = weights.add(name, Shape::new(shape).unwrap(), true);
    let key = RandomKey::from_seed(2);
    let numbers = weights.get_mut(weight).iter_mut().enumerate();
    numbers.for_each(|(i, w)| *w = 0.2 * key.uniform(i as u32) - 0.1);
    weight
}

fn recurrent(criterion: &mut Criterion) {
    for (name, gates, units, operation) in OPERATIONS {
        let mut weights = Weights::default();
        let kernel = add(&mut weights, "kernel", &[FEATURES, gates * units]);
        let recurrent_kernel = add(&mut weights, "recurrent_kernel", &[units, gates * units]);
        let mut group = criterion.benchmark_group(format!("recurrent/{name}"));
        let flop = 2 * BATCH * TIME * (FEATURES + units) * gates * units;
        // Backward: the gradients of both kernels, and that of the state.
        let both = flop + 2 * BATCH * TIME * (FEATURES + 2 * units) * gates * units;
        for (pass, flop) in [("forward", flop), ("forward and backward", both)] {
            group.throughput(Throughput::Elements(flop as u64));
            let mut workspace = Some(Workspace::default());
            group.bench_function(pass, |bencher| {
                bencher.iter(|| {
                    let tape = Tape::record(
                        workspace.take().unwrap(),
                        &weights,
                        Mode::Training(RandomKey::from_seed(1)),
                    );
                    let x = tape.input_with([BATCH, TIME, FEATURES], |x| {
                        x.iter_mut().enumerate().for_each(|(i, x)| *x = (i % 7) as f32 / 7.0 - 0.5);
                    });
                    let given = RecurrentWeights {
                        kernel: tape.weight(kernel),
                        recurrent_kernel: tape.weight(recurrent_kernel),
                        bias: None,
                    };
                    let y = black_box(operation(x, given));
                    if flop == both {
                        tape.backward(y.sum(Axes::All));
                    }
                    workspace = Some(tape.finish());
                });
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
    targets = recurrent
}
criterion_main!(benches);
