//! A product, or two that share their right factor, cut into parts and blocks.

use std::ops::Range;

use super::{Epilogue, Line, Matrix, PartScratch, groups::Groups, pack, single_row, tile::Tile};
use crate::{
    Float,
    kernels::{
        parallel::{SharedRows, range_of_part},
        sums::{COLUMNS, Finish, ROWS, with_rows},
        vector::{OnVectors, Vector, on_widest_vectors},
    },
    operation::GradientMut,
};

/// How many terms of the sums are taken at a time.
pub(super) const DEPTH: usize = 1024;
/// How many numbers of A are swept over for each panel of B: half a megabyte.
pub(super) const BLOCK: usize = 1 << 17;
/// How many panels of B are copied at a time, if one sweep over A is all they serve: they should stay in the second-level cache.
pub(super) const SWEEP: usize = 4;

/// A product `C = A·B` and what follows it, as all threads see it; or two with the same B.
pub(crate) struct Product<'a> {
    first: Factor<'a>,
    second: Option<Factor<'a>>,
    b: Matrix<'a>,
    column_sums: Option<ColumnSums<'a>>,
    /// The columns of B and C that it is about.
    columns: Range<usize>,
}

impl<'a> Product<'a> {
    /// `C = A·B` and the epilogue, into the row-major `c`.
    ///
    /// # Panics
    ///
    /// The sizes do not fit.
    pub(crate) fn new(
        a: Matrix<'a>,
        b: Matrix<'a>,
        c: &'a mut [Float],
        epilogue: Epilogue<'a>,
    ) -> Product<'a> {
        let first = Factor::new(a, b, c, epilogue);
        Product { first, second: None, b, column_sums: None, columns: 0..b.columns }
    }

    /// Another matrix times the same columns of the same B, which is copied only once for both.
    ///
    /// # Panics
    ///
    /// The sizes do not fit, or there are two already.
    pub(crate) fn and(mut self, a: Matrix<'a>, c: &'a mut [Float], epilogue: Epilogue<'a>) -> Product<'a> {
        let before = self.second.replace(Factor::new(a, self.b, c, epilogue));
        assert!(before.is_none(), "two products share a matrix, not three");
        self
    }

    /// Only these columns of C, from the same columns of B; the others of C stay as they are.
    ///
    /// # Panics
    ///
    /// B has not so many columns.
    pub(crate) fn with_columns(mut self, columns: Range<usize>) -> Product<'a> {
        assert!(columns.end <= self.b.columns, "B has these columns");
        self.columns = columns;
        self
    }

    /// On the way, computes the sums of B's columns.
    ///
    /// With `xᵀ·dz`, the gradient of a dense layer's kernel, they are the gradient of its bias.
    ///
    /// # Panics
    ///
    /// There is not one sum for each column.
    pub(crate) fn with_column_sums(mut self, sums: GradientMut<'a>) -> Product<'a> {
        assert_eq!(sums.data.len(), self.b.columns, "there is one sum for each column");
        self.column_sums =
            Some(ColumnSums { sums: SharedRows::new(sums.data, self.b.columns), add: sums.add });
        self
    }

    fn factors(&self) -> impl Iterator<Item = &Factor<'a>> {
        std::iter::once(&self.first).chain(&self.second)
    }

    /// The rows of all C.
    fn rows(&self) -> usize {
        self.factors().map(|factor| factor.a.rows).sum()
    }

    /// How many multiply-adds it takes.
    pub(super) fn work(&self) -> usize {
        self.rows() * self.b.rows * self.columns.len()
    }

    /// Into how many parts it can be cut.
    pub(super) fn most_parts(&self) -> usize {
        if self.splits_by_columns() {
            self.columns.len().div_ceil(COLUMNS)
        } else {
            self.rows().div_ceil(ROWS)
        }
    }

    /// Whether threads take columns of C or rows.
    ///
    /// Whoever takes columns copies only its panels of B, but the rows of A must be copied by all if they are not whole;
    /// whoever takes rows copies only its rows of A, but all of B.
    /// Where it is all the same it is rows: in the next layer, a thread goes on with what it has in its cache.
    fn splits_by_columns(&self) -> bool {
        let (rows, columns) = (self.rows(), self.columns.len());
        columns > rows || self.factors().any(|factor| factor.a.transposed) && columns >= rows.max(4 * COLUMNS)
    }

    /// Computes one of several parts.
    pub(super) fn compute_part(&self, part: usize, parts: usize, scratch: &mut PartScratch) {
        let columns = &self.columns;
        let (rows, columns) = if self.splits_by_columns() {
            let part = range_of_part(part, parts, columns.len(), COLUMNS);
            ((0, 1), columns.start + part.start..columns.start + part.end)
        } else {
            ((part, parts), columns.clone())
        };
        on_widest_vectors(Part { product: self, rows, columns, scratch });
    }

    /// Whether the loop for a single row serves.
    fn is_single_row(&self) -> bool {
        let a = self.first.a;
        let is_alone = self.second.is_none() && self.column_sums.is_none();
        is_alone && a.rows == 1 && !a.transposed && !self.b.transposed
    }

    /// Cuts the sums into blocks. `FUSED`: the processor multiplies and adds in one instruction.
    ///
    /// # Safety
    ///
    /// No other thread uses these elements of C, and `V` is for this processor.
    #[inline(always)]
    unsafe fn compute_blocks<V: Vector, const FUSED: bool>(&self, part: Part<'_>) {
        let Part { rows, columns, scratch, .. } = part;
        let depth = self.b.rows;
        let blocks = depth.div_ceil(DEPTH).max(1);
        for number in 0..blocks {
            // Blocks of nearly equal depth; the cut depends on the sizes only, never on the threads.
            let terms = depth * number / blocks..depth * (number + 1) / blocks;
            let block = Block { terms, is_first: number == 0, is_last: number + 1 == blocks };
            if self.is_single_row() {
                let Factor { a, c, epilogue } = &self.first;
                debug_assert_eq!(rows, (0, 1), "one row is in one part");
                // SAFETY: the caller's promise; the row is this thread's, or its columns are.
                let c = unsafe { c.segment(0, columns.clone()) };
                let (finish, sums) = (block.finish(*epilogue), &mut scratch.sums);
                single_row::multiply::<FUSED>(*a, self.b, &block.terms, &columns, &finish, sums, c);
            } else {
                // SAFETY: the caller's promise.
                unsafe { self.compute_block::<V, FUSED>(&block, rows, &columns, scratch) };
            }
        }
    }

    /// Copies the columns of B, a few or all at a time, and sweeps over the rows with them.
    ///
    /// # Safety
    ///
    /// As for [`Product::compute_blocks`].
    #[inline(always)]
    unsafe fn compute_block<V: Vector, const FUSED: bool>(
        &self,
        block: &Block,
        (part, parts): (usize, usize),
        columns: &Range<usize>,
        scratch: &mut PartScratch,
    ) {
        let terms = &block.terms;
        let rows_of = |factor: &Factor<'_>| range_of_part(part, parts, factor.a.rows, 1);
        let is_swept_once = self.factors().all(|factor| block.row_blocks(&rows_of(factor)) == 1);
        // What is copied several times would be A for each sweep, or B for each block of rows: it is A only where it is one block.
        let sweep = if is_swept_once { SWEEP * COLUMNS } else { columns.len().max(1) };
        for first in columns.clone().step_by(sweep) {
            let is_first_sweep = first == columns.start;
            let columns = first..(first + sweep).min(columns.end);
            // SAFETY: only for processors with AVX2 is `FUSED` set on x86-64.
            unsafe { pack::panels::<FUSED>(self.b, terms, &columns, &mut scratch.panels) };
            if let Some(sums) = &self.column_sums
                && part == 0
            {
                // SAFETY: of all who have these columns only one has the first rows.
                unsafe { sums.add(&scratch.panels, &columns, terms.len(), block.is_first) };
            }
            let (panels, _) = scratch.panels.as_chunks::<COLUMNS>();
            for (factor, groups) in self.factors().zip(&mut scratch.groups) {
                let rows = rows_of(factor);
                let row_blocks = block.row_blocks(&rows);
                for number in 0..row_blocks {
                    if is_first_sweep {
                        let part = range_of_part(number, row_blocks, rows.len(), ROWS);
                        let rows = rows.start + part.start..rows.start + part.end;
                        groups.fill(factor.a, &rows, terms, columns.len().div_ceil(COLUMNS));
                    }
                    // SAFETY: the caller's promise.
                    unsafe { factor.compute_tiles::<V>(block, &columns, groups, panels) };
                }
            }
        }
    }
}

/// What stands on the left of B, and what becomes of the product.
struct Factor<'a> {
    a: Matrix<'a>,
    c: SharedRows<'a, Float>,
    epilogue: Epilogue<'a>,
}

impl<'a> Factor<'a> {
    /// # Panics
    ///
    /// The sizes do not fit.
    fn new(a: Matrix<'a>, b: Matrix<'a>, c: &'a mut [Float], epilogue: Epilogue<'a>) -> Factor<'a> {
        assert_eq!(a.columns, b.rows, "the columns of A and the rows of B are summed over together");
        assert_eq!(c.len(), a.rows * b.columns, "C has the rows of A and the columns of B");
        match epilogue {
            Epilogue::Bias(bias) | Epilogue::AddBias(bias) | Epilogue::BiasRelu(bias) => {
                assert_eq!(bias.len(), b.columns, "the bias has one number per column");
            }
            Epilogue::Rectified { y, .. } => {
                assert_eq!((y.rows, y.columns, y.transposed), (a.rows, b.columns, false), "y is as C");
            }
            Epilogue::Assign | Epilogue::Add | Epilogue::Relu => {}
        }
        Factor { a, c: SharedRows::new(c, b.columns), epilogue }
    }
}

/// Some terms of the sums.
struct Block {
    terms: Range<usize>,
    is_first: bool,
    is_last: bool,
}

impl Block {
    fn finish<'a>(&self, epilogue: Epilogue<'a>) -> Finish<'a> {
        Finish::new(epilogue, self.is_first, self.is_last)
    }

    /// Into how many blocks so many rows are cut.
    fn row_blocks(&self, rows: &Range<usize>) -> usize {
        (rows.len() * self.terms.len()).div_ceil(BLOCK).max(1)
    }
}

impl Factor<'_> {
    /// Computes the rows that are grouped, in the columns that are copied, as far as the sums reach.
    ///
    /// # Safety
    ///
    /// No other thread uses these elements of C, and `V` is for this processor.
    #[inline(always)]
    unsafe fn compute_tiles<V: Vector>(
        &self,
        block: &Block,
        columns: &Range<usize>,
        groups: &Groups,
        panels: &[Line],
    ) {
        let (terms, finish) = (&block.terms, &block.finish(self.epilogue));
        for (number, first) in columns.clone().step_by(COLUMNS).enumerate() {
            let columns = first..(first + COLUMNS).min(columns.end);
            let panel = &panels[number * terms.len()..][..terms.len()];
            let finite = !groups.leave_terms_out() || pack::all_finite(panel);
            let bias = finish.bias(&columns);
            for (rows, numbers) in groups.iter() {
                let tile = Tile { a: self.a, rows, numbers, terms, panel, finite };
                // SAFETY: the caller's promise.
                with_rows!(rows.len(), R => unsafe { tile.compute::<V, R>(&self.c, &columns, finish, &bias) });
            }
        }
    }
}

/// What one thread does.
struct Part<'a> {
    product: &'a Product<'a>,
    /// Which part of the rows, of how many. Those of different threads do not overlap, or their columns do not.
    rows: (usize, usize),
    columns: Range<usize>,
    scratch: &'a mut PartScratch,
}

impl OnVectors for Part<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector, const FUSED: bool>(self) {
        // SAFETY: the processor is the caller's promise; nobody else has these rows and columns.
        unsafe { self.product.compute_blocks::<V, FUSED>(self) }
    }
}

/// The sums of B's columns, as all threads see them.
struct ColumnSums<'a> {
    sums: SharedRows<'a, Float>,
    /// There is something to add to.
    add: bool,
}

impl ColumnSums<'_> {
    /// Adds the terms of some columns.
    ///
    /// # Safety
    ///
    /// Nobody else uses the sums of these columns.
    #[inline(always)]
    unsafe fn add(&self, panels: &[Float], columns: &Range<usize>, terms: usize, is_first: bool) {
        let (lines, _) = panels.as_chunks::<COLUMNS>();
        for (number, first) in columns.clone().step_by(COLUMNS).enumerate() {
            let columns = first..(first + COLUMNS).min(columns.end);
            // SAFETY: the caller's promise.
            unsafe { self.add_panel(&lines[number * terms..][..terms], &columns, is_first) };
        }
    }

    /// Adds the terms of at most sixteen columns.
    ///
    /// # Safety
    ///
    /// Nobody else uses the sums of these columns.
    #[inline(always)]
    unsafe fn add_panel(&self, panel: &[Line], columns: &Range<usize>, is_first: bool) {
        let mut line = [0.0; COLUMNS];
        let (fours, rest) = panel.as_chunks::<4>();
        for [a, b, c, d] in fours {
            // In pairs, so that no addition has to wait for three others.
            line.iter_mut().enumerate().for_each(|(i, sum)| *sum += (a[i] + b[i]) + (c[i] + d[i]));
        }
        for a in rest {
            line.iter_mut().zip(a).for_each(|(sum, a)| *sum += a);
        }
        // SAFETY: the caller's promise.
        let sums = unsafe { self.sums.segment(0, columns.clone()) };
        let mut sums = GradientMut { data: sums, add: self.add || !is_first };
        sums.write_from(line.into_iter());
    }
}
