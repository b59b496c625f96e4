//! One tile of the product: the innermost loop, and what is done with its sums.

use std::{array, ops::Range};

use super::{
    COLUMNS, Epilogue, Line, Matrix, ROWS,
    groups::Numbers,
    vector::{LANES, Plain, Vector},
};
use crate::{Float, kernels::parallel::SharedRows};

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

/// The sums of one row of a tile: sixteen numbers.
type Sums<V> = [V; COLUMNS / LANES];

/// Does something for each row of a tile, written out row by row: in a loop, sums would lie in memory and not in registers.
macro_rules! for_each_row {
    ($row:ident < $count:ident => $work:expr) => {
        for_each_row!($row < $count => $work; 0 1 2 3 4 5)
    };
    ($row:ident < $count:ident => $work:expr; $($number:literal)*) => {
        $(if $number < $count {
            let $row: usize = $number;
            $work;
        })*
    };
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
        if let Numbers::Kept(_, list) = self.numbers
            && !self.finite
        {
            // SAFETY: as above.
            unsafe { add_zeros::<V, R>(self.panel, list, &mut sums) };
        }
        // SAFETY: the caller's promise.
        let c: [&mut [Float]; R] = unsafe { c.segments(self.rows.start, columns.clone()) };
        let y = |row: usize| finish.rectifier.map(|y| y.row(self.rows.start + row, columns));
        // SAFETY: as above.
        unsafe {
            if columns.len() == COLUMNS {
                for_each_row!(row < R => {
                    let c = c[row].first_chunk_mut().expect("a whole row of the tile");
                    finish.complete(sums[row], bias, y(row).and_then(|y| y.first_chunk()), c);
                });
            } else {
                for_each_row!(row < R => {
                    let mut line = padded(c[row]);
                    finish.complete(sums[row], bias, y(row).map(padded).as_ref(), &mut line);
                    c[row].copy_from_slice(&line[..columns.len()]);
                });
            }
        }
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

/// The innermost loop: the sums stay in registers. In the `i`-th of `count` terms, `number(i, row)` is multiplied by `line(i)`.
///
/// Four terms are taken at a time, so that counting and finding the rows' places costs less than the arithmetic.
///
/// # Safety
///
/// `V` is for this processor. The functions are only asked for `i < count` and `row < R`, on which callers rely.
#[inline(always)]
unsafe fn sum_terms<'a, V: Vector, const R: usize>(
    count: usize,
    number: impl Fn(usize, usize) -> Float,
    line: impl Fn(usize) -> &'a Line,
) -> [Sums<V>; ROWS] {
    // SAFETY: the caller's promise.
    unsafe {
        let mut sums = [[V::splat(0.0); COLUMNS / LANES]; ROWS];
        let mut i = 0;
        while i + 4 <= count {
            // Not a loop: the compiler would keep it one.
            add_products::<V, R>(&mut sums, |row| number(i, row), line(i));
            add_products::<V, R>(&mut sums, |row| number(i + 1, row), line(i + 1));
            add_products::<V, R>(&mut sums, |row| number(i + 2, row), line(i + 2));
            add_products::<V, R>(&mut sums, |row| number(i + 3, row), line(i + 3));
            i += 4;
        }
        while i < count {
            add_products::<V, R>(&mut sums, |row| number(i, row), line(i));
            i += 1;
        }
        sums
    }
}

/// sums ← sums + a·b, one term for all sums of the tile; `a` is asked for the number of each row.
///
/// # Safety
///
/// `V` is for this processor.
#[inline(always)]
unsafe fn add_products<V: Vector, const R: usize>(
    sums: &mut [Sums<V>; ROWS],
    a: impl Fn(usize) -> Float,
    b: &Line,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let [left, right] = load::<V>(b);
        for_each_row!(row < R => {
            let a = V::splat(a(row));
            sums[row] = [sums[row][0].add_product(a, left), sums[row][1].add_product(a, right)];
        });
    }
}

/// # Safety
///
/// `V` is for this processor.
#[inline(always)]
unsafe fn load<V: Vector>(line: &Line) -> Sums<V> {
    let (halves, _) = line.as_chunks::<LANES>();
    // SAFETY: the caller's promise.
    unsafe { [V::load(&halves[0]), V::load(&halves[1])] }
}

/// # Safety
///
/// `V` is for this processor.
#[inline(always)]
unsafe fn store<V: Vector>(sums: Sums<V>, line: &mut Line) {
    let (halves, _) = line.as_chunks_mut::<LANES>();
    let [left, right] = sums;
    // SAFETY: the caller's promise.
    unsafe {
        left.store(&mut halves[0]);
        right.store(&mut halves[1]);
    }
}

/// At most sixteen numbers, and zeros.
#[inline(always)]
fn padded(numbers: &[Float]) -> Line {
    let mut line = [0.0; COLUMNS];
    line[..numbers.len()].copy_from_slice(numbers);
    line
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

/// What is done with sums before they are stored.
pub(super) struct Finish<'a> {
    /// C holds something that they are added to.
    add: bool,
    bias: Option<&'a [Float]>,
    relu: bool,
    rectifier: Option<Matrix<'a>>,
}

impl<'a> Finish<'a> {
    /// For one block of the terms: the sums of earlier blocks are in C already, and the epilogue is due after the last.
    pub(super) fn new(epilogue: Epilogue<'a>, is_first: bool, is_last: bool) -> Finish<'a> {
        let nothing = Finish { add: !is_first, bias: None, relu: false, rectifier: None };
        match epilogue {
            Epilogue::Add => Finish { add: true, ..nothing },
            Epilogue::Rectified { y, add } => {
                Finish { add: add || !is_first, rectifier: is_last.then_some(y), ..nothing }
            }
            Epilogue::Bias(bias) if is_last => Finish { bias: Some(bias), ..nothing },
            Epilogue::BiasRelu(bias) if is_last => Finish { bias: Some(bias), relu: true, ..nothing },
            Epilogue::Relu => Finish { relu: is_last, ..nothing },
            Epilogue::Assign | Epilogue::Bias(_) | Epilogue::BiasRelu(_) => nothing,
        }
    }

    /// The bias of at most sixteen columns; zeros if there is none.
    #[inline(always)]
    pub(super) fn bias(&self, columns: &Range<usize>) -> Line {
        self.bias.map_or([0.0; COLUMNS], |bias| padded(&bias[columns.clone()]))
    }

    /// Completes the sums of one row and stores them.
    ///
    /// # Safety
    ///
    /// `V` is for this processor.
    #[inline(always)]
    unsafe fn complete<V: Vector>(&self, sums: Sums<V>, bias: &Line, y: Option<&Line>, c: &mut Line) {
        let [mut left, mut right] = sums;
        // SAFETY: the caller's promise.
        unsafe {
            if self.add {
                let c = load::<V>(c);
                (left, right) = (left.add(c[0]), right.add(c[1]));
            }
            if self.bias.is_some() {
                let bias = load::<V>(bias);
                (left, right) = (left.add(bias[0]), right.add(bias[1]));
            }
            if self.relu {
                (left, right) = (left.relu(), right.relu());
            }
            if let Some(y) = y {
                let y = load::<V>(y);
                (left, right) = (left.where_positive(y[0]), right.where_positive(y[1]));
            }
            store([left, right], c);
        }
    }

    /// Completes the sums of the only row, at most sixteen of them, and stores them.
    #[inline(always)]
    pub(super) fn store(&self, sums: &[Float], columns: &Range<usize>, c: &mut [Float]) {
        let y = self.rectifier.map(|y| padded(y.row(0, columns)));
        let mut line = padded(c);
        // SAFETY: the plain version is for any processor.
        unsafe {
            let sums = load::<Plain<false>>(&padded(sums));
            self.complete(sums, &self.bias(columns), y.as_ref(), &mut line);
        }
        c.copy_from_slice(&line[..c.len()]);
    }
}
