//! A training step in its steady state allocates nothing.
//!
//! The test is a program of its own, without a harness: the allocator counts for all threads.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};

use ndarray::{Array1, Array2};
use olifant_nn::{
    Activation, Optimizer, Regularizer, Sequential,
    layers::{Dense, Dropout},
    losses::SparseCategoricalCrossentropy,
    metrics::{self, Accuracy, SparseTopKCategoricalAccuracy},
    optimizers::{Adam, Muon, Sgd},
};
use olifant_train::{Callback, Compile, FitOptions, HookResult, Logs, Training, Verbose};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above, so from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The number of allocations from the end of one batch to the end of the next.
#[derive(Default)]
struct Watch {
    before: Option<usize>,
    per_step: Vec<usize>,
}

impl Callback for Watch {
    fn on_train_begin(&mut self, _: &mut Training<'_>) -> HookResult {
        self.per_step.reserve(1000);
        Ok(())
    }

    fn on_epoch_begin(&mut self, _: &mut Training<'_>) -> HookResult {
        self.before = None;
        Ok(())
    }

    fn on_train_batch_end(&mut self, _: &mut Training<'_>, _: &Logs) -> HookResult {
        let now = ALLOCATIONS.load(Ordering::Relaxed);
        self.per_step.extend(self.before.map(|before| now - before));
        self.before = Some(ALLOCATIONS.load(Ordering::Relaxed));
        Ok(())
    }
}

fn allocations_per_step(optimizer: impl Optimizer) -> Vec<usize> {
    let x = Array2::from_shape_fn((1000, 200), |(i, j)| (i * j % 17) as f64 / 17.0);
    let y = Array1::from_shape_fn(1000, |i| (i % 10) as i64);
    let mut model = Sequential::new([200])
        .add(Dense::new(300).activation(Activation::Relu).kernel_regularizer(Regularizer::l2(1e-4)))
        .add(Dropout::new(0.2))
        .add(Dense::new(100).activation(Activation::Tanh))
        .add(Dense::new(10).activation(Activation::Softmax))
        .seed(1)
        .compile(
            optimizer,
            SparseCategoricalCrossentropy::new(),
            (
                Accuracy::new(),
                SparseTopKCategoricalAccuracy::new(),
                metrics::SparseCategoricalCrossentropy::new(),
                metrics::MeanIoU::new(10).sparse_y_pred(false),
            ),
        )
        .unwrap()
        .weighted_metrics(Accuracy::new())
        .unwrap();
    let mut watch = Watch::default();
    let options = FitOptions::new()
        .epochs(3)
        .batch_size(48)
        .validation_split(0.2)
        .class_weight([(0, 2.0)])
        .verbose(Verbose::Silent)
        .callback(&mut watch);
    model.fit(&x, &y, options).unwrap();
    watch.per_step
}

fn main() {
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            // Muon computes for so long on one thread that helpers go meanwhile.
            let muon = || allocations_per_step(Muon::new(0.001).exclude_layers(["dense_2"]));
            let of_muon = (threads == 1).then(muon);
            for per_step in [
                allocations_per_step(Sgd::new(0.01)),
                allocations_per_step(Adam::new(0.001).global_clipnorm(1.0)),
                allocations_per_step(
                    Adam::new(0.001)
                        .weight_decay(0.01)
                        .exclude_from_weight_decay(["bias"])
                        .loss_scale_factor(8.0)
                        .gradient_accumulation_steps(3)
                        .use_ema(true)
                        .ema_overwrite_frequency(2),
                ),
            ]
            .into_iter()
            .chain(of_muon)
            {
                // 17 batches an epoch, the last one of another size. The first two fill the buffers that take turns.
                assert_eq!(per_step.len(), 3 * 16);
                let allocating = per_step[1..].iter().filter(|&&count| count > 0).count();
                // A helper that had gone, because the machine was busy for a while, is called again, which allocates.
                // A step that allocates by itself does so every time, and on one thread.
                let allowed = if threads == 1 { 0 } else { per_step.len() - 2 };
                assert!(allocating <= allowed, "{threads} threads: {per_step:?}");
            }
        });
    }
    println!("test a_step_in_its_steady_state_allocates_nothing ... ok");
}
