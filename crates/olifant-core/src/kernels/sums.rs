//! Sums of products in registers: what the matrix product and the convolution have in common.
//!
//! A tile has at most 6 rows and 16 columns. Where its numbers come from, and where its sums go, is its owner's affair.

use std::ops::Range;

use crate::{
    Float,
    kernels::{
        matmul::{Epilogue, Matrix},
        parallel::SharedRows,
        vector::{LANES, Plain, Vector},
    },
};

/// The most rows of a tile: with two vectors of eight columns each, twelve of the sixteen AVX2 registers hold sums.
pub(super) const ROWS: usize = 6;
/// Columns of a tile.
pub(super) const COLUMNS: usize = 16;

/// Sixteen numbers of one row.
pub(super) type Line = [Float; COLUMNS];

/// The sums of one row of a tile: sixteen numbers.
pub(super) type Sums<V> = [V; COLUMNS / LANES];

/// Does something for each row of a tile, written out row by row: in a loop, sums would lie in memory and not in registers.
macro_rules! for_each_row {
    ($row:ident < $count:ident => $work:expr) => {
        crate::kernels::sums::for_each_row!($row < $count => $work; 0 1 2 3 4 5)
    };
    ($row:ident < $count:ident => $work:expr; $($number:literal)*) => {
        $(if $number < $count {
            let $row: usize = $number;
            $work;
        })*
    };
}
pub(super) use for_each_row;

/// Calls a function that is generic over the number of rows, which is known only now.
macro_rules! with_rows {
    ($count:expr, $R:ident => $work:expr) => {
        crate::kernels::sums::with_rows!($count, $R => $work; 1 2 3 4 5)
    };
    ($count:expr, $R:ident => $work:expr; $($number:literal)*) => {
        match $count {
            $($number => {
                const $R: usize = $number;
                $work
            })*
            _ => {
                const $R: usize = crate::kernels::sums::ROWS;
                $work
            }
        }
    };
}
pub(super) use with_rows;

/// The innermost loop: the sums stay in registers. In the `i`-th of `count` terms, `number(i, row)` is multiplied by `line(i)`.
///
/// Four terms are taken at a time, so that counting and finding the rows' places costs less than the arithmetic.
///
/// # Safety
///
/// `V` is for this processor. The functions are only asked for `i < count` and `row < R`, on which callers rely.
#[inline(always)]
pub(super) unsafe fn sum_terms<'a, V: Vector, const R: usize>(
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
pub(super) unsafe fn add_products<V: Vector, const R: usize>(
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
pub(super) unsafe fn load<V: Vector>(line: &Line) -> Sums<V> {
    let (halves, _) = line.as_chunks::<LANES>();
    // SAFETY: the caller's promise.
    unsafe { [V::load(&halves[0]), V::load(&halves[1])] }
}

/// # Safety
///
/// `V` is for this processor.
#[inline(always)]
pub(super) unsafe fn store<V: Vector>(sums: Sums<V>, line: &mut Line) {
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
pub(super) fn padded(numbers: &[Float]) -> Line {
    if let Some(line) = numbers.first_chunk() {
        return *line;
    }
    let mut line = [0.0; COLUMNS];
    line[..numbers.len()].copy_from_slice(numbers);
    line
}

/// Stores the first numbers of a line, at most sixteen.
#[inline(always)]
pub(super) fn put<T: Copy>(line: &[T; COLUMNS], numbers: &mut [T]) {
    match numbers.first_chunk_mut() {
        Some(numbers) => *numbers = *line,
        None => numbers.copy_from_slice(&line[..numbers.len()]),
    }
}

/// Adds the sums of one row to at most sixteen numbers.
///
/// # Safety
///
/// `V` is for this processor.
#[inline(always)]
pub(super) unsafe fn add_to<V: Vector>(sums: Sums<V>, numbers: &mut [Float]) {
    let mut line = padded(numbers);
    // SAFETY: the caller's promise.
    unsafe {
        let before = load::<V>(&line);
        store([before[0].add(sums[0]), before[1].add(sums[1])], &mut line);
    }
    put(&line, numbers);
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
            Epilogue::AddBias(bias) => Finish { add: true, bias: is_last.then_some(bias), ..nothing },
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

    /// Completes the sums of `R` rows, at most sixteen columns of them, and stores them from one row of C on.
    ///
    /// # Safety
    ///
    /// Nobody else uses these elements of C, and `V` is for this processor.
    #[inline(always)]
    pub(super) unsafe fn store_rows<V: Vector, const R: usize>(
        &self,
        sums: &[Sums<V>; ROWS],
        c: &SharedRows<'_, Float>,
        first: usize,
        columns: &Range<usize>,
        bias: &Line,
    ) {
        // SAFETY: the caller's promise.
        let c: [&mut [Float]; R] = unsafe { c.segments(first, columns.clone()) };
        let y = |row: usize| self.rectifier.map(|y| y.row(first + row, columns));
        // SAFETY: as above.
        unsafe {
            if columns.len() == COLUMNS {
                for_each_row!(row < R => {
                    let c = c[row].first_chunk_mut().expect("a whole row of the tile");
                    self.complete(sums[row], bias, y(row).and_then(|y| y.first_chunk()), c);
                });
            } else {
                for_each_row!(row < R => {
                    let mut line = padded(c[row]);
                    self.complete(sums[row], bias, y(row).map(padded).as_ref(), &mut line);
                    c[row].copy_from_slice(&line[..columns.len()]);
                });
            }
        }
    }

    /// Completes the sums of one row and stores them.
    ///
    /// # Safety
    ///
    /// `V` is for this processor.
    #[inline(always)]
    pub(super) unsafe fn complete<V: Vector>(
        &self,
        sums: Sums<V>,
        bias: &Line,
        y: Option<&Line>,
        c: &mut Line,
    ) {
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
