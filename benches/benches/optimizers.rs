//! What does each optimizer cost? A step of the article's network on a single image, so that the update weighs most.

#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use networks::{classifier, digits};
use olifant::{Optimizer, prelude::*};

fn step(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, optimizer: impl Optimizer) {
    let image = digits(1).unwrap();
    let mut model = classifier(optimizer).unwrap();
    group.throughput(Throughput::Elements(model.network().weights().trainable_parameters() as u64));
    group.bench_function(name, |bencher| bencher.iter(|| model.train_on_batch(&image.x, &image.y).unwrap()));
}

fn optimizers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("optimizers");
    step(&mut group, "Sgd", Sgd::new(1e-6));
    step(&mut group, "Sgd with momentum", Sgd::new(1e-6).momentum(0.9));
    step(&mut group, "RmsProp", RmsProp::new(1e-6));
    step(&mut group, "Adagrad", Adagrad::new(1e-6));
    step(&mut group, "Adadelta", Adadelta::new(1e-6));
    step(&mut group, "Adam", Adam::new(1e-6));
    step(&mut group, "AdamW", AdamW::new(1e-6));
    step(&mut group, "Adamax", Adamax::new(1e-6));
    step(&mut group, "Lion", Lion::new(1e-6));
    group.finish();
}

criterion_group!(benches, optimizers);
criterion_main!(benches);
