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
//! The sums of a product are cut at [`product::DEPTH`] terms, and each element is summed in the same order whatever the split:
//! the bits do not depend on the number of threads, nor on how many rows are multiplied at once.
//!
//! The scheme is that of Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008),
//! with small blocks: a panel lies in the first or second-level cache, A's rows in the second.

use std::{array, ops::Range};

use crate::{
    Float,
    kernels::{
        convolution,
        sums::{COLUMNS, Finish, Line, ROWS},
        team::{MAX_PARTS, Team},
    },
    tensor::Buffer,
};
use groups::Groups;
pub(crate) use packed::{Packed, Target};
pub(crate) use product::Product;
pub(crate) use stack::{Stack, matmul_each};

mod groups;
mod pack;
mod packed;
mod product;
mod single_row;
mod stack;
mod tile;

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

#[cfg(test)]
mod tests;
