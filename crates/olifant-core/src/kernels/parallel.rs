//! The one place that decides whether, and how, work is split over threads.

use std::{marker::PhantomData, ops::Range};

/// Work below this many elementary operations is done by the calling thread: handing it over costs 10 to 20 µs.
const WORTH_SHARING: usize = 1 << 20;

/// Into how many parts work of this size should be cut, at most `limit`.
///
/// `work` counts elementary operations: multiply-adds of a product, elements of a simple loop times their cost.
pub(crate) fn parts(work: usize, limit: usize) -> usize {
    if work < WORTH_SHARING { 1 } else { rayon::current_num_threads().min(limit).max(1) }
}

/// Runs `work(part, scratch of that part)` for every part, each on its own thread if one is free.
///
/// The number of parts is the number of `scratch` elements. Nothing is allocated.
pub(crate) fn for_each_part<S: Send>(scratch: &mut [S], work: &(impl Fn(usize, &mut S) + Sync)) {
    fn run<S: Send>(first: usize, scratch: &mut [S], work: &(impl Fn(usize, &mut S) + Sync)) {
        match scratch {
            [] => (),
            [one] => work(first, one),
            many => {
                let middle = many.len() / 2;
                let (left, right) = many.split_at_mut(middle);
                rayon::join(|| run(first, left, work), || run(first + middle, right, work));
            }
        }
    }
    run(0, scratch, work);
}

/// The `part`-th of `parts` nearly equal ranges of `0..len`, cut at multiples of `unit`.
pub(crate) fn range_of_part(part: usize, parts: usize, len: usize, unit: usize) -> Range<usize> {
    let units = len.div_ceil(unit);
    let cut = |part: usize| (units * part / parts * unit).min(len);
    cut(part)..cut(part + 1)
}

/// Splits `output` into pieces of whole rows and runs `work(first row, piece)` on them, in parallel if `cost` is high.
///
/// `cost` counts elementary operations per row.
pub(crate) fn for_each_rows<T: Send>(
    output: &mut [T],
    row: usize,
    cost: usize,
    work: &(impl Fn(usize, &mut [T]) + Sync),
) {
    fn run<T: Send>(
        first: usize,
        output: &mut [T],
        row: usize,
        parts: usize,
        work: &(impl Fn(usize, &mut [T]) + Sync),
    ) {
        let rows = output.len() / row;
        if parts <= 1 || rows <= 1 {
            return work(first, output);
        }
        let left_parts = parts / 2;
        let middle = rows * left_parts / parts;
        let (left, right) = output.split_at_mut(middle * row);
        rayon::join(
            || run(first, left, row, left_parts, work),
            || run(first + middle, right, row, parts - left_parts, work),
        );
    }
    if row == 0 || output.is_empty() {
        return;
    }
    let rows = output.len() / row;
    run(0, output, row, parts(rows * cost, rows), work);
}

/// A matrix that several threads write at once, each its own rows or columns.
pub(crate) struct SharedRows<'a, T> {
    start: *mut T,
    len: usize,
    row_stride: usize,
    owner: PhantomData<&'a mut [T]>,
}

// SAFETY: the pointer stands for an exclusive borrow of `T: Send`s; `segment` demands that no two threads overlap.
unsafe impl<T: Send> Sync for SharedRows<'_, T> {}

impl<'a, T> SharedRows<'a, T> {
    /// Shares a matrix whose rows start `row_stride` elements apart.
    pub(crate) fn new(data: &'a mut [T], row_stride: usize) -> SharedRows<'a, T> {
        SharedRows { start: data.as_mut_ptr(), len: data.len(), row_stride, owner: PhantomData }
    }

    /// The elements `columns` of one row.
    ///
    /// # Safety
    ///
    /// As long as the segment is used, no other segment that overlaps it may be.
    // The exclusive borrow is the one `new` was given; the caller divides it.
    #[allow(clippy::mut_from_ref)]
    #[inline(always)]
    pub(crate) unsafe fn segment(&self, row: usize, columns: Range<usize>) -> &mut [T] {
        let start = row * self.row_stride + columns.start;
        // Without a sum that could overflow: a segment may end where the matrix does, but not behind it.
        assert!(
            columns.start <= columns.end && start <= self.len && columns.len() <= self.len - start,
            "a segment lies inside the matrix"
        );
        // SAFETY: the segment lies inside the borrowed slice, and by contract nobody else uses it.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start), columns.len()) }
    }

    /// The elements `columns` of `R` rows, one below the other.
    ///
    /// # Safety
    ///
    /// As for [`SharedRows::segment`].
    #[allow(clippy::mut_from_ref)]
    #[inline(always)]
    pub(crate) unsafe fn segments<const R: usize>(
        &self,
        first_row: usize,
        columns: Range<usize>,
    ) -> [&mut [T]; R] {
        assert!(columns.start <= columns.end && columns.end <= self.row_stride, "the columns exist");
        assert!(
            first_row
                .checked_add(R)
                .and_then(|end| end.checked_mul(self.row_stride))
                .is_some_and(|end| end <= self.len),
            "the rows exist"
        );
        std::array::from_fn(|row| {
            let start = (first_row + row) * self.row_stride + columns.start;
            // SAFETY: the segment lies inside one of the rows that were just checked, and by contract nobody else uses it.
            unsafe { std::slice::from_raw_parts_mut(self.start.add(start), columns.len()) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_everything_once() {
        for (len, parts, unit) in [(300, 2, 16), (10, 4, 16), (784, 3, 6), (0, 2, 4)] {
            let mut next = 0;
            for part in 0..parts {
                let range = range_of_part(part, parts, len, unit);
                assert_eq!(range.start, next);
                assert!(range.start.is_multiple_of(unit) || range.start == len);
                next = range.end;
            }
            assert_eq!(next, len);
        }
    }

    #[test]
    fn rows_are_shared_without_gaps() {
        let mut output = vec![0usize; 1000 * 3];
        for_each_rows(&mut output, 3, 1 << 20, &|first, rows| {
            for (i, row) in rows.chunks_exact_mut(3).enumerate() {
                row.fill(first + i);
            }
        });
        assert!(output.chunks_exact(3).enumerate().all(|(i, row)| row == [i; 3]));
    }

    #[test]
    fn a_segment_outside_the_matrix_is_refused() {
        let mut data = [0u8; 6];
        let shared = SharedRows::new(&mut data, 3);
        // SAFETY: one segment at a time.
        let segment = |row, columns| unsafe { shared.segment(row, columns).len() };
        assert_eq!((segment(1, 0..3), segment(2, 0..0)), (3, 0));
        for (row, columns) in
            [(1, 0..4), (2, 0..1), (1, usize::MAX - 4..usize::MAX - 2), (0, usize::MAX - 1..usize::MAX)]
        {
            let outside = std::panic::AssertUnwindSafe(|| segment(row, columns.clone()));
            assert!(std::panic::catch_unwind(outside).is_err(), "row {row}, columns {columns:?}");
        }
    }
}
