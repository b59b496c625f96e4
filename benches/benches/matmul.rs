//! How fast are matrix products of the shapes that training has, beside `matrixmultiply`? In FLOP per second.
//!
//! Ours goes through the public tape, so recording a step with one operation is part of the time.
//! `matrixmultiply`, which ndarray calls, runs on one thread; for two, each computes half of the result.
//! (Its own threading leaves products of 64 rows on one thread.)
//!
//! `faer` stands for `gemm` as well, which it multiplies by and which has no safe interface of its own.
//! It takes two minutes to build, so it is asked for: `cargo bench -p olifant-benches --features faer --bench matmul`.

#![allow(missing_docs, clippy::unwrap_used)]

use std::{hint::black_box, time::Duration};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use olifant::{
    core::{Mode, Tape, Var, Weights, Workspace},
    ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, linalg::general_mat_mul},
};
use rayon::ThreadPool;

/// What is multiplied, as it lies in memory.
#[derive(Clone, Copy)]
enum Product {
    /// A·B, as in the forward pass
    Plain,
    /// Aᵀ·B, the gradient of a kernel
    TransposedLeft,
    /// A·Bᵀ, the gradient of a layer's inputs
    TransposedRight,
}

use Product::*;

/// Name, rows, terms, columns.
const SHAPES: [(&str, usize, usize, usize, Product); 9] = [
    ("W1 forward 1", 64, 784, 300, Plain),
    ("W1 dW1", 784, 64, 300, TransposedLeft),
    ("W1 dX2", 64, 100, 300, TransposedRight),
    ("W2 forward 1", 128, 784, 512, Plain),
    ("W2 forward 2", 128, 512, 512, Plain),
    ("W2 dX2", 128, 512, 512, TransposedRight),
    ("W2 dW1", 784, 128, 512, TransposedLeft),
    ("W2 forward 3", 128, 512, 10, Plain),
    ("W2 dW3", 512, 128, 10, TransposedLeft),
];

fn matmul(criterion: &mut Criterion) {
    let pools = [1, 2].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
    for (name, rows, terms, columns, product) in SHAPES {
        let mut group = criterion.benchmark_group(format!("matmul/{name}, {rows}x{terms}x{columns}"));
        group.throughput(Throughput::Elements(2 * (rows * terms * columns) as u64));
        let a = numbers(if let TransposedLeft = product { (terms, rows) } else { (rows, terms) });
        let b = numbers(if let TransposedRight = product { (columns, terms) } else { (terms, columns) });
        for pool in &pools {
            let threads = pool.current_num_threads();
            let mut ours = ours(&a, &b, product);
            group.bench_function(BenchmarkId::new("olifant", threads), |bencher| {
                pool.install(|| bencher.iter(&mut ours));
            });
            let a = if let TransposedLeft = product { a.t() } else { a.view() };
            let b = if let TransposedRight = product { b.t() } else { b.view() };
            let mut c = Array2::zeros((rows, columns));
            group.bench_function(BenchmarkId::new("matrixmultiply", threads), |bencher| {
                pool.install(|| bencher.iter(|| theirs(pool, a, b, black_box(&mut c).view_mut())));
            });
            #[cfg(feature = "faer")]
            group.bench_function(BenchmarkId::new("faer", threads), |bencher| {
                pool.install(|| bencher.iter(|| faers(threads, a, b, black_box(&mut c).view_mut())));
            });
        }
        group.finish();
    }
}

/// Numbers between −½ and ½.
fn numbers(shape: (usize, usize)) -> Array2<f32> {
    Array2::from_shape_fn(shape, |(i, j)| ((i * 31 + j * 17) % 101) as f32 / 101.0 - 0.5)
}

fn ours(a: &Array2<f32>, b: &Array2<f32>, product: Product) -> impl FnMut() + Send {
    let mut weights = Weights::default();
    let [a, b] = [("a", a), ("b", b)].map(|(name, matrix)| {
        let weight = weights.add(name, [matrix.nrows(), matrix.ncols()], false);
        weights.get_mut(weight).copy_from_slice(matrix.as_slice().unwrap());
        weight
    });
    let multiply: for<'t> fn(Var<'t>, Var<'t>) -> Var<'t> = match product {
        Plain => |a, b| a.matmul(b),
        TransposedLeft => |a, b| a.transposed_matmul(b),
        TransposedRight => |a, b| a.matmul_transposed(b),
    };
    let mut workspace = Some(Workspace::default());
    move || {
        let tape = Tape::record(workspace.take().unwrap(), &weights, Mode::Inference);
        black_box(multiply(tape.weight(a), tape.weight(b)));
        workspace = Some(tape.finish());
    }
}

/// C = A·B, on two threads if the pool has them: of columns if there are many, else of rows.
fn theirs(pool: &ThreadPool, a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>, mut c: ArrayViewMut2<'_, f32>) {
    if pool.current_num_threads() == 1 {
        return general_mat_mul(1.0, &a, &b, 0.0, &mut c);
    }
    if c.ncols() >= 64 {
        // A multiple of the columns of its inner loop.
        let half = c.ncols() / 2 / 16 * 16;
        let (b, (mut left, mut right)) = (b.split_at(Axis(1), half), c.split_at(Axis(1), half));
        pool.join(
            || general_mat_mul(1.0, &a, &b.0, 0.0, &mut left),
            || general_mat_mul(1.0, &a, &b.1, 0.0, &mut right),
        );
    } else {
        let half = c.nrows() / 2;
        let (a, (mut upper, mut lower)) = (a.split_at(Axis(0), half), c.split_at(Axis(0), half));
        pool.join(
            || general_mat_mul(1.0, &a.0, &b, 0.0, &mut upper),
            || general_mat_mul(1.0, &a.1, &b, 0.0, &mut lower),
        );
    }
}

/// C = A·B by faer.
#[cfg(feature = "faer")]
fn faers(threads: usize, a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>, mut c: ArrayViewMut2<'_, f32>) {
    use faer::{Accum, MatMut, MatRef, Par, linalg::matmul::matmul};

    fn view<'a>(matrix: &ArrayView2<'a, f32>) -> MatRef<'a, f32> {
        let (rows, columns) = matrix.dim();
        match matrix.to_slice() {
            Some(whole) => MatRef::from_row_major_slice(whole, rows, columns),
            None => {
                let whole = matrix.reversed_axes().to_slice().expect("a transpose");
                MatRef::from_column_major_slice(whole, rows, columns)
            }
        }
    }
    let (rows, columns) = c.dim();
    let c = MatMut::from_row_major_slice_mut(c.as_slice_mut().unwrap(), rows, columns);
    let threads = if threads == 1 { Par::Seq } else { Par::rayon(threads) };
    matmul(c, Accum::Replace, view(&a), view(&b), 1.0, threads);
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(150))
        .measurement_time(Duration::from_millis(500));
    targets = matmul
}
criterion_main!(benches);
