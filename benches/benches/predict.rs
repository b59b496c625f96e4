//! How long does a prediction take: of one image, as in a service, and of 10,000?

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use networks::{classifier, digits};
use olifant::prelude::*;

fn predict(criterion: &mut Criterion) {
    let images = digits(10_000).unwrap().x;
    let model = classifier(Sgd::new(0.01)).unwrap();
    let mut group = criterion.benchmark_group("predict");
    for (name, count) in [("1 image", 1), ("10000 images", 10_000)] {
        let images = images.slice(s![..count, .., ..]);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| model.predict(black_box(images)).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, predict);
criterion_main!(benches);
