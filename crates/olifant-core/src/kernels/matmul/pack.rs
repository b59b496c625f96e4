//! Copying columns of B together, so that the innermost loop reads them from front to back.

use std::{array, ops::Range};

use super::{COLUMNS, Line, Matrix};
use crate::{
    Float,
    kernels::transpose::{SIDE, transpose_block},
};

/// Copies the terms of at most sixteen columns of B; what is beyond the last column is arbitrary.
///
/// # Safety
///
/// If `WIDE`, the processor has AVX2.
#[inline(always)]
pub(super) unsafe fn panel<const WIDE: bool>(
    b: Matrix<'_>,
    terms: &Range<usize>,
    columns: &Range<usize>,
    panel: &mut [Line],
) {
    if !b.transposed {
        for (line, term) in panel.iter_mut().zip(terms.clone()) {
            let row = &b.data[term * b.columns + columns.start..];
            match row.first_chunk::<COLUMNS>() {
                // Numbers beyond the last column belong to the next row; nobody looks at their sums.
                Some(row) => *line = *row,
                None => line[..columns.len()].copy_from_slice(&row[..columns.len()]),
            }
        }
        return;
    }
    let mut place = 0;
    while place + SIDE <= columns.len() {
        let whole = array::from_fn(|i| b.column(columns.start + place + i, terms));
        // SAFETY: the caller's promise.
        unsafe { transpose_columns::<WIDE>(whole, panel, place) };
        place += SIDE;
    }
    for place in place..columns.len() {
        let numbers = b.column(columns.start + place, terms);
        panel.iter_mut().zip(numbers).for_each(|(line, number)| line[place] = *number);
    }
}

/// Copies eight whole columns to the places from `place` on.
///
/// # Safety
///
/// If `WIDE`, the processor has AVX2.
#[inline(always)]
unsafe fn transpose_columns<const WIDE: bool>(columns: [&[Float]; SIDE], panel: &mut [Line], place: usize) {
    let blocks = columns.map(|column| column.as_chunks::<SIDE>());
    let (lines, rest) = panel.as_chunks_mut::<SIDE>();
    for (number, lines) in lines.iter_mut().enumerate() {
        // SAFETY: the caller's promise.
        let block = unsafe { transpose_block::<WIDE>(&blocks.map(|(blocks, _)| blocks[number])) };
        lines.iter_mut().zip(&block).for_each(|(line, row)| line[place..place + SIDE].copy_from_slice(row));
    }
    for (term, line) in rest.iter_mut().enumerate() {
        blocks.iter().enumerate().for_each(|(i, (_, rest))| line[place + i] = rest[term]);
    }
}

/// Whether all numbers are finite. What is beyond the last column is looked at as well.
#[inline(always)]
pub(super) fn all_finite(panel: &[Line]) -> bool {
    // Without its sign, a number is the larger the larger its bits are, and those of infinity and NaN are the largest.
    let sign = (-0.0 as Float).to_bits();
    let mut largest = [(0.0 as Float).to_bits(); COLUMNS];
    for line in panel {
        largest.iter_mut().zip(line).for_each(|(largest, x)| *largest = (*largest).max(x.to_bits() & !sign));
    }
    largest.iter().all(|&bits| Float::from_bits(bits).is_finite())
}
