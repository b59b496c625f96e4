//! One tile of the product: the innermost loop, and what is done with its sums.

use std::{array, ops::Range};

use super::{COLUMNS, Epilogue, Line, Matrix, groups::Numbers};
use crate::{Float, kernels::parallel::SharedRows};

/// How many terms are written out one after the other.
const UNROLLED: usize = 4;

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
    /// Nobody else uses these elements of C.
    #[inline(always)]
    pub(super) unsafe fn compute<const FUSED: bool, const R: usize>(
        &self,
        c: &SharedRows<'_, Float>,
        columns: &Range<usize>,
        finish: &Finish<'_>,
        bias: &Line,
    ) {
        let rows = self.rows;
        let panel = &self.panel[..self.terms.len()];
        let mut sums = match self.numbers {
            Numbers::InPlace if self.a.transposed => {
                let stride = self.a.stride();
                let a = self.a.data.get(self.terms.start * stride + rows.start..).unwrap_or_default();
                assert!(panel.is_empty() || a.len() >= (panel.len() - 1) * stride + R);
                // SAFETY: as was just asked, the last term's numbers are there; and there is a line for each term.
                multiply::<FUSED, R>(panel.len(), |i| unsafe {
                    (array::from_fn(|row| *a.get_unchecked(i * stride + row)), panel.get_unchecked(i))
                })
            }
            Numbers::InPlace => {
                let a: [&[Float]; R] = array::from_fn(|row| self.a.row(rows.start + row, self.terms));
                // SAFETY: each row of A has as many numbers as there are terms, and the panel as many lines.
                multiply::<FUSED, R>(panel.len(), |i| unsafe {
                    (a.map(|row| *row.get_unchecked(i)), panel.get_unchecked(i))
                })
            }
            Numbers::Packed(a) => {
                let (a, _) = a.as_chunks::<R>();
                let a = &a[..panel.len()];
                // SAFETY: there are as many lines of A and of the panel as there are terms.
                multiply::<FUSED, R>(panel.len(), |i| unsafe {
                    (*a.get_unchecked(i), panel.get_unchecked(i))
                })
            }
            Numbers::Kept(a, list) => {
                let (a, _) = a.as_chunks::<R>();
                let a = &a[..list.len()];
                // SAFETY: there is a line of A for each entry of the list, which holds numbers of terms only.
                multiply::<FUSED, R>(list.len(), |i| unsafe {
                    (*a.get_unchecked(i), panel.get_unchecked(*list.get_unchecked(i) as usize))
                })
            }
        };
        if let Numbers::Kept(_, list) = self.numbers
            && !self.finite
        {
            add_zeros(panel, list, &mut sums);
        }
        // SAFETY: the caller's promise.
        let mut c: [&mut [Float]; R] = unsafe { c.segments(rows.start, columns.clone()) };
        if finish.add {
            sums.iter_mut().zip(&c).for_each(|(sums, c)| add(sums, c));
        }
        finish.apply(&mut sums, bias);
        if columns.len() == COLUMNS {
            c.iter_mut().zip(&sums).for_each(|(c, sums)| c[..COLUMNS].copy_from_slice(sums));
        } else {
            c.iter_mut().zip(&sums).for_each(|(c, sums)| c.copy_from_slice(&sums[..c.len()]));
        }
    }
}

/// The innermost loop: the sums stay in registers. `term(i)` is what is multiplied in the `i`-th of `count` terms;
/// it is only asked for `i < count`, on which the callers' `unsafe` relies.
///
/// A few terms are taken at a time, so that counting and finding the rows' places costs less than the arithmetic.
#[inline(always)]
fn multiply<'a, const FUSED: bool, const R: usize>(
    count: usize,
    term: impl Fn(usize) -> ([Float; R], &'a Line),
) -> [Line; R] {
    let mut sums = [[0.0; COLUMNS]; R];
    let whole = count - count % UNROLLED;
    for first in (0..whole).step_by(UNROLLED) {
        for i in 0..UNROLLED {
            let (a, b) = term(first + i);
            add_products::<FUSED, R>(&mut sums, a, b);
        }
    }
    for i in whole..count {
        let (a, b) = term(i);
        add_products::<FUSED, R>(&mut sums, a, b);
    }
    sums
}

/// sums ← sums + a·b, one term for all sums of the tile.
#[inline(always)]
fn add_products<const FUSED: bool, const R: usize>(sums: &mut [Line; R], a: [Float; R], b: &Line) {
    for (sums, a) in sums.iter_mut().zip(&a) {
        for (sum, b) in sums.iter_mut().zip(b) {
            *sum = if FUSED { a.mul_add(*b, *sum) } else { *sum + a * b };
        }
    }
}

/// Adds the terms that were left out, which are zero times B: NaN where B is not finite.
#[cold]
fn add_zeros(panel: &[Line], kept: &[u32], sums: &mut [Line]) {
    let mut kept = kept.iter().peekable();
    for (term, b) in panel.iter().enumerate() {
        if kept.next_if_eq(&&(term as u32)).is_none() {
            sums.iter_mut().for_each(|sums| sums.iter_mut().zip(b).for_each(|(sum, b)| *sum += 0.0 * b));
        }
    }
}

/// What is done with sums before they are stored.
pub(super) struct Finish<'a> {
    /// C holds something that they are added to.
    add: bool,
    bias: Option<&'a [Float]>,
    relu: bool,
}

impl<'a> Finish<'a> {
    /// For one block of the terms: the sums of earlier blocks are in C already, and the epilogue is due after the last.
    pub(super) fn new(epilogue: Epilogue<'a>, is_first: bool, is_last: bool) -> Finish<'a> {
        let (add, bias, relu) = match epilogue {
            Epilogue::Assign => (false, None, false),
            Epilogue::Add => (true, None, false),
            Epilogue::Bias(bias) => (false, Some(bias), false),
            Epilogue::BiasRelu(bias) => (false, Some(bias), true),
            Epilogue::Relu => (false, None, true),
        };
        Finish { add: add || !is_first, bias: bias.filter(|_| is_last), relu: relu && is_last }
    }

    /// The bias of at most sixteen columns; zeros if there is none.
    #[inline(always)]
    pub(super) fn bias(&self, columns: &Range<usize>) -> Line {
        let mut line = [0.0; COLUMNS];
        if let Some(bias) = self.bias {
            line[..columns.len()].copy_from_slice(&bias[columns.clone()]);
        }
        line
    }

    /// Bias and activation.
    #[inline(always)]
    fn apply(&self, sums: &mut [Line], bias: &Line) {
        if self.bias.is_some() {
            sums.iter_mut().for_each(|sums| add(sums, bias));
        }
        if self.relu {
            // NaN stays NaN.
            sums.as_flattened_mut().iter_mut().for_each(|sum| *sum = if *sum < 0.0 { 0.0 } else { *sum });
        }
    }

    /// Stores the sums of one row, at most sixteen of them.
    #[inline(always)]
    pub(super) fn store(&self, sums: &[Float], columns: &Range<usize>, c: &mut [Float]) {
        let mut line = [0.0; COLUMNS];
        line[..sums.len()].copy_from_slice(sums);
        if self.add {
            add(&mut line, c);
        }
        self.apply(std::slice::from_mut(&mut line), &self.bias(columns));
        c.copy_from_slice(&line[..c.len()]);
    }
}

/// sums ← sums + numbers, as far as there are numbers.
#[inline(always)]
fn add(sums: &mut Line, numbers: &[Float]) {
    match numbers.first_chunk::<COLUMNS>() {
        Some(numbers) => sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number),
        None => sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number),
    }
}
