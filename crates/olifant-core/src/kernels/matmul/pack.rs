//! Copying columns of B together, so that the innermost loop reads them from front to back.

use std::{array, ops::Range};

use super::{COLUMNS, Line, Matrix, product::SWEEP};
use crate::{
    Float,
    kernels::transpose::{SIDE, transpose_block},
    tensor::Buffer,
};

/// Copies some columns of B into panels, one panel behind the other; what is beyond the last column is arbitrary.
///
/// # Safety
///
/// If `WIDE`, the processor has AVX2.
#[inline(always)]
pub(super) unsafe fn panels<const WIDE: bool>(
    b: Matrix<'_>,
    terms: &Range<usize>,
    columns: &Range<usize>,
    panels: &mut Buffer,
) {
    let depth = terms.len();
    panels.resize(columns.len().div_ceil(COLUMNS) * depth * COLUMNS);
    let (lines, _) = panels.as_chunks_mut::<COLUMNS>();
    if b.transposed {
        for (panel, first) in lines.chunks_exact_mut(depth.max(1)).zip(columns.clone().step_by(COLUMNS)) {
            let columns = first..(first + COLUMNS).min(columns.end);
            // SAFETY: the caller's promise.
            unsafe { transposed_panel::<WIDE>(b, terms, &columns, panel) };
        }
        return;
    }
    let whole = columns.len() / COLUMNS;
    let mut panel = 0;
    while panel < whole {
        let column = columns.start + panel * COLUMNS;
        let lines = &mut lines[panel * depth..];
        panel += if whole - panel >= SWEEP {
            copy_lines::<SWEEP>(b, terms, column, lines)
        } else {
            copy_lines::<1>(b, terms, column, lines)
        };
    }
    let rest = columns.start + whole * COLUMNS..columns.end;
    if !rest.is_empty() {
        for (line, term) in lines[whole * depth..].iter_mut().zip(terms.clone()) {
            line[..rest.len()].copy_from_slice(b.row(term, &rest));
        }
    }
}

/// Copies `N` panels that begin at a column, and returns `N`.
///
/// Neighbours in memory are read one after the other: a line alone is a request to memory, and perhaps two.
#[inline(always)]
fn copy_lines<const N: usize>(
    b: Matrix<'_>,
    terms: &Range<usize>,
    column: usize,
    lines: &mut [Line],
) -> usize {
    let depth = terms.len();
    let mut lines = lines;
    let mut panels: [&mut [Line]; N] = array::from_fn(|_| {
        let (panel, rest) = std::mem::take(&mut lines).split_at_mut(depth);
        lines = rest;
        panel
    });
    for (place, term) in terms.clone().enumerate() {
        let (row, _) = b.row(term, &(column..column + N * COLUMNS)).as_chunks::<COLUMNS>();
        panels.iter_mut().zip(row).for_each(|(panel, numbers)| panel[place] = *numbers);
    }
    N
}

/// Copies the terms of at most sixteen columns of a transpose.
///
/// # Safety
///
/// If `WIDE`, the processor has AVX2.
#[inline(always)]
unsafe fn transposed_panel<const WIDE: bool>(
    b: Matrix<'_>,
    terms: &Range<usize>,
    columns: &Range<usize>,
    panel: &mut [Line],
) {
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
