//! Products against the plain sum, in double precision or bit by bit.

use super::{
    product::{BLOCK, DEPTH},
    *,
};
use crate::{kernels::dispatch, operation::GradientMut};

/// The plain product, in double precision.
fn reference(a: Matrix<'_>, b: Matrix<'_>) -> Vec<f64> {
    let at = |m: &Matrix<'_>, i: usize, j: usize| {
        m.data[if m.transposed { j * m.rows + i } else { i * m.columns + j }] as f64
    };
    (0..a.rows * b.columns)
        .map(|i| (i / b.columns, i % b.columns))
        .map(|(i, j)| (0..a.columns).map(|k| at(&a, i, k) * at(&b, k, j)).sum())
        .collect()
}

fn numbers(len: usize, seed: u64) -> Vec<Float> {
    let key = crate::RandomKey::from_seed(seed);
    (0..len as u32).map(|i| Float::from(key.uniform(i)) - 0.5).collect()
}

const SIZES: [(usize, usize, usize); 9] = [
    (1, 1, 1),
    (6, 16, 16),
    (7, 17, 33),
    (64, 784, 300),
    (5, 1300, 10),
    (784, 64, 300),
    (64, 100, 300),
    (200, 3, 600),
    (13, 0, 4),
];

#[test]
fn products_equal_the_reference_for_all_sizes_and_transposes() {
    let mut scratch = Scratch::default();
    let sizes = if cfg!(miri) { &SIZES[..3] } else { &SIZES[..] };
    for &(m, k, n) in sizes {
        let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
        for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
            let a = if ta { Matrix::new(&a, k, m).transposed() } else { Matrix::new(&a, m, k) };
            let b = if tb { Matrix::new(&b, n, k).transposed() } else { Matrix::new(&b, k, n) };
            let mut c = vec![Float::NAN; m * n];
            matmul(a, b, &mut c, Epilogue::Assign, &Team::default(), &mut scratch);
            for (c, expected) in c.iter().zip(reference(a, b)) {
                assert!(
                    (f64::from(*c) - expected).abs() < 2e-5 * (k as f64).sqrt().max(1.0),
                    "{m}×{k}×{n} {ta} {tb}: {c} {expected}"
                );
            }
        }
    }
}

#[test]
fn epilogues_do_what_they_say() {
    // One row has a loop of its own; so many terms are two blocks.
    let terms = DEPTH + 76;
    for (m, k, n) in if cfg!(miri) { [(1, 9, 17), (7, 9, 17)] } else { [(1, terms, 21), (7, terms, 21)] } {
        let (a, b, bias, before) = (numbers(m * k, 1), numbers(k * n, 2), numbers(n, 3), numbers(m * n, 4));
        let (a, b) = (Matrix::new(&a, m, k), Matrix::new(&b, k, n));
        let product = reference(a, b);
        let y = numbers(m * n, 5);
        let rectified = |add| Epilogue::Rectified { y: Matrix::new(&y, m, n), add };
        let cases: [(Epilogue<'_>, &dyn Fn(usize) -> f64); 7] = [
            (Epilogue::Assign, &|i| product[i]),
            (Epilogue::Add, &|i| product[i] + f64::from(before[i])),
            (Epilogue::Bias(&bias), &|i| product[i] + f64::from(bias[i % n])),
            (Epilogue::BiasRelu(&bias), &|i| (product[i] + f64::from(bias[i % n])).max(0.0)),
            (Epilogue::Relu, &|i| product[i].max(0.0)),
            (rectified(false), &|i| if y[i] > 0.0 { product[i] } else { 0.0 }),
            (rectified(true), &|i| if y[i] > 0.0 { product[i] + f64::from(before[i]) } else { 0.0 }),
        ];
        for (epilogue, expected) in cases {
            let mut c = before.clone();
            matmul(a, b, &mut c, epilogue, &Team::default(), &mut Scratch::default());
            for (i, c) in c.iter().enumerate() {
                assert!((f64::from(*c) - expected(i)).abs() < 2e-4, "{epilogue:?} element {i}");
            }
        }
    }
}

#[test]
fn column_sums_are_those_of_b() {
    let deep = if cfg!(miri) { 11 } else { 2 * DEPTH + 3 };
    for (m, k, n) in [(12, 6, 40), (1, 7, 3), (0, 5, 20), (9, 0, 4), (30, deep, 33)] {
        let (a, b, before) = (numbers(m * k, 1), numbers(k * n, 2), numbers(n, 3));
        for (add, threads) in [(false, 1), (true, 1), (true, 3)] {
            let (mut c, mut sums) = (vec![Float::NAN; m * n], before.clone());
            on_threads(threads, || {
                let (a, b) = (Matrix::new(&a, m, k), Matrix::new(&b, k, n));
                let product = Product::new(a, b, &mut c, Epilogue::Assign)
                    .with_column_sums(GradientMut { data: &mut sums, add });
                matmul_all([Some(product)], &Team::default(), &mut Scratch::default());
            });
            for (column, (sum, before)) in sums.iter().zip(&before).enumerate() {
                let exact: f64 = b.iter().skip(column).step_by(n).map(|&b| f64::from(b)).sum();
                let exact = if add { exact + f64::from(*before) } else { exact };
                assert!((f64::from(*sum) - exact).abs() < 1e-4, "{m}×{k}×{n} {add} column {column}");
            }
            assert!(c.iter().all(|c| c.is_finite()));
        }
    }
}

#[test]
fn two_matrices_times_the_same_one_are_two_products() {
    let long = if cfg!(miri) { 20 } else { BLOCK / 100 + 7 };
    // Threads take columns, or rows; the second time A is a transpose; one product has several blocks of rows.
    for (m, k, n) in [([12, 5], 30, 90), ([40, 1], 7, 20), ([0, 9], 5, 17), ([long, 8], 100, 33)] {
        let (b, sums, before) = (numbers(k * n, 2), numbers(n, 3), numbers(m[1] * n, 4));
        let b = Matrix::new(&b, k, n);
        let left = m.map(|m| numbers(m * k, 1));
        for transposed in [false, true] {
            let a = [0, 1].map(|i| {
                let (rows, columns) = if transposed { (k, m[i]) } else { (m[i], k) };
                Matrix::new(&left[i], rows, columns).transposed_if(transposed)
            });
            let (team, mut scratch) = (Team::default(), Scratch::default());
            let mut expected = [vec![Float::NAN; m[0] * n], before.clone()];
            matmul(a[0], b, &mut expected[0], Epilogue::Assign, &team, &mut scratch);
            matmul(a[1], b, &mut expected[1], Epilogue::Add, &team, &mut scratch);
            for threads in [1, 3] {
                let (mut c, mut sums) = ([vec![Float::NAN; m[0] * n], before.clone()], sums.clone());
                on_threads(threads, || {
                    let [first, second] = &mut c;
                    let product =
                        Product::new(a[0], b, first, Epilogue::Assign).and(a[1], second, Epilogue::Add);
                    let product = product.with_column_sums(GradientMut { data: &mut sums, add: false });
                    matmul_all([Some(product)], &Team::default(), &mut Scratch::default());
                });
                assert!(c == expected, "{m:?}×{k}×{n}, transposed {transposed}, {threads} threads");
                for (column, sum) in sums.iter().enumerate() {
                    let exact: f64 = b.data.iter().skip(column).step_by(n).map(|&b| f64::from(b)).sum();
                    assert!((f64::from(*sum) - exact).abs() < 1e-4, "{m:?}×{k}×{n} column {column}");
                }
            }
        }
    }
}

fn on_threads(count: usize, work: impl FnOnce() + Send) {
    rayon::ThreadPoolBuilder::new().num_threads(count).build().unwrap().install(work);
}

fn product(a: Matrix<'_>, b: Matrix<'_>) -> Vec<Float> {
    let mut c = vec![Float::NAN; a.rows * b.columns];
    matmul(a, b, &mut c, Epilogue::Assign, &Team::default(), &mut Scratch::default());
    c
}

#[test]
#[cfg_attr(miri, ignore = "takes hours")]
fn the_bits_depend_neither_on_the_number_of_threads_nor_on_that_of_rows() {
    let (m, k, n) = (130, DEPTH + 300, 300);
    let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
    let b = Matrix::new(&b, k, n);
    let mut alone = vec![];
    on_threads(1, || alone = product(Matrix::new(&a, m, k), b));
    for threads in [2, 3, 4, 8] {
        on_threads(threads, || assert!(alone == product(Matrix::new(&a, m, k), b), "{threads} threads"));
    }
    for rows in [1, 2, 5, 6, 7] {
        assert!(alone[..rows * n] == product(Matrix::new(&a[..rows * k], rows, k), b), "{rows} rows");
    }
}

/// The sums one after the other, as the innermost loop adds them, zeros included.
fn in_order(a: &[Float], b: &[Float], (m, k, n): (usize, usize, usize)) -> Vec<Float> {
    let fused = cfg!(target_arch = "aarch64") || {
        #[cfg(target_arch = "x86_64")]
        let fused = dispatch::has_avx2_fma();
        #[cfg(not(target_arch = "x86_64"))]
        let fused = false;
        fused
    };
    let add = |sum, a: Float, b| if fused { a.mul_add(b, sum) } else { sum + a * b };
    let element = |i, j| (0..k).fold(0.0, |sum, term| add(sum, a[i * k + term], b[term * n + j]));
    (0..m * n).map(|element_number| element(element_number / n, element_number % n)).collect()
}

/// Numbers of which most are zero, in stretches, as in images.
fn sparse(rows: usize, columns: usize) -> Vec<Float> {
    let zero = |i: usize| (i % columns / 9).is_multiple_of(2) || (i / columns / 7).is_multiple_of(3);
    numbers(rows * columns, 1).into_iter().enumerate().map(|(i, x)| if zero(i) { 0.0 } else { x }).collect()
}

#[test]
fn terms_that_are_left_out_change_no_bit() {
    // One row has a loop of its own; what is small or is read only once is not copied.
    let sizes = [
        ((1, 100, 20), false),
        ((5, 100, 20), false),
        ((64, 200, 16), false),
        ((64, 200, 50), true),
        ((37, 300, 17), true),
    ];
    for ((m, k, n), left_out) in if cfg!(miri) { &sizes[..2] } else { &sizes[..] } {
        let (m, k, n) = (*m, *k, *n);
        let (a, b) = (sparse(m, k), numbers(k * n, 2));
        let expected = in_order(&a, &b, (m, k, n));
        let transposed: Vec<Float> = (0..k * m).map(|i| a[i % m * k + i / m]).collect();
        for a in [Matrix::new(&a, m, k), Matrix::new(&transposed, k, m).transposed()] {
            on_threads(1, || {
                let (mut c, mut scratch) = (vec![Float::NAN; m * n], Scratch::default());
                matmul(a, Matrix::new(&b, k, n), &mut c, Epilogue::Assign, &Team::default(), &mut scratch);
                assert!(c == expected, "{m}×{k}×{n}, transposed {}", a.transposed);
                assert_eq!(scratch.parts(1)[0].groups[0].leave_terms_out(), *left_out, "{m}×{k}×{n}");
            });
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes long")]
fn zero_times_infinity_is_not_left_out() {
    let (m, k, n) = (12, 900, 20);
    let (a, mut b) = (sparse(m, k), numbers(k * n, 2));
    // The first columns of A are zeros.
    (b[3], b[n + 17]) = (Float::INFINITY, Float::NAN);
    let transposed: Vec<Float> = (0..k * m).map(|i| a[i % m * k + i / m]).collect();
    for a in [Matrix::new(&a, m, k), Matrix::new(&transposed, k, m).transposed()] {
        let c = product(a, Matrix::new(&b, k, n));
        assert!(c.iter().enumerate().all(|(i, c)| c.is_nan() == matches!(i % n, 3 | 17)));
    }
}
