//! A single row times a matrix, as when one sample is predicted: nothing is copied, and zeros cost nothing.

use std::ops::Range;

use super::{COLUMNS, Finish, Matrix};
use crate::{Float, tensor::Buffer};

/// How many rows of B are taken at a time, so that the sums are loaded and stored less often.
const TERMS: usize = 4;

/// Computes part of the only row of C, from some terms of the sums; `sums` is working memory.
///
/// Terms whose number in A is zero are left out, and their rows of B are not even read:
/// should they hold infinity or NaN, the result does not show it. Otherwise no bit of the result changes, but for the sign of a zero that underflowed.
#[inline(always)]
pub(super) fn multiply<const FUSED: bool>(
    a: Matrix<'_>,
    b: Matrix<'_>,
    terms: &Range<usize>,
    columns: &Range<usize>,
    finish: &Finish<'_>,
    sums: &mut Buffer,
    c: &mut [Float],
) {
    sums.resize(columns.len());
    sums.fill(0.0);
    let mut waiting = [(0.0, &[][..]); TERMS];
    let mut count = 0;
    for (term, &number) in terms.clone().zip(a.row(0, terms)) {
        if number == 0.0 {
            continue;
        }
        waiting[count] = (number, b.row(term, columns));
        count += 1;
        if count == TERMS {
            add_products::<FUSED, TERMS>(&waiting, sums);
            count = 0;
        }
    }
    for waiting in &waiting[..count] {
        add_products::<FUSED, 1>(std::array::from_ref(waiting), sums);
    }
    for ((first, sums), c) in
        columns.clone().step_by(COLUMNS).zip(sums.chunks(COLUMNS)).zip(c.chunks_mut(COLUMNS))
    {
        finish.store(sums, &(first..first + sums.len()), c);
    }
}

/// sums ← sums + Σ a·b, one term after the other.
#[inline(always)]
fn add_products<const FUSED: bool, const N: usize>(terms: &[(Float, &[Float]); N], sums: &mut [Float]) {
    let rows = terms.map(|(_, row)| &row[..sums.len()]);
    for (column, sum) in sums.iter_mut().enumerate() {
        for (&(a, _), row) in terms.iter().zip(rows) {
            *sum = if FUSED { a.mul_add(row[column], *sum) } else { *sum + a * row[column] };
        }
    }
}
