//! How long does one epoch of the article take: 8,000 images trained in batches of 64, 2,000 validated?

#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use networks::{classifier, digits};
use olifant::prelude::*;

fn epoch(criterion: &mut Criterion) {
    let images = digits(10_000).unwrap();
    let mut model = classifier(Sgd::new(0.01)).unwrap();
    let mut group = criterion.benchmark_group("epoch");
    group.sample_size(20).throughput(Throughput::Elements(8_000));
    group.bench_function("8000 + 2000 images", |bencher| {
        bencher.iter(|| {
            let options = FitOptions::new().batch_size(64).validation_split(0.2).verbose(Verbose::Silent);
            model.fit(&images.x, &images.y, options).unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, epoch);
criterion_main!(benches);
