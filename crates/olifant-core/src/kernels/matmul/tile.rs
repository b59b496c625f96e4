//! One tile of the product: the innermost loop, and what is done with its sums.

use std::{array, ops::Range};

use super::{COLUMNS, Epilogue, Line, Matrix};
use crate::{Float, kernels::parallel::SharedRows};

/// How many terms are written out one after the other.
const UNROLLED: usize = 4;

/// What the sums of a tile are made of.
pub(super) struct Tile<'a> {
    pub(super) a: Matrix<'a>,
    pub(super) rows: &'a Range<usize>,
    pub(super) terms: &'a Range<usize>,
    /// The rows of A side by side, if they are not whole.
    pub(super) packed: &'a [Float],
    /// Sixteen columns of B.
    pub(super) panel: &'a [Line],
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
        let terms = self.terms.len();
        let mut sums = if self.a.has_whole_rows() {
            let rows: [&[Float]; R] = array::from_fn(|row| self.a.row(self.rows.start + row, self.terms));
            // SAFETY: each of the rows is as long as there are terms.
            multiply::<FUSED, R>(self.panel, terms, |term| {
                rows.map(|row| unsafe { *row.get_unchecked(term) })
            })
        } else {
            let (lines, _) = self.packed.as_chunks::<R>();
            let lines = &lines[..terms];
            multiply::<FUSED, R>(self.panel, terms, |term| lines[term])
        };
        // SAFETY: the caller's promise.
        let mut c: [&mut [Float]; R] = unsafe { c.segments(self.rows.start, columns.clone()) };
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

/// The innermost loop: the sums stay in registers.
///
/// A few terms are taken at a time, so that counting and finding the rows' places costs less than the arithmetic.
#[inline(always)]
fn multiply<const FUSED: bool, const R: usize>(
    panel: &[Line],
    terms: usize,
    a: impl Fn(usize) -> [Float; R],
) -> [Line; R] {
    let mut sums = [[0.0; COLUMNS]; R];
    let (several, rest) = panel[..terms].as_chunks::<UNROLLED>();
    for (number, lines) in several.iter().enumerate() {
        for (term, line) in lines.iter().enumerate() {
            add_products::<FUSED, R>(&mut sums, a(UNROLLED * number + term), line);
        }
    }
    for (term, line) in rest.iter().enumerate() {
        add_products::<FUSED, R>(&mut sums, a(UNROLLED * several.len() + term), line);
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
