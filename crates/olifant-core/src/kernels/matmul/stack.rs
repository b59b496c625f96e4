//! Products of many pairs of matrices.

use crate::{
    Float,
    kernels::{
        matmul::{Epilogue, Matrix, Product, Scratch, matmul},
        parallel::{SharedRows, range_of_part},
        team::Team,
    },
};

/// Equal matrices, one behind the other: how many rows and columns each has as it is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stack<'a> {
    data: &'a [Float],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a> Stack<'a> {
    /// So many row-major matrices as there are numbers for.
    pub(crate) fn new(data: &'a [Float], rows: usize, columns: usize) -> Stack<'a> {
        Stack { data, rows, columns, transposed: false }
    }

    /// The same numbers, with rows and columns of each matrix exchanged if `condition` holds.
    pub(crate) fn transposed_if(self, condition: bool) -> Stack<'a> {
        Stack { transposed: self.transposed != condition, ..self }
    }

    pub(crate) fn is_transposed(&self) -> bool {
        self.transposed
    }

    /// The numbers in one matrix.
    pub(crate) fn size(&self) -> usize {
        self.rows * self.columns
    }

    /// The `index`-th matrix.
    pub(crate) fn matrix(&self, index: usize) -> Matrix<'a> {
        let data = &self.data[index * self.size()..][..self.size()];
        Matrix::new(data, self.rows, self.columns).transposed_if(self.transposed)
    }

    /// How many rows and columns a matrix has as it is used.
    pub(crate) fn matrix_sizes(&self) -> [usize; 2] {
        if self.transposed { [self.columns, self.rows] } else { [self.rows, self.columns] }
    }

    /// The matrices one below the other, as a single one.
    pub(crate) fn joined(self, count: usize) -> Stack<'a> {
        Stack { rows: self.rows * count, ..self }
    }
}

/// Computes `Cᵢ = Aᵢ·Bᵢ` and the epilogue for all matrices of the stacks; `c` has all Cᵢ one behind the other.
///
/// Threads take whole products where there are enough of them. The results are the same bits for any number of threads.
///
/// # Panics
///
/// The sizes do not fit.
pub(crate) fn matmul_each(
    a: Stack<'_>,
    b: Stack<'_>,
    c: &mut [Float],
    epilogue: Epilogue<'_>,
    team: &Team,
    scratch: &mut Scratch,
) {
    let ([rows, terms], [_, columns]) = (a.matrix_sizes(), b.matrix_sizes());
    let size = rows * columns;
    let count = c.len().checked_div(size).unwrap_or(0);
    let work = rows * terms * columns;
    let is_worth_cutting = team.parts(work, usize::MAX) > 1;
    if count < 4 * team.size() && is_worth_cutting {
        for (index, c) in c.chunks_exact_mut(size).enumerate() {
            matmul(a.matrix(index), b.matrix(index), c, epilogue, team, scratch);
        }
        return;
    }
    let parts = team.parts(count * work, count);
    let c = SharedRows::new(c, size);
    team.for_each_part(scratch.parts(parts), &|part, scratch| {
        for index in range_of_part(part, parts, count, 1) {
            // SAFETY: each product belongs to one part.
            let c = unsafe { c.segment(index, 0..size) };
            Product::new(a.matrix(index), b.matrix(index), c, epilogue).compute_part(0, 1, scratch);
        }
    });
}
