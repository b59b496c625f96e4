//! How long does it take to save a whole model, and to load it: 266,610 weights and twice as many numbers of Adam's?

#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use networks::classifier;
use olifant::prelude::*;

fn save_load(criterion: &mut Criterion) {
    let model = classifier(Adam::new(0.001)).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("save_load");
    for extension in ["olifant", "safetensors"] {
        let path = directory.path().join("model").with_extension(extension);
        // The time of saving includes that of the disk: the file is safe on it when `save` returns.
        group.bench_function(format!("save {extension}"), |bencher| {
            bencher.iter(|| model.save(&path).unwrap());
        });
        model.save(&path).unwrap();
        group.bench_function(format!("load {extension}"), |bencher| {
            bencher.iter(|| Model::load(&path).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, save_load);
criterion_main!(benches);
