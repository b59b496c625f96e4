//! A product whose B is copied into panels once and serves many times, as a recurrent kernel does at every time step.
//!
//! As many panels as the second-level cache holds are taken at a time, and swept over by a few rows of A after the other.
//! Terms that are zero in all of these rows are left out, as in `groups.rs`: pixels at the edge, one-hot vectors, first states.

use std::ops::Range;

use super::{
    COLUMNS, Epilogue, Matrix, ROWS,
    groups::{Numbers, find_terms},
    pack,
    tile::Tile,
};
use crate::{
    Float,
    kernels::{
        parallel::{SharedRows, range_of_part},
        sums::{Finish, with_rows},
        vector::{OnVectors, Vector, on_widest_vectors},
    },
    tensor::Buffer,
};

/// So many numbers of B are swept over at a time, a quarter of a megabyte.
const SWEPT: usize = 1 << 16;
/// Where there are more terms, none is left out: their list would be too long for the stack.
const LISTED: usize = 512;

/// Some rows and columns of a matrix B, copied into panels.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    panels: Buffer,
    depth: usize,
    columns: usize,
    /// Whether all numbers in the panels are finite.
    are_finite: bool,
}

/// The rows of C: `stride` numbers apart, and the product begins at the column `first`.
pub(crate) struct Target<'a> {
    pub(crate) data: &'a mut [Float],
    pub(crate) stride: usize,
    pub(crate) first: usize,
}

impl Packed {
    /// How many columns there are.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// Copies the rows `terms` and the columns `columns` of B.
    pub(crate) fn pack(&mut self, b: Matrix<'_>, terms: Range<usize>, columns: Range<usize>) {
        (self.depth, self.columns) = (terms.len(), columns.len());
        on_widest_vectors(Packing {
            b,
            terms,
            columns,
            panels: &mut self.panels,
            are_finite: &mut self.are_finite,
        });
    }

    /// C = A·B, where A is the columns of `a` from `first_term` on, and the epilogue.
    ///
    /// A row of C is the same bits whatever other rows there are, but for the sign of a zero that underflowed.
    ///
    /// # Panics
    ///
    /// The sizes do not fit, or the epilogue is a rectifier's.
    pub(crate) fn multiply(&self, a: Matrix<'_>, first_term: usize, c: Target<'_>, epilogue: Epilogue<'_>) {
        assert_eq!(c.data.len(), a.rows * c.stride, "C has the rows of A");
        assert!(c.first + self.columns <= c.stride, "C has room for the columns of B");
        assert!(!a.transposed && first_term + self.depth <= a.columns, "A has as many columns as B has rows");
        assert!(!matches!(epilogue, Epilogue::Rectified { .. }), "there is no rectifier to look at");
        on_widest_vectors(Multiplication { b: self, a, first_term, c, epilogue });
    }

    /// # Safety
    ///
    /// `V` is for this processor.
    #[inline(always)]
    unsafe fn multiply_with<V: Vector>(
        &self,
        a: Matrix<'_>,
        first_term: usize,
        c: Target<'_>,
        epilogue: Epilogue<'_>,
    ) {
        let (lines, _) = self.panels.as_chunks::<COLUMNS>();
        let sweep = (SWEPT / (self.depth * COLUMNS).max(1)).max(1) * COLUMNS;
        let terms = first_term..first_term + self.depth;
        let (finish, rows_of_c) = (Finish::new(epilogue, true, true), SharedRows::new(c.data, c.stride));
        let groups = a.rows.div_ceil(ROWS);
        let mut list = [0; LISTED];
        for first in (0..self.columns).step_by(sweep) {
            let columns = first..(first + sweep).min(self.columns);
            for group in 0..groups {
                let rows = range_of_part(group, groups, a.rows, 1);
                let list = list.get_mut(..self.depth).and_then(|list| {
                    let count = find_terms(a, &rows, &terms, list)?;
                    Some(&list[..count])
                });
                let numbers = list.map_or(Numbers::InPlace, Numbers::Listed);
                for first in columns.clone().step_by(COLUMNS) {
                    let columns = first..(first + COLUMNS).min(columns.end);
                    let panel = &lines[first / COLUMNS * self.depth..][..self.depth];
                    let bias = finish.bias(&columns);
                    let columns = c.first + columns.start..c.first + columns.end;
                    let tile =
                        Tile { a, rows: &rows, numbers, terms: &terms, panel, finite: self.are_finite };
                    // SAFETY: the processor is the caller's promise, and one tile is written after the other.
                    with_rows!(rows.len(), R => unsafe { tile.compute::<V, R>(&rows_of_c, &columns, &finish, &bias) });
                }
            }
        }
    }
}

/// Copying a part of B into panels.
struct Packing<'a> {
    b: Matrix<'a>,
    terms: Range<usize>,
    columns: Range<usize>,
    panels: &'a mut Buffer,
    are_finite: &'a mut bool,
}

impl OnVectors for Packing<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector, const FUSED: bool>(self) {
        // SAFETY: only for processors with AVX2 is `FUSED` set on x86-64.
        unsafe { pack::panels::<FUSED>(self.b, &self.terms, &self.columns, self.panels) }
        let (lines, _) = self.panels.as_chunks::<COLUMNS>();
        *self.are_finite = pack::all_finite(lines);
    }
}

/// A product with a matrix that is packed.
struct Multiplication<'a> {
    b: &'a Packed,
    a: Matrix<'a>,
    first_term: usize,
    c: Target<'a>,
    epilogue: Epilogue<'a>,
}

impl OnVectors for Multiplication<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector, const FUSED: bool>(self) {
        // SAFETY: the caller's promise.
        unsafe { self.b.multiply_with::<V>(self.a, self.first_term, self.c, self.epilogue) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        RandomKey,
        kernels::{Scratch, Team, matmul::matmul},
    };

    fn random(len: usize, stream: u64) -> Vec<Float> {
        let key = RandomKey::from_seed(3).derive(stream);
        (0..len).map(|i| Float::from(key.uniform(i as u32)) - 0.5).collect()
    }

    #[test]
    fn a_packed_product_is_the_product() {
        for (rows, depth, columns) in [(1, 3, 5), (7, 20, 16), (13, 9, 35)] {
            // A stands in wider rows, as does C; B is a part of a larger matrix.
            let (stride_a, stride_c) = (depth + 4, columns + 7);
            let wide = random(rows * stride_a, 0);
            let a: Vec<Float> = wide.chunks(stride_a).flat_map(|row| row[3..3 + depth].to_vec()).collect();
            let b = random((depth + 1) * (columns + 2), 1);
            let part: Vec<Float> = b.chunks(columns + 2).skip(1).flat_map(|row| row[2..].to_vec()).collect();
            let bias = random(columns, 2);
            let mut expected = vec![0.0; rows * columns];
            let (a, part) = (Matrix::new(&a, rows, depth), Matrix::new(&part, depth, columns));
            let (team, mut scratch) = (Team::default(), Scratch::default());
            matmul(a, part, &mut expected, Epilogue::Bias(&bias), &team, &mut scratch);

            let mut packed = Packed::default();
            packed.pack(Matrix::new(&b, depth + 1, columns + 2), 1..depth + 1, 2..columns + 2);
            let mut c = vec![1.0; rows * stride_c];
            let target = Target { data: &mut c, stride: stride_c, first: 5 };
            packed.multiply(Matrix::new(&wide, rows, stride_a), 3, target, Epilogue::Bias(&bias));
            for (c, expected) in c.chunks(stride_c).zip(expected.chunks(columns)) {
                let differences = c[5..].iter().zip(expected).map(|(c, e)| (c - e).abs());
                assert!(differences.fold(0.0, Float::max) < 1e-6);
                assert_eq!(
                    (&c[..5], &c[5 + columns..]),
                    (&[1.0; 5][..], &[1.0; 2][..]),
                    "nothing else is written"
                );
            }
        }
    }

    #[test]
    fn zeros_of_a_are_left_out_but_not_where_b_is_infinite() {
        let (rows, columns) = (13, 35);
        // Once A stands in wider rows, and once there are too many terms to be listed.
        for (depth, first_term) in [(40, 0), (40, 3), (LISTED + 1, 0)] {
            let stride = first_term + depth;
            // In the first six rows only every third term is not zero.
            let is_zero = |i: usize| i < 6 * stride && !(i % stride).is_multiple_of(3);
            let numbers = random(rows * stride, 0).into_iter().enumerate();
            let wide: Vec<Float> = numbers.map(|(i, x)| if is_zero(i) { 0.0 } else { x }).collect();
            let a: Vec<Float> = wide.chunks(stride).flat_map(|row| row[first_term..].to_vec()).collect();
            let (a, wide) = (Matrix::new(&a, rows, depth), Matrix::new(&wide, rows, stride));
            let mut b = random(depth * columns, 1);
            let (team, mut scratch, mut packed) = (Team::default(), Scratch::default(), Packed::default());
            let mut products = |b: &[Float]| {
                let (mut expected, mut c) = (vec![0.0; rows * columns], vec![1.0; rows * columns]);
                let b = Matrix::new(b, depth, columns);
                matmul(a, b, &mut expected, Epilogue::Assign, &team, &mut scratch);
                packed.pack(b, 0..depth, 0..columns);
                let target = Target { data: &mut c, stride: columns, first: 0 };
                packed.multiply(wide, first_term, target, Epilogue::Assign);
                (c, expected)
            };
            let (c, expected) = products(&b);
            assert!(c == expected, "{depth} terms from {first_term} on");
            // The term with this number is a zero in the first rows.
            let term = 4 - first_term;
            b[term * columns + 9] = Float::INFINITY;
            let (c, _) = products(&b);
            assert!((0..6).all(|row| c[row * columns + 9].is_nan()), "zero times infinity");
            assert_eq!(c.iter().filter(|c| !c.is_finite()).count(), rows, "in one column only");
        }
    }
}
