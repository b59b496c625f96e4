//! Copying operands together, so that the innermost loop reads them from front to back.

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
    if b.has_whole_rows() {
        for (line, term) in panel.iter_mut().zip(terms.clone()) {
            let row = &b.data[term * b.row_stride + columns.start..];
            match row.first_chunk::<COLUMNS>() {
                // Numbers beyond the last column belong to the next row; nobody looks at their sums.
                Some(row) => *line = *row,
                None => line[..columns.len()].copy_from_slice(&row[..columns.len()]),
            }
        }
        return;
    }
    let column = |column: usize| &b.data[column * b.column_stride + terms.start * b.row_stride..];
    let mut place = 0;
    if b.row_stride == 1 {
        while place + SIDE <= columns.len() {
            let whole: [&[Float]; SIDE] =
                array::from_fn(|i| &column(columns.start + place + i)[..terms.len()]);
            // SAFETY: the caller's promise.
            unsafe { transpose_columns::<WIDE>(whole, panel, place) };
            place += SIDE;
        }
    }
    for place in place..columns.len() {
        let numbers = column(columns.start + place).iter().step_by(b.row_stride);
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

/// Copies the terms of at most six rows of A side by side.
#[inline(always)]
pub(super) fn rows(a: Matrix<'_>, rows: &Range<usize>, terms: &Range<usize>, packed: &mut [Float]) {
    // With a constant length, copying a few numbers is one instruction and not a call.
    match rows.len() {
        5 => rows_of::<5>(a, rows.start, terms, packed),
        6 => rows_of::<6>(a, rows.start, terms, packed),
        len => {
            for (packed, term) in packed.chunks_exact_mut(len).zip(terms.clone()) {
                for (packed, row) in packed.iter_mut().zip(rows.clone()) {
                    *packed = a.data[row * a.row_stride + term * a.column_stride];
                }
            }
        }
    }
}

#[inline(always)]
fn rows_of<const R: usize>(a: Matrix<'_>, first: usize, terms: &Range<usize>, packed: &mut [Float]) {
    let (packed, _) = packed.as_chunks_mut::<R>();
    for (packed, term) in packed.iter_mut().zip(terms.clone()) {
        let numbers = &a.data[first * a.row_stride + term * a.column_stride..];
        match numbers.first_chunk::<R>() {
            Some(numbers) if a.row_stride == 1 => *packed = *numbers,
            _ => *packed = array::from_fn(|row| numbers[row * a.row_stride]),
        }
    }
}
