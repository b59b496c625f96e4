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

use std::{array, ops::Range};

use crate::{
    Float,
    kernels::{
        convolution,
        parallel::{SharedRows, range_of_part},
        sums::{COLUMNS, Finish, Line, ROWS, with_rows},
        team::{MAX_PARTS, Team},
        vector::{OnVectors, Vector, on_widest_vectors},
    },
    operation::GradientMut,
    tensor::Buffer,
};
use groups::Groups;
pub(crate) use packed::{Packed, Target};
pub(crate) use stack::{Stack, matmul_each};
use tile::Tile;

mod groups;
mod pack;
mod packed;
mod single_row;
mod stack;
mod tile;

/// How many terms of the sums are taken at a time.
const DEPTH: usize = 1024;
/// How many numbers of A are swept over for each panel of B: half a megabyte.
const BLOCK: usize = 1 << 17;
/// How many panels of B are copied at a time, if one sweep over A is all they serve: they should stay in the second-level cache.
const SWEEP: usize = 4;

/// A matrix operand. A transpose is the same numbers read another way, so it costs nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a> {
    data: &'a [Float],
    rows: usize,
    columns: usize,
    /// Whether the numbers of a column lie one behind the other, and not those of a row.
    transposed: bool,
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
        Matrix { data, rows, columns, transposed: false }
    }

    /// The same numbers with rows and columns exchanged.
    pub(crate) fn transposed(self) -> Matrix<'a> {
        Matrix { rows: self.columns, columns: self.rows, transposed: !self.transposed, ..self }
    }

    /// The transpose if `condition` holds, else the matrix itself.
    pub(crate) fn transposed_if(self, condition: bool) -> Matrix<'a> {
        if condition { self.transposed() } else { self }
    }

    /// The numbers as they lie in memory.
    pub(crate) fn data(&self) -> &'a [Float] {
        self.data
    }

    /// How far apart the rows are, or of a transpose the columns.
    fn stride(&self) -> usize {
        if self.transposed { self.rows } else { self.columns }
    }

    /// A part of one row of a matrix that is not transposed.
    #[inline(always)]
    pub(super) fn row(&self, row: usize, columns: &Range<usize>) -> &'a [Float] {
        debug_assert!(!self.transposed);
        &self.data[row * self.columns..][columns.clone()]
    }

    /// A part of one column of a transpose.
    #[inline(always)]
    fn column(&self, column: usize, rows: &Range<usize>) -> &'a [Float] {
        debug_assert!(self.transposed);
        &self.data[column * self.rows..][rows.clone()]
    }
}

/// What happens to a product when it is complete.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Epilogue<'a> {
    /// `C = A·B`
    Assign,
    /// `C += A·B`
    Add,
    /// `C += A·B + bias`
    AddBias(&'a [Float]),
    /// `C = A·B + bias`, the bias (one number per column) added to every row.
    Bias(&'a [Float]),
    /// `C = max(A·B + bias, 0)`
    BiasRelu(&'a [Float]),
    /// `C = max(A·B, 0)`
    Relu,
    /// `C = A·B`, or `C += A·B` if `add`; but zero where the number of `y`, which has the shape of C, is not positive:
    /// the gradient of what a rectifier returned as `y`, sent on through the rectifier.
    Rectified { y: Matrix<'a>, add: bool },
}

impl<'a> Epilogue<'a> {
    /// For a layer: a bias if there is one, and a rectifier if asked for.
    pub(crate) fn new(bias: Option<&'a [Float]>, relu: bool) -> Epilogue<'a> {
        match (bias, relu) {
            (None, false) => Epilogue::Assign,
            (Some(bias), false) => Epilogue::Bias(bias),
            (None, true) => Epilogue::Relu,
            (Some(bias), true) => Epilogue::BiasRelu(bias),
        }
    }
}

/// Working memory of products and convolutions, one piece for each thread, and of sums. It is kept from call to call.
#[derive(Debug, Default)]
pub struct Scratch {
    parts: Vec<PartScratch>,
    pub(crate) convolution: convolution::Scratch,
    numbers: Buffer,
    /// Matrices that several products share.
    pub(crate) packed: [Packed; 2],
    pub(crate) packed_input: Packed,
}

/// What one thread needs room for.
#[derive(Debug, Default)]
struct PartScratch {
    /// The rows of each left factor.
    groups: [Groups; 2],
    /// Columns of B, sixteen side by side.
    panels: Buffer,
    /// The sums of a single row.
    sums: Buffer,
}

impl Scratch {
    /// Room for so many numbers; their contents are arbitrary.
    pub(crate) fn numbers(&mut self, len: usize) -> &mut [Float] {
        self.numbers.resize(len);
        &mut self.numbers
    }

    /// Memory for `count` threads.
    fn parts(&mut self, count: usize) -> &mut [PartScratch] {
        if self.parts.len() < count {
            self.parts.resize_with(count, PartScratch::default);
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
    matmul_all([Some(Product::new(a, b, c, epilogue))], team, scratch);
}

/// Computes several products, which are handed over to the threads at once.
///
/// The results are the same bits for any number of threads.
pub(crate) fn matmul_all<const N: usize>(
    products: [Option<Product<'_>>; N],
    team: &Team,
    scratch: &mut Scratch,
) {
    let work = products.iter().flatten().map(Product::work).sum();
    if team.parts(work, MAX_PARTS) == 1 {
        let [scratch] = scratch.parts(1) else { return };
        return products.iter().flatten().for_each(|product| product.compute_part(0, 1, scratch));
    }
    let parts = array::from_fn::<_, N, _>(|number| match &products[number] {
        Some(product) => team.parts(product.work(), product.most_parts().min(MAX_PARTS / N)),
        None => 0,
    });
    team.for_each_part(scratch.parts(parts.iter().sum()), &|mut part, scratch| {
        for (product, &parts) in products.iter().zip(&parts) {
            match product {
                Some(product) if part < parts => return product.compute_part(part, parts, scratch),
                _ => part -= parts,
            }
        }
    });
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

/// A product `C = A·B` and what follows it, as all threads see it; or two with the same B.
pub(crate) struct Product<'a> {
    factors: [Option<Factor<'a>>; 2],
    b: Matrix<'a>,
    column_sums: Option<ColumnSums<'a>>,
    /// The columns of B and C that it is about.
    columns: Range<usize>,
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
        let factors = [Some(Factor::new(a, b, c, epilogue)), None];
        Product { factors, b, column_sums: None, columns: 0..b.columns }
    }

    /// Another matrix times the same B, which is copied only once for both.
    ///
    /// # Panics
    ///
    /// The sizes do not fit.
    pub(crate) fn and(mut self, a: Matrix<'a>, c: &'a mut [Float], epilogue: Epilogue<'a>) -> Product<'a> {
        self.factors[1] = Some(Factor::new(a, self.b, c, epilogue));
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
        self.factors.iter().flatten()
    }

    /// The rows of all C.
    fn rows(&self) -> usize {
        self.factors().map(|factor| factor.a.rows).sum()
    }

    /// How many multiply-adds it takes.
    fn work(&self) -> usize {
        self.rows() * self.b.rows * self.columns.len()
    }

    /// Into how many parts it can be cut.
    fn most_parts(&self) -> usize {
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
    fn compute_part(&self, part: usize, parts: usize, scratch: &mut PartScratch) {
        let columns = &self.columns;
        let (rows, columns) = if self.splits_by_columns() {
            let part = range_of_part(part, parts, columns.len(), COLUMNS);
            ((0, 1), columns.start + part.start..columns.start + part.end)
        } else {
            ((part, parts), columns.clone())
        };
        on_widest_vectors(Part { product: self, rows, columns, scratch });
    }

    /// The only factor, if the loop for a single row serves.
    fn single_row(&self) -> Option<&Factor<'a>> {
        match &self.factors {
            [Some(factor), None] if factor.a.rows == 1 => {
                let in_place = !factor.a.transposed && !self.b.transposed && self.column_sums.is_none();
                in_place.then_some(factor)
            }
            _ => None,
        }
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
            if let Some(Factor { a, c, epilogue }) = self.single_row() {
                // SAFETY: the caller's promise.
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

#[cfg(test)]
mod tests;
