//! What does each elementwise function cost per element, against scalar std functions and against memory bandwidth?
//!
//! A step records one function of one tensor. The small tensor fits the second-level cache with its result, the large one
//! fits no cache; `negate` does next to nothing and so shows what moving the numbers costs, `std` is a loop over
//! the functions of the standard library. Large tensors are shared among threads where the others are not.

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use olifant::core::{Mode, Tape, Var, Weights, Workspace};

const SMALL: usize = 1 << 15;
const LARGE: usize = 1 << 24;

type OnTape = for<'t> fn(Var<'t>) -> Var<'t>;
type Scalar = fn(f32) -> f32;

/// Each function on the tape, and by the standard library if that has it.
const FUNCTIONS: [(&str, OnTape, Option<Scalar>); 14] = [
    ("negate", |x| -x, None),
    ("relu", |x| x.relu(), None),
    ("square", |x| x.square(), None),
    ("sqrt", |x| x.sqrt(), None),
    ("divide", |x| 1.0 / x, None),
    ("exp", |x| x.exp(), Some(f32::exp)),
    ("expm1", |x| x.expm1(), Some(f32::exp_m1)),
    ("log", |x| x.log(), Some(f32::ln)),
    ("tanh", |x| x.tanh(), Some(f32::tanh)),
    ("sigmoid", |x| x.sigmoid(), Some(|x| 1.0 / (1.0 + (-x).exp()))),
    ("softplus", |x| x.softplus(), Some(|x| x.max(0.0) + (-x.abs()).exp().ln_1p())),
    ("erf", |x| x.erf(), None),
    ("pow", |x| x.pow(1.5), Some(|x| x.powf(1.5))),
    ("softmax", |x| x.softmax(), None),
];

fn elementwise(criterion: &mut Criterion) {
    for (name, on_tape, std) in FUNCTIONS {
        let mut group = criterion.benchmark_group(format!("elementwise/{name}"));
        for (size, count) in [("L2", SMALL), ("memory", LARGE)] {
            let mut weights = Weights::default();
            let x = weights.add("x", [count / 128, 128], true);
            for (i, x) in weights.get_mut(x).iter_mut().enumerate() {
                // Numbers from 0 to 8, in an order that no branch predictor knows.
                *x = (i as u32).wrapping_mul(2_654_435_761) as f32 / 2f32.powi(29);
            }
            group.throughput(Throughput::Elements(count as u64));
            let mut workspace = Some(Workspace::default());
            group.bench_function(size, |bencher| {
                bencher.iter(|| {
                    let tape = Tape::record(workspace.take().unwrap(), &weights, Mode::Inference);
                    black_box(on_tape(tape.weight(x)));
                    workspace = Some(tape.finish());
                });
            });
            if let (Some(std), SMALL) = (std, count) {
                let mut y = vec![0.0; count];
                group.bench_function("std", |bencher| {
                    bencher.iter(|| {
                        y.iter_mut().zip(weights.get(x).data).for_each(|(y, &x)| *y = std(x));
                        black_box(&mut y);
                    });
                });
            }
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(50)
        .warm_up_time(std::time::Duration::from_secs(1))
        .measurement_time(std::time::Duration::from_secs(2));
    targets = elementwise
}
criterion_main!(benches);
