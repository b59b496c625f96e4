//! The one place that decides whether, and how, work is split over threads.

use std::{array, marker::PhantomData, ops::Range};

use crate::kernels::team::{MAX_PARTS, Team};

/// Work below this many elementary operations is done by the calling thread.
///
/// Handing over a part costs half a microsecond; so many multiply-adds take two or three.
const WORTH_SHARING: usize = 1 << 17;

impl Team {
    /// Into how many parts work of this size should be cut, at most `limit`.
    ///
    /// `work` counts elementary operations: multiply-adds of a product, elements of a simple loop times their cost.
    pub(crate) fn parts(&self, work: usize, limit: usize) -> usize {
        if work < WORTH_SHARING { 1 } else { self.size().min(limit).clamp(1, MAX_PARTS) }
    }

    /// Runs `work(part, scratch of that part)` for every part; there are as many as `scratch` has elements.
    pub(crate) fn for_each_part<S: Send>(&self, scratch: &mut [S], work: &(impl Fn(usize, &mut S) + Sync)) {
        if let [only] = scratch {
            return work(0, only);
        }
        let parts = scratch.len();
        let scratch = SharedRows::new(scratch, 1);
        self.run(parts, &|part| {
            // SAFETY: each part comes once, so nobody else has its element.
            let scratch = unsafe { scratch.segment(part, 0..1) };
            work(part, &mut scratch[0]);
        });
    }

    /// Splits `output` into pieces of whole rows and runs `work(first row, piece)` on them, in parallel if that pays.
    ///
    /// `cost` counts elementary operations per row. Each row belongs to one piece, so results do not depend on the cuts
    /// as long as no row depends on another.
    ///
    /// # Panics
    ///
    /// The output is not made of whole rows.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::Team;
    ///
    /// let mut squares = vec![0; 1_000_000];
    /// Team::default().for_each_rows(&mut squares, 1, 1, &|first, piece| {
    ///     piece.iter_mut().enumerate().for_each(|(i, square)| *square = (first + i) * (first + i));
    /// });
    /// assert_eq!(squares[1000], 1_000_000);
    /// ```
    pub fn for_each_rows<T: Send>(
        &self,
        output: &mut [T],
        row: usize,
        cost: usize,
        work: &(impl Fn(usize, &mut [T]) + Sync),
    ) {
        if row == 0 || output.is_empty() {
            return;
        }
        let rows = output.len() / row;
        assert_eq!(output.len(), rows * row, "the output is made of rows of {row}");
        let parts = self.parts(rows.saturating_mul(cost), rows);
        if parts == 1 {
            return work(0, output);
        }
        let output = SharedRows::new(output, row);
        self.run(parts, &|part| {
            let rows = range_of_part(part, parts, rows, 1);
            // SAFETY: the ranges of different parts do not overlap.
            work(rows.start, unsafe { output.segment(rows.start, 0..rows.len() * row) });
        });
    }

    /// Splits two outputs at the same rows and runs `work(first row, pieces)` on the pieces, in parallel if that pays.
    ///
    /// `widths` says how long a row of each is. The last row of an output may be shorter, and an output may be empty.
    pub(crate) fn for_each_rows_of_two<T: Send>(
        &self,
        outputs: [&mut [T]; 2],
        widths: [usize; 2],
        cost: usize,
        work: &(impl Fn(usize, [&mut [T]; 2]) + Sync),
    ) {
        let lens = [0, 1].map(|output| outputs[output].len());
        let rows = [0, 1].map(|output| lens[output].div_ceil(widths[output].max(1)));
        let rows = rows[0].max(rows[1]);
        if rows == 0 {
            return;
        }
        let parts = self.parts(rows.saturating_mul(cost), rows);
        let outputs = outputs.map(|output| SharedRows::new(output, 1));
        self.run(parts, &|part| {
            let rows = range_of_part(part, parts, rows, 1);
            let pieces = [0, 1].map(|output| {
                let [start, end] = [rows.start, rows.end].map(|row| (row * widths[output]).min(lens[output]));
                // SAFETY: the ranges of different parts do not overlap, and each output is another memory.
                unsafe { outputs[output].segment(start, 0..end - start) }
            });
            work(rows.start, pieces);
        });
    }

    /// Cuts several outputs at the same rows and runs `work(rows, pieces)` on the pieces, in parallel if that pays.
    ///
    /// Each output comes with the length of its rows, which may be 0. `cost` counts elementary operations per row.
    ///
    /// # Panics
    ///
    /// An output is shorter than its rows.
    pub(crate) fn for_each_block<T: Send, const N: usize>(
        &self,
        outputs: [(&mut [T], usize); N],
        rows: usize,
        cost: usize,
        work: &(impl Fn(Range<usize>, [&mut [T]; N]) + Sync),
    ) {
        let parts = self.parts(rows.saturating_mul(cost), rows);
        let lengths = outputs.each_ref().map(|&(_, row)| row);
        let outputs = outputs.map(|(output, row)| SharedRows::new(output, row));
        self.run(parts, &|part| {
            let block = range_of_part(part, parts, rows, 1);
            let pieces = array::from_fn(|number| {
                // SAFETY: the ranges of different parts do not overlap, and each output is another memory.
                unsafe { outputs[number].segment(block.start, 0..block.len() * lengths[number]) }
            });
            work(block, pieces);
        });
    }

    /// Cuts several slices at the same places and runs `work(range, pieces)` on the pieces, in parallel if that pays.
    ///
    /// The first slice sets the length; the others are as long, or empty. Cuts are at multiples of `unit`.
    ///
    /// # Panics
    ///
    /// A slice has another length than the first and is not empty.
    pub fn for_each_cut<T: Send, const N: usize>(
        &self,
        slices: [&mut [T]; N],
        unit: usize,
        work: &(impl Fn(Range<usize>, [&mut [T]; N]) + Sync),
    ) {
        let len = slices.first().map_or(0, |first| first.len());
        assert!(
            slices.iter().all(|slice| slice.len() == len || slice.is_empty()),
            "slices that are cut together are equally long"
        );
        let parts = self.parts(len.saturating_mul(N), len.div_ceil(unit.max(1)));
        let slices = slices.map(|slice| SharedRows::new(slice, 1));
        self.run(parts, &|part| {
            let range = range_of_part(part, parts, len, unit.max(1));
            let pieces = array::from_fn(|number| {
                let slice = &slices[number];
                let range = if slice.len == 0 { 0..0 } else { range.clone() };
                // SAFETY: the ranges of different parts do not overlap, and each slice is another memory.
                unsafe { slice.segment(range.start, 0..range.len()) }
            });
            work(range, pieces);
        });
    }
}

/// The `part`-th of `parts` nearly equal ranges of `0..len`, cut at multiples of `unit`.
pub(crate) fn range_of_part(part: usize, parts: usize, len: usize, unit: usize) -> Range<usize> {
    let units = len.div_ceil(unit);
    let cut = |part: usize| (units * part / parts * unit).min(len);
    cut(part)..cut(part + 1)
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
        array::from_fn(|row| {
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
        Team::default().for_each_rows(&mut output, 3, 1 << 20, &|first, rows| {
            for (i, row) in rows.chunks_exact_mut(3).enumerate() {
                row.fill(first + i);
            }
        });
        assert!(output.chunks_exact(3).enumerate().all(|(i, row)| row == [i; 3]));
    }

    #[test]
    fn slices_are_cut_at_the_same_places() {
        let len = if cfg!(miri) { 1001 } else { 300_001 };
        let (mut a, mut b) = (vec![0; len], vec![0; len]);
        Team::default().for_each_cut([&mut a, &mut [], &mut b], 64, &|range, [a, none, b]| {
            assert!(range.start.is_multiple_of(64) && none.is_empty());
            a.iter_mut().zip(range.clone()).for_each(|(a, i)| *a = i);
            b.iter_mut().zip(range).for_each(|(b, i)| *b = 2 * i);
        });
        assert!((0..len).all(|i| a[i] == i && b[i] == 2 * i));
    }

    #[test]
    fn two_outputs_are_cut_at_the_same_rows() {
        // Five rows, the last of the first output is short.
        let (mut a, mut b) = (vec![0; 13], vec![0; 10]);
        Team::default().for_each_rows_of_two([&mut a, &mut b], [3, 2], 1 << 20, &|first, [a, b]| {
            for (row, (a, b)) in (first..).zip(a.chunks_mut(3).zip(b.chunks_mut(2))) {
                a.fill(row + 1);
                b.fill(row + 1);
            }
        });
        assert_eq!(a, [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5]);
        assert_eq!(b, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
        let mut b = [0; 4];
        Team::default().for_each_rows_of_two([&mut [], &mut b], [3, 2], 1 << 20, &|first, [none, b]| {
            assert!(none.is_empty());
            b.iter_mut().zip(2 * first..).for_each(|(b, i)| *b = i);
        });
        assert_eq!(b, [0, 1, 2, 3]);
    }

    #[test]
    fn outputs_of_different_widths_are_cut_at_the_same_rows() {
        let (mut wide, mut narrow) = (vec![0; 7 * 5], vec![0; 7]);
        let outputs = [(&mut wide[..], 5), (&mut [][..], 0), (&mut narrow[..], 1)];
        Team::default().for_each_block(outputs, 7, 1 << 20, &|rows, [wide, none, narrow]| {
            assert!(none.is_empty() && wide.len() == 5 * rows.len());
            for (row, (wide, narrow)) in rows.zip(wide.chunks_exact_mut(5).zip(narrow)) {
                wide.fill(row);
                *narrow = row;
            }
        });
        assert!((0..7).all(|row| wide[5 * row..][..5] == [row; 5] && narrow[row] == row));
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
