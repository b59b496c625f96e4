//! How long does one step of the article's network take: gather, forward, backward, update?

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use networks::{classifier, digits};
use olifant::prelude::*;

fn training_step(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("training_step");
    for batch_size in [1, 64, 512] {
        let images = digits(batch_size).unwrap();
        let mut model = classifier(Sgd::new(0.01)).unwrap();
        group.throughput(Throughput::Elements(batch_size as u64));
        group.bench_function(format!("batch {batch_size}"), |bencher| {
            bencher.iter(|| model.train_on_batch(black_box(&images.x), black_box(&images.y)).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, training_step);
criterion_main!(benches);
