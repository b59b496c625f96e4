//! How long does a prediction with 784-300-100-10 take: of one image, as in a service, of a few, of ten thousand?
//!
//! Most pixels of a digit are zero, and one image alone profits from that; "dense" has none.

#![allow(missing_docs, clippy::unwrap_used)]

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use networks::{classifier, digits};
use olifant::prelude::*;

fn predict(criterion: &mut Criterion) {
    let images = digits(10_000).unwrap().x;
    let dense = images.mapv(|pixel| 0.5 + 0.5 * pixel);
    let mut model = classifier(Sgd::new(0.01)).unwrap();
    let mut group = criterion.benchmark_group("predict");
    for (name, images, count) in [
        ("1 image", &images, 1),
        ("1 dense image", &dense, 1),
        ("32 images", &images, 32),
        ("10000 images in batches of 256", &images, 10_000),
    ] {
        let images = images.slice(s![..count, .., ..]);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let options = EvaluateOptions::new().batch_size(256).verbose(Verbose::Silent);
                model.predict_with(black_box(images), options).unwrap()
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    targets = predict
}
criterion_main!(benches);
