//! How fast is a model saved and loaded, in bytes of the file per second?
//!
//! A native file holds 669,706 weights and twice as many numbers of Adam's, one of safetensors the weights only.

#![allow(missing_docs, clippy::unwrap_used)]

use std::{fs, time::Duration};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use networks::large_classifier;
use olifant::prelude::*;

fn save_load(criterion: &mut Criterion) {
    let model = large_classifier(Adam::new(0.001)).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("save_load");
    for extension in ["olifant", "safetensors"] {
        let path = directory.path().join("model").with_extension(extension);
        model.save(&path).unwrap();
        group.throughput(Throughput::BytesDecimal(fs::metadata(&path).unwrap().len()));
        // The time of saving includes that of the disk: the file is safe on it when `save` returns.
        group.bench_function(format!("save {extension}"), |bencher| {
            bencher.iter(|| model.save(&path).unwrap());
        });
        group.bench_function(format!("load {extension}"), |bencher| {
            bencher.iter(|| Model::load(&path).unwrap());
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    targets = save_load
}
criterion_main!(benches);
