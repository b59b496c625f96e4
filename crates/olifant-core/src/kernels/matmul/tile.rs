//! One tile of the product: where it finds the numbers of its rows.

use std::{array, ops::Range};

use super::{Line, Matrix, groups::Numbers};
use crate::{
    Float,
    kernels::{
        parallel::SharedRows,
        sums::{Finish, ROWS, Sums, add_products, sum_terms},
        vector::Vector,
    },
};

/// What the sums of a tile are made of.
pub(super) struct Tile<'a> {
    pub(super) a: Matrix<'a>,
    pub(super) rows: &'a Range<usize>,
    /// Where the rows' numbers are.
    pub(super) numbers: Numbers<'a>,
    pub(super) terms: &'a Range<usize>,
    /// Sixteen columns of B.
    pub(super) panel: &'a [Line],
    /// Whether all numbers in them are finite.
    pub(super) finite: bool,
}

impl Tile<'_> {
    /// Computes the tile, whose number of rows is `R`, and stores it.
    ///
    /// # Safety
    ///
    /// Nobody else uses these elements of C, and `V` is for this processor.
    #[inline(always)]
    pub(super) unsafe fn compute<V: Vector, const R: usize>(
        &self,
        c: &SharedRows<'_, Float>,
        columns: &Range<usize>,
        finish: &Finish<'_>,
        bias: &Line,
    ) {
        // SAFETY: the processor is the caller's promise.
        let mut sums = unsafe { self.multiply::<V, R>() };
        if let Numbers::Kept(_, list) | Numbers::Listed(list) = self.numbers
            && !self.finite
        {
            // SAFETY: as above.
            unsafe { add_zeros::<V, R>(self.panel, list, &mut sums) };
        }
        // SAFETY: the caller's promise.
        unsafe { finish.store_rows::<V, R>(&sums, c, self.rows.start, columns, bias) };
    }

    /// The sums of products, from wherever the rows' numbers are.
    ///
    /// # Safety
    ///
    /// `V` is for this processor.
    #[inline(always)]
    unsafe fn multiply<V: Vector, const R: usize>(&self) -> [Sums<V>; ROWS] {
        let rows = self.rows;
        let panel = &self.panel[..self.terms.len()];
        match self.numbers {
            Numbers::InPlace if self.a.transposed => {
                let stride = self.a.stride();
                let a = self.a.data.get(self.terms.start * stride + rows.start..).unwrap_or_default();
                assert!(panel.is_empty() || a.len() >= (panel.len() - 1) * stride + R);
                // SAFETY: as was just asked, the last term's numbers are there; and there is a line for each term.
                unsafe {
                    let line = |i: usize| panel.get_unchecked(i);
                    sum_terms::<V, R>(panel.len(), |i, row| *a.get_unchecked(i * stride + row), line)
                }
            }
            Numbers::InPlace => {
                let a: [&[Float]; R] = array::from_fn(|row| self.a.row(rows.start + row, self.terms));
                // SAFETY: each row of A has as many numbers as there are terms, and the panel as many lines.
                unsafe {
                    let line = |i: usize| panel.get_unchecked(i);
                    sum_terms::<V, R>(panel.len(), |i, row| *a[row].get_unchecked(i), line)
                }
            }
            Numbers::Listed(list) => {
                debug_assert!(list.last().is_none_or(|&last| (last as usize) < panel.len()));
                let a: [&[Float]; R] = array::from_fn(|row| self.a.row(rows.start + row, self.terms));
                // SAFETY: the list holds numbers of terms only; each row of A has as many numbers, and the panel as many lines.
                unsafe {
                    let term = |i: usize| *list.get_unchecked(i) as usize;
                    let line = |i: usize| panel.get_unchecked(term(i));
                    sum_terms::<V, R>(list.len(), |i, row| *a[row].get_unchecked(term(i)), line)
                }
            }
            Numbers::Packed(a) => {
                let (a, _) = a.as_chunks::<R>();
                let a = &a[..panel.len()];
                // SAFETY: there are as many lines of A and of the panel as there are terms.
                unsafe {
                    let line = |i: usize| panel.get_unchecked(i);
                    sum_terms::<V, R>(panel.len(), |i, row| a.get_unchecked(i)[row], line)
                }
            }
            Numbers::Kept(a, list) => {
                let (a, _) = a.as_chunks::<R>();
                let a = &a[..list.len()];
                // SAFETY: there is a line of A for each entry of the list, which holds numbers of terms only.
                unsafe {
                    let line = |i: usize| panel.get_unchecked(*list.get_unchecked(i) as usize);
                    sum_terms::<V, R>(list.len(), |i, row| a.get_unchecked(i)[row], line)
                }
            }
        }
    }
}

/// Adds the terms that were left out, which are zero times B: NaN where B is not finite.
///
/// # Safety
///
/// `V` is for this processor.
#[cold]
unsafe fn add_zeros<V: Vector, const R: usize>(panel: &[Line], kept: &[u32], sums: &mut [Sums<V>; ROWS]) {
    let mut kept = kept.iter().peekable();
    for (term, b) in panel.iter().enumerate() {
        if kept.next_if_eq(&&(term as u32)).is_none() {
            // SAFETY: the caller's promise.
            unsafe { add_products::<V, R>(sums, |_| 0.0, b) };
        }
    }
}
