//! A product whose B is copied into panels once and serves many times, as a recurrent kernel does at every time step.
//!
//! A few rows of A at a time are multiplied by all of B, which should lie in the second-level cache.
//! Terms that are zero in all of them are left out, as in `groups.rs`: pixels at the edge, one-hot vectors, first states.

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

/// Where there are more terms, none is left out: their list would be too long for the stack.
const LISTED: usize = 1024;

/// Some rows and columns of a matrix B, copied into panels.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    panels: Buffer,
    depth: usize,
    columns: usize,
    /// Whether all numbers are finite.
    is_finite: bool,
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
            is_finite: &mut self.is_finite,
        });
    }

    /// C = A·B, where A is the columns of `a` from `first_term` on, and the epilogue.
    ///
    /// A row of C is the same bits whatever other rows there are.
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
        let terms = &(first_term..first_term + self.depth);
        let finish = Finish::new(epilogue, true, true);
        let (lines, _) = self.panels.as_chunks::<COLUMNS>();
        let rows_of_c = SharedRows::new(c.data, c.stride);
        let groups = a.rows.div_ceil(ROWS);
        let mut list = [0; LISTED];
        for group in 0..groups {
            let rows = &range_of_part(group, groups, a.rows, 1);
            let list = list.get_mut(..self.depth).and_then(|list| {
                let count = find_terms(a, rows, terms, list)?;
                Some(&list[..count])
            });
            let numbers = list.map_or(Numbers::InPlace, Numbers::Listed);
            for (number, first) in (0..self.columns).step_by(COLUMNS).enumerate() {
                let columns = first..(first + COLUMNS).min(self.columns);
                let panel = &lines[number * self.depth..][..self.depth];
                let bias = finish.bias(&columns);
                let columns = c.first + columns.start..c.first + columns.end;
                let tile = Tile { a, rows, numbers, terms, panel, finite: self.is_finite };
                // SAFETY: the processor is the caller's promise, and one tile is written after the other.
                with_rows!(rows.len(), R => unsafe { tile.compute::<V, R>(&rows_of_c, &columns, &finish, &bias) });
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
    is_finite: &'a mut bool,
}

impl OnVectors for Packing<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector, const FUSED: bool>(self) {
        // SAFETY: only for processors with AVX2 is `FUSED` set on x86-64.
        unsafe { pack::panels::<FUSED>(self.b, &self.terms, &self.columns, self.panels) }
        let (lines, _) = self.panels.as_chunks::<COLUMNS>();
        *self.is_finite = pack::all_finite(lines);
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
        let (rows, depth, columns) = (13, 40, 35);
        // In the first six rows only every third term is not zero.
        let a: Vec<Float> = random(rows * depth, 0)
            .into_iter()
            .enumerate()
            .map(|(i, x)| if i < 6 * depth && i % depth % 3 > 0 { 0.0 } else { x })
            .collect();
        let (a, mut b) = (Matrix::new(&a, rows, depth), random(depth * columns, 1));
        let (team, mut scratch, mut packed) = (Team::default(), Scratch::default(), Packed::default());
        let mut products = |b: &[Float]| {
            let (mut expected, mut c) = (vec![0.0; rows * columns], vec![1.0; rows * columns]);
            let b = Matrix::new(b, depth, columns);
            matmul(a, b, &mut expected, Epilogue::Assign, &team, &mut scratch);
            packed.pack(b, 0..depth, 0..columns);
            packed.multiply(a, 0, Target { data: &mut c, stride: columns, first: 0 }, Epilogue::Assign);
            (c, expected)
        };
        let (c, expected) = products(&b);
        assert!(c == expected);
        b[columns + 9] = Float::INFINITY;
        let (c, _) = products(&b);
        assert!((0..6).all(|row| c[row * columns + 9].is_nan()), "zero times infinity");
        assert_eq!(c.iter().filter(|c| !c.is_finite()).count(), rows, "in one column only");
    }
}
