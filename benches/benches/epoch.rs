//! How long does one epoch take by `fit`, with everything it does between the steps?
//!
//! - W1: 8,000 images trained in batches of 64, 2,000 validated
//! - W2: 60,000 images trained in batches of 128, with dropout and Adam

#![allow(missing_docs, clippy::unwrap_used)]

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use networks::{classifier, digits, large_classifier};
use olifant::prelude::*;

fn epoch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("epoch");
    group.warm_up_time(Duration::from_secs(1));
    let images = digits(10_000).unwrap();
    let mut model = classifier(Sgd::new(0.01)).unwrap();
    group.sample_size(20).measurement_time(Duration::from_secs(4)).throughput(Throughput::Elements(8_000));
    group.bench_function("W1", |bencher| {
        bencher.iter(|| {
            let options = FitOptions::new().batch_size(64).validation_split(0.2).verbose(Verbose::Silent);
            model.fit(&images.x, &images.y, options).unwrap()
        });
    });
    let images = digits(60_000).unwrap();
    let mut model = large_classifier(Adam::new(0.001)).unwrap();
    group.sample_size(10).measurement_time(Duration::from_secs(15)).throughput(Throughput::Elements(60_000));
    group.bench_function("W2", |bencher| {
        bencher.iter(|| {
            let options = FitOptions::new().batch_size(128).verbose(Verbose::Silent);
            model.fit(&images.x, &images.y, options).unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, epoch);
criterion_main!(benches);
