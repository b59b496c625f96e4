//! What do the two convolutions of a small network for digits cost, alone and with the pooling of maxima behind them?
//!
//! Batches of 128: 28 × 28 pixels and 32 filters, 13 × 13 × 32 and 64 filters, kernels of 3 × 3, with bias and rectifier.
//! In FLOP per second of what a convolution without pooling would compute, so that all figures can be compared.

#![allow(missing_docs, clippy::unwrap_used)]

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use olifant::core::{Convolution, DenseActivation, Mode, RandomKey, Shape, Tape, Weight, Weights, Workspace};

const BATCH: usize = 128;

/// Side of the images, channels, filters.
const LAYERS: [(usize, usize, usize); 2] = [(28, 1, 32), (13, 32, 64)];

fn convolutions(criterion: &mut Criterion) {
    for (side, channels, filters) in LAYERS {
        for pooled in [false, true] {
            let mut convolution = Convolution::new().activation(DenseActivation::Relu);
            let mut name = format!("convolution/{channels} to {filters}");
            if pooled {
                convolution = convolution.max_pool(&[2, 2]);
                name += " and pooling";
            }
            let mut group = criterion.benchmark_group(name);
            let flop = 2 * BATCH * (side - 2) * (side - 2) * 9 * channels * filters;
            let mut weights = Weights::default();
            let kernel = add(&mut weights, "kernel", &[3, 3, channels, filters]);
            let bias = add(&mut weights, "bias", &[filters]);
            // Images themselves have no gradient, what the first convolution makes of them does.
            let images = add(&mut weights, "x", &[BATCH, side, side, channels]);
            weights.set_trainable(|weight| weight != images || channels > 1);
            let mut workspace = Some(Workspace::default());
            let passes = if channels > 1 { 3 } else { 2 };
            for (pass, count) in [("forward", 1), ("forward and backward", passes)] {
                group.throughput(Throughput::Elements((count * flop) as u64));
                group.bench_function(pass, |bencher| {
                    bencher.iter(|| {
                        let tape = Tape::record(workspace.take().unwrap(), &weights, Mode::Inference);
                        let y = black_box(tape.weight(images).convolution(kernel, Some(bias), convolution));
                        if count > 1 {
                            tape.backward(y);
                        }
                        workspace = Some(tape.finish());
                    });
                });
            }
            group.finish();
        }
    }
}

/// Weights of numbers between −½ and ½.
fn add(weights: &mut Weights, name: &str, shape: &[usize]) -> Weight {
    let weight = weights.add(name, Shape::new(shape).unwrap(), true);
    let key = RandomKey::from_seed(2);
    weights.get_mut(weight).iter_mut().enumerate().for_each(|(i, w)| *w = key.uniform(i as u32) - 0.5);
    weight
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = convolutions
}
criterion_main!(benches);
