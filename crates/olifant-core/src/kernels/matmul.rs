//! The matrix product, with what usually follows it done while the result is still in registers.
//!
//! `C = A·B` is computed in tiles of 6 rows and 16 columns, which fit the vector registers.
//! Before that, the operands are packed: a group of six rows of A, and panels of sixteen columns of B,
//! are copied so that the innermost loop reads both from front to back.
//! Transposed operands are nothing but other strides in the packing loop.
//!
//! Each element is summed in the same order whatever the split, so the bits do not depend on the number of threads.
//!
//! The scheme is that of Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008),
//! without its outermost level: B's piece of [`DEPTH`] × [`WIDTH`] stays in the second-level cache.

use crate::{
    Float,
    kernels::{
        dispatch,
        parallel::{self, SharedRows},
    },
    tensor::Buffer,
};

/// Rows of a tile: with two vectors of eight columns each, twelve of the sixteen AVX2 registers hold sums.
const ROWS: usize = 6;
/// Columns of a tile.
const COLUMNS: usize = 16;
/// How many terms of the sums are taken at a time, so that packed operands stay in cache.
const DEPTH: usize = 512;
/// How many columns of B are packed at a time.
const WIDTH: usize = 256;

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

/// The packed operands of one thread.
#[derive(Debug, Default)]
struct Packed {
    a: Buffer,
    b: Buffer,
}

impl Scratch {
    /// Memory for `count` threads; allocates the first time only.
    fn parts(&mut self, count: usize) -> &mut [Packed] {
        while self.parts.len() < count {
            self.parts.push(Packed { a: Buffer::zeros(DEPTH * ROWS), b: Buffer::zeros(DEPTH * WIDTH) });
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
    let by_columns = columns >= rows;
    let limit = if by_columns { columns.div_ceil(COLUMNS) } else { rows.div_ceil(ROWS) };
    let parts = parallel::parts(rows * columns * a.columns, limit);
    let c = SharedRows::new(c, columns);
    parallel::for_each_part(scratch.parts(parts), &|part, packed| {
        let tile = if by_columns {
            Tile { rows: 0..rows, columns: parallel::range_of_part(part, parts, columns, COLUMNS) }
        } else {
            Tile { rows: parallel::range_of_part(part, parts, rows, ROWS), columns: 0..columns }
        };
        multiply(a, b, &c, tile, epilogue, packed);
    });
}

/// A rectangle of C that one thread computes.
struct Tile {
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
}

/// Computes one rectangle of C, with the widest vectors there are.
fn multiply(
    a: Matrix<'_>,
    b: Matrix<'_>,
    c: &SharedRows<'_, Float>,
    tile: Tile,
    epilogue: Epilogue<'_>,
    packed: &mut Packed,
) {
    #[cfg(target_arch = "x86_64")]
    if dispatch::has_avx2_fma() {
        #[target_feature(enable = "avx2,fma")]
        fn fused(
            a: Matrix<'_>,
            b: Matrix<'_>,
            c: &SharedRows<'_, Float>,
            tile: Tile,
            epilogue: Epilogue<'_>,
            packed: &mut Packed,
        ) {
            multiply_blocks::<true>(a, b, c, tile, epilogue, packed);
        }
        // SAFETY: the processor has both features, as was just asked.
        return unsafe { fused(a, b, c, tile, epilogue, packed) };
    }
    multiply_blocks::<{ cfg!(target_arch = "aarch64") }>(a, b, c, tile, epilogue, packed);
}

/// Walks over the blocks of the sums and of the columns. `FUSED`: the processor multiplies and adds in one instruction.
#[inline(always)]
fn multiply_blocks<const FUSED: bool>(
    a: Matrix<'_>,
    b: Matrix<'_>,
    c: &SharedRows<'_, Float>,
    tile: Tile,
    epilogue: Epilogue<'_>,
    packed: &mut Packed,
) {
    let depth = a.columns;
    let blocks = depth.div_ceil(DEPTH).max(1);
    for first_column in tile.columns.clone().step_by(WIDTH) {
        let columns = first_column..(first_column + WIDTH).min(tile.columns.end);
        for block in 0..blocks {
            // Blocks of nearly equal depth; the cut depends on the sizes only, never on the threads.
            let terms = depth * block / blocks..depth * (block + 1) / blocks;
            let finish = Finish { add: block > 0, last: block + 1 == blocks, epilogue };
            pack_columns(b, terms.clone(), columns.clone(), &mut packed.b);
            for first_row in tile.rows.clone().step_by(ROWS) {
                let rows = first_row..(first_row + ROWS).min(tile.rows.end);
                pack_rows(a, rows.clone(), terms.clone(), &mut packed.a);
                let panel = terms.len() * COLUMNS;
                for (i, first) in columns.clone().step_by(COLUMNS).enumerate() {
                    let sums =
                        multiply_tile::<FUSED>(terms.len(), &packed.a, &packed.b[i * panel..(i + 1) * panel]);
                    let last = (first + COLUMNS).min(columns.end);
                    for (row, sums) in rows.clone().zip(&sums) {
                        // SAFETY: the tiles of all threads are disjoint, and so are the segments of one tile.
                        finish.store(sums, first, unsafe { c.segment(row, first..last) });
                    }
                }
            }
        }
    }
}

/// The innermost loop: 6 × 16 sums in registers.
#[inline(always)]
fn multiply_tile<const FUSED: bool>(terms: usize, a: &[Float], b: &[Float]) -> [[Float; COLUMNS]; ROWS] {
    let mut sums = [[0.0; COLUMNS]; ROWS];
    let (a, _) = a[..terms * ROWS].as_chunks::<ROWS>();
    let (b, _) = b[..terms * COLUMNS].as_chunks::<COLUMNS>();
    for (a, b) in a.iter().zip(b) {
        for (sums, &a) in sums.iter_mut().zip(a) {
            for (sum, &b) in sums.iter_mut().zip(b) {
                *sum = if FUSED { a.mul_add(b, *sum) } else { *sum + a * b };
            }
        }
    }
    sums
}

/// Copies sixteen columns at a time; columns that do not exist are zeros.
#[inline(always)]
fn pack_columns(
    b: Matrix<'_>,
    terms: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
    packed: &mut [Float],
) {
    let panels = packed.chunks_exact_mut((terms.len() * COLUMNS).max(1));
    for (first, panel) in columns.clone().step_by(COLUMNS).zip(panels) {
        pack(
            b.transposed(),
            first..(first + COLUMNS).min(columns.end),
            terms.clone(),
            panel.as_chunks_mut::<COLUMNS>().0,
        );
    }
}

/// Copies six rows; rows that do not exist are zeros.
#[inline(always)]
fn pack_rows(
    a: Matrix<'_>,
    rows: std::ops::Range<usize>,
    terms: std::ops::Range<usize>,
    packed: &mut [Float],
) {
    pack(a, rows, terms, packed.as_chunks_mut::<ROWS>().0);
}

/// Writes the numbers of `lines` (rows of the matrix) side by side, one term after the other.
#[inline(always)]
fn pack<const N: usize>(
    matrix: Matrix<'_>,
    lines: std::ops::Range<usize>,
    terms: std::ops::Range<usize>,
    packed: &mut [[Float; N]],
) {
    let Matrix { data, row_stride, column_stride, .. } = matrix;
    if lines.len() < N {
        packed.iter_mut().for_each(|line| line[lines.len()..].fill(0.0));
    }
    if row_stride == 1 {
        for (packed, term) in packed.iter_mut().zip(terms) {
            let start = term * column_stride + lines.start;
            if lines.len() == N {
                packed.copy_from_slice(&data[start..start + N]);
            } else {
                packed[..lines.len()].copy_from_slice(&data[start..start + lines.len()]);
            }
        }
    } else {
        for (place, line) in lines.enumerate() {
            let start = line * row_stride + terms.start * column_stride;
            let line = &data[start..];
            for (term, packed) in packed.iter_mut().take(terms.len()).enumerate() {
                packed[place] = line[term * column_stride];
            }
        }
    }
}

/// What is done with a tile's sums.
struct Finish<'a> {
    /// Earlier terms are in C already.
    add: bool,
    /// No terms follow: the epilogue is due.
    last: bool,
    epilogue: Epilogue<'a>,
}

impl Finish<'_> {
    /// Stores one row of a tile that starts at column `first`.
    #[inline(always)]
    fn store(&self, sums: &[Float; COLUMNS], first: usize, c: &mut [Float]) {
        let total = |c: Float, sum: Float| if self.add { c + sum } else { sum };
        let pairs = c.iter_mut().zip(sums);
        match self.epilogue {
            Epilogue::Add => pairs.for_each(|(c, &sum)| *c += sum),
            Epilogue::Bias(bias) if self.last => {
                pairs.zip(&bias[first..]).for_each(|((c, &sum), &bias)| *c = total(*c, sum) + bias);
            }
            Epilogue::BiasRelu(bias) if self.last => {
                pairs.zip(&bias[first..]).for_each(|((c, &sum), &bias)| *c = relu(total(*c, sum) + bias));
            }
            Epilogue::Relu if self.last => pairs.for_each(|(c, &sum)| *c = relu(total(*c, sum))),
            _ => pairs.for_each(|(c, &sum)| *c = total(*c, sum)),
        }
    }
}

/// max(x, 0), but NaN stays NaN.
#[inline(always)]
fn relu(x: Float) -> Float {
    if x < 0.0 { 0.0 } else { x }
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
        for (m, k, n) in SIZES {
            let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
                let a = if ta { Matrix::new(&a, k, m).transposed() } else { Matrix::new(&a, m, k) };
                let b = if tb { Matrix::new(&b, n, k).transposed() } else { Matrix::new(&b, k, n) };
                let mut c = vec![Float::NAN; m * n];
                matmul(a, b, &mut c, Epilogue::Assign, &mut scratch);
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
        let (m, k, n) = (7, 1100, 21);
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
            matmul(a, b, &mut c, epilogue, &mut scratch);
            for (i, c) in c.iter().enumerate() {
                assert!((f64::from(*c) - expected(i)).abs() < 2e-4, "{epilogue:?} element {i}");
            }
        }
    }

    #[test]
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
}
