//! The matrix product, with what usually follows it done while the result is still in registers.
//!
//! `C = A·B` is computed in tiles of at most 6 rows and 16 columns, whose sums fit the vector registers.
//! For each tile, a loop over the terms of the sums reads one number from each of A's rows and sixteen numbers of B.
//!
//! - Sixteen columns of B, a *panel*, are copied together first, so that the loop reads them from front to back:
//!   rows of B may lie far apart, and at distances that are powers of two they would push each other out of the cache.
//!   The copy serves all rows of A. For a single row it would serve once; `single_row.rs` does without.
//! - A's rows are read where they are; if A is a transpose, up to six of its rows are copied side by side.
//!   Terms whose numbers are zero in all of these rows are left out: they are most of an image's, see `groups.rs`.
//!
//! Transposed operands are nothing but other strides in these copies.
//! The sums of a product are cut at [`DEPTH`] terms, and each element is summed in the same order whatever the split:
//! the bits do not depend on the number of threads, nor on how many rows are multiplied at once.
//!
//! The scheme is that of Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008),
//! with small blocks: a panel lies in the first or second-level cache, A's rows in the second.

use std::ops::Range;

use crate::{
    Float,
    kernels::{
        dispatch,
        parallel::{SharedRows, range_of_part},
        team::Team,
    },
    tensor::Buffer,
};
use groups::Groups;
use tile::{Finish, Tile};

mod groups;
mod pack;
mod single_row;
mod tile;

/// The most rows of a tile: with two vectors of eight columns each, twelve of the sixteen AVX2 registers hold sums.
const ROWS: usize = 6;
/// Columns of a tile.
const COLUMNS: usize = 16;
/// How many terms of the sums are taken at a time.
const DEPTH: usize = 1024;
/// How many numbers of A are swept over for each panel of B: half a megabyte.
const BLOCK: usize = 1 << 17;

/// Sixteen numbers of one row of B.
type Line = [Float; COLUMNS];

/// A matrix operand: any strides, so a transpose costs nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a> {
    data: &'a [Float],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// A row-major matrix.
    ///
    /// # Panics
    ///
    /// The slice is not as long as the matrix is large.
    #[track_caller]
    pub(crate) fn new(data: &'a [Float], rows: usize, columns: usize) -> Matrix<'a> {
        assert_eq!(data.len(), rows * columns, "a {rows} × {columns} matrix needs as many numbers");
        Matrix { data, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// The same numbers with rows and columns exchanged.
    pub(crate) fn transposed(self) -> Matrix<'a> {
        Matrix {
            data: self.data,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }

    /// The transpose if `condition` holds, else the matrix itself.
    pub(crate) fn transposed_if(self, condition: bool) -> Matrix<'a> {
        if condition { self.transposed() } else { self }
    }

    /// Whether the numbers of a row lie one behind the other.
    fn has_whole_rows(&self) -> bool {
        self.column_stride == 1
    }

    /// A part of one row, which must be whole.
    #[inline(always)]
    fn row(&self, row: usize, columns: &Range<usize>) -> &'a [Float] {
        &self.data[row * self.row_stride..][columns.clone()]
    }
}

/// What happens to a product when it is complete.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Epilogue<'a> {
    /// `C = A·B`
    Assign,
    /// `C += A·B`
    Add,
    /// `C = A·B + bias`, the bias (one number per column) added to every row.
    Bias(&'a [Float]),
    /// `C = max(A·B + bias, 0)`
    BiasRelu(&'a [Float]),
    /// `C = max(A·B, 0)`
    Relu,
}

/// Working memory of the matrix product, one piece for each thread. It is kept from call to call.
#[derive(Debug, Default)]
pub struct Scratch {
    parts: Vec<Packed>,
}

/// The packed operands of one thread, and other things it needs room for.
#[derive(Debug, Default)]
struct Packed {
    groups: Groups,
    /// Sixteen columns of B.
    panel: Buffer,
    /// The sums of a single row.
    sums: Buffer,
}

impl Scratch {
    /// Memory for `count` threads.
    fn parts(&mut self, count: usize) -> &mut [Packed] {
        if self.parts.len() < count {
            self.parts.resize_with(count, Packed::default);
        }
        &mut self.parts[..count]
    }
}

/// Computes `C = A·B` and the epilogue into the row-major `c`.
///
/// The result is the same bits for any number of threads.
///
/// # Panics
///
/// The sizes do not fit.
pub(crate) fn matmul(
    a: Matrix<'_>,
    b: Matrix<'_>,
    c: &mut [Float],
    epilogue: Epilogue<'_>,
    team: &Team,
    scratch: &mut Scratch,
) {
    assert_eq!(a.columns, b.rows, "the columns of A and the rows of B are summed over together");
    assert_eq!(c.len(), a.rows * b.columns, "C has the rows of A and the columns of B");
    if let Epilogue::Bias(bias) | Epilogue::BiasRelu(bias) = epilogue {
        assert_eq!(bias.len(), b.columns, "the bias has one number per column");
    }
    if c.is_empty() {
        return;
    }
    let (rows, columns) = (a.rows, b.columns);
    let by_columns = splits_by_columns(a, b);
    let limit = if by_columns { columns.div_ceil(COLUMNS) } else { rows.div_ceil(ROWS) };
    let parts = team.parts(rows * columns * a.columns, limit);
    let product = Product { a, b, c: SharedRows::new(c, columns), epilogue };
    team.for_each_part(scratch.parts(parts), &|part, packed| {
        let rectangle = if by_columns {
            Rectangle { rows: 0..rows, columns: range_of_part(part, parts, columns, COLUMNS) }
        } else {
            Rectangle { rows: range_of_part(part, parts, rows, ROWS), columns: 0..columns }
        };
        // SAFETY: the rectangles of different parts do not overlap.
        unsafe { product.compute(rectangle, packed) };
    });
}

/// Whether threads take columns of C or rows.
///
/// Whoever takes columns copies only its panels of B, but the rows of A must be copied by all if they are not whole;
/// whoever takes rows copies only its rows of A, but all of B.
fn splits_by_columns(a: Matrix<'_>, b: Matrix<'_>) -> bool {
    let copied_rows = if a.has_whole_rows() { 0 } else { a.rows };
    b.columns >= a.rows || b.columns >= copied_rows && b.columns >= 4 * COLUMNS
}

/// A rectangle of C that one thread computes.
struct Rectangle {
    rows: Range<usize>,
    columns: Range<usize>,
}

/// A product under way, as all threads see it.
struct Product<'a> {
    a: Matrix<'a>,
    b: Matrix<'a>,
    c: SharedRows<'a, Float>,
    epilogue: Epilogue<'a>,
}

impl Product<'_> {
    /// Computes one rectangle of C, with the widest vectors there are.
    ///
    /// # Safety
    ///
    /// No other thread uses these elements of C.
    unsafe fn compute(&self, rectangle: Rectangle, packed: &mut Packed) {
        #[cfg(target_arch = "x86_64")]
        if dispatch::has_avx2_fma() {
            #[target_feature(enable = "avx2,fma")]
            unsafe fn fused(product: &Product<'_>, rectangle: Rectangle, packed: &mut Packed) {
                // SAFETY: the caller's promise.
                unsafe { product.compute_blocks::<true>(rectangle, packed) }
            }
            // SAFETY: the processor has both features, as was just asked; the elements are the caller's promise.
            return unsafe { fused(self, rectangle, packed) };
        }
        // SAFETY: the caller's promise.
        unsafe { self.compute_blocks::<{ cfg!(target_arch = "aarch64") }>(rectangle, packed) }
    }

    /// Cuts the sums and the rows into blocks. `FUSED`: the processor multiplies and adds in one instruction.
    ///
    /// # Safety
    ///
    /// No other thread uses these elements of C.
    #[inline(always)]
    unsafe fn compute_blocks<const FUSED: bool>(&self, rectangle: Rectangle, packed: &mut Packed) {
        let Rectangle { rows, columns } = rectangle;
        let depth = self.a.columns;
        let blocks = depth.div_ceil(DEPTH).max(1);
        for block in 0..blocks {
            // Blocks of nearly equal depth; the cut depends on the sizes only, never on the threads.
            let terms = depth * block / blocks..depth * (block + 1) / blocks;
            let finish = Finish::new(self.epilogue, block == 0, block + 1 == blocks);
            if self.a.rows == 1 && self.a.has_whole_rows() && self.b.has_whole_rows() {
                // SAFETY: the caller's promise.
                let c = unsafe { self.c.segment(0, columns.clone()) };
                single_row::multiply::<FUSED>(self.a, self.b, &terms, &columns, &finish, &mut packed.sums, c);
                continue;
            }
            let row_blocks = (rows.len() * terms.len()).div_ceil(BLOCK).max(1);
            for block in 0..row_blocks {
                let part = range_of_part(block, row_blocks, rows.len(), ROWS);
                let rows = rows.start + part.start..rows.start + part.end;
                // SAFETY: the caller's promise.
                unsafe { self.compute_rows::<FUSED>(&rows, &columns, &terms, &finish, packed) };
            }
        }
    }

    /// Computes some rows of the rectangle, as far as the sums reach.
    ///
    /// # Safety
    ///
    /// No other thread uses these elements of C.
    #[inline(always)]
    unsafe fn compute_rows<const FUSED: bool>(
        &self,
        rows: &Range<usize>,
        columns: &Range<usize>,
        terms: &Range<usize>,
        finish: &Finish<'_>,
        packed: &mut Packed,
    ) {
        let Packed { groups, panel, .. } = packed;
        groups.fill(self.a, rows, terms);
        panel.resize(terms.len() * COLUMNS);
        let (panel, _) = panel.as_chunks_mut::<COLUMNS>();
        for first in columns.clone().step_by(COLUMNS) {
            let columns = first..(first + COLUMNS).min(columns.end);
            // SAFETY: only for processors with AVX2 is `FUSED` set on x86-64.
            unsafe { pack::panel::<FUSED>(self.b, terms, &columns, panel) };
            let finite = !groups.leave_terms_out() || pack::all_finite(panel);
            let bias = finish.bias(&columns);
            for group in groups.iter() {
                let tile = Tile { a: self.a, group, terms, panel, finite };
                // SAFETY: the caller's promise.
                unsafe {
                    match group.rows.len() {
                        1 => tile.compute::<FUSED, 1>(&self.c, &columns, finish, &bias),
                        2 => tile.compute::<FUSED, 2>(&self.c, &columns, finish, &bias),
                        3 => tile.compute::<FUSED, 3>(&self.c, &columns, finish, &bias),
                        4 => tile.compute::<FUSED, 4>(&self.c, &columns, finish, &bias),
                        5 => tile.compute::<FUSED, 5>(&self.c, &columns, finish, &bias),
                        _ => tile.compute::<FUSED, ROWS>(&self.c, &columns, finish, &bias),
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plain product, in double precision.
    fn reference(a: Matrix<'_>, b: Matrix<'_>) -> Vec<f64> {
        let at = |m: &Matrix<'_>, i: usize, j: usize| m.data[i * m.row_stride + j * m.column_stride] as f64;
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
        for m in [1, 7] {
            epilogues_with_rows(m);
        }
    }

    fn epilogues_with_rows(m: usize) {
        let (k, n) = (1100, 21);
        let (a, b, bias, before) = (numbers(m * k, 1), numbers(k * n, 2), numbers(n, 3), numbers(m * n, 4));
        let (a, b) = (Matrix::new(&a, m, k), Matrix::new(&b, k, n));
        let mut scratch = Scratch::default();
        let product = reference(a, b);
        let cases: [(Epilogue<'_>, &dyn Fn(usize) -> f64); 5] = [
            (Epilogue::Assign, &|i| product[i]),
            (Epilogue::Add, &|i| product[i] + f64::from(before[i])),
            (Epilogue::Bias(&bias), &|i| product[i] + f64::from(bias[i % n])),
            (Epilogue::BiasRelu(&bias), &|i| (product[i] + f64::from(bias[i % n])).max(0.0)),
            (Epilogue::Relu, &|i| product[i].max(0.0)),
        ];
        for (epilogue, expected) in cases {
            let mut c = before.clone();
            matmul(a, b, &mut c, epilogue, &Team::default(), &mut scratch);
            for (i, c) in c.iter().enumerate() {
                assert!((f64::from(*c) - expected(i)).abs() < 2e-4, "{epilogue:?} element {i}");
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes hours")]
    fn the_bits_do_not_depend_on_the_number_of_threads() {
        let (m, k, n) = (130, 700, 300);
        let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
        let product = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut c = vec![0.0; m * n];
            pool.install(|| {
                matmul(
                    Matrix::new(&a, m, k),
                    Matrix::new(&b, k, n),
                    &mut c,
                    Epilogue::Assign,
                    &Team::default(),
                    &mut Scratch::default(),
                )
            });
            c
        };
        let alone = product(1);
        for threads in [2, 3, 4, 8] {
            assert!(alone == product(threads), "{threads} threads");
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
        numbers(rows * columns, 1)
            .into_iter()
            .enumerate()
            .map(|(i, x)| if zero(i) { 0.0 } else { x })
            .collect()
    }

    #[test]
    fn terms_that_are_left_out_change_no_bit() {
        for (m, k, n) in [(1, 100, 20), (5, 100, 20), (64, 200, 50), (37, 150, 16)] {
            let (a, b) = (sparse(m, k), numbers(k * n, 2));
            let expected = in_order(&a, &b, (m, k, n));
            let transposed: Vec<Float> = (0..k * m).map(|i| a[i % m * k + i / m]).collect();
            for a in [Matrix::new(&a, m, k), Matrix::new(&transposed, k, m).transposed()] {
                let mut c = vec![Float::NAN; m * n];
                let mut scratch = Scratch::default();
                matmul(a, Matrix::new(&b, k, n), &mut c, Epilogue::Assign, &Team::default(), &mut scratch);
                assert!(c == expected, "{m}×{k}×{n}, strides {} {}", a.row_stride, a.column_stride);
                let group = scratch.parts(1)[0].groups.iter().next();
                assert!(
                    m == 1 || group.is_some_and(|group| group.counting.is_some()),
                    "no term was left out"
                );
            }
        }
    }

    #[test]
    fn zero_times_infinity_is_not_left_out() {
        let (m, k, n) = (12, 90, 20);
        let (a, mut b) = (sparse(m, k), numbers(k * n, 2));
        // The first columns of A are zeros.
        (b[3], b[n + 17]) = (Float::INFINITY, Float::NAN);
        let transposed: Vec<Float> = (0..k * m).map(|i| a[i % m * k + i / m]).collect();
        for a in [Matrix::new(&a, m, k), Matrix::new(&transposed, k, m).transposed()] {
            let mut c = vec![0.0; m * n];
            matmul(
                a,
                Matrix::new(&b, k, n),
                &mut c,
                Epilogue::Assign,
                &Team::default(),
                &mut Scratch::default(),
            );
            assert!(c.iter().enumerate().all(|(i, c)| c.is_nan() == matches!(i % n, 3 | 17)));
        }
    }
}
