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

    /// Divides outputs by samples and runs `work(samples, shares)` on the shares, in parallel if that pays.
    ///
    /// Each output comes with its width: how many numbers a sample has in each of its steps, which may be 0.
    /// It holds one step after the other, and in each the samples one after the other. `cost` counts elementary operations per sample.
    ///
    /// # Panics
    ///
    /// An output is not made of whole steps.
    pub(crate) fn for_each_share<T: Send, const N: usize>(
        &self,
        outputs: [(&mut [T], usize); N],
        samples: usize,
        cost: usize,
        work: &(impl Fn(Range<usize>, [Share<'_, T>; N]) + Sync),
    ) {
        let parts = self.parts(samples.saturating_mul(cost), samples);
        let widths = outputs.each_ref().map(|&(_, width)| width);
        let outputs = outputs.map(|(output, width)| {
            let step = samples * width;
            assert!(output.is_empty() || step > 0 && output.len().is_multiple_of(step), "steps are whole");
            SharedRows::new(output, step)
        });
        self.run(parts, &|part| {
            let samples = range_of_part(part, parts, samples, 1);
            let shares = array::from_fn(|number| {
                let columns = samples.start * widths[number]..samples.end * widths[number];
                // The ranges of different parts do not overlap, and each output is another memory.
                Share { output: &outputs[number], columns }
            });
            work(samples, shares);
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

/// What belongs to some samples, and so to one thread, of an output that has numbers for each sample in each step.
pub(crate) struct Share<'a, T> {
    output: &'a SharedRows<'a, T>,
    /// The same in every step; no other share has them.
    columns: Range<usize>,
}

impl<T> Share<'_, T> {
    /// The numbers of all samples of the share in one step.
    ///
    /// # Panics
    ///
    /// There is no such step.
    #[inline(always)]
    pub(crate) fn step(&self, step: usize) -> &[T] {
        // SAFETY: nobody else has these columns, and to write them this share must not be borrowed.
        unsafe { self.output.view(step, self.columns.clone()) }
    }

    /// The same, to be written.
    #[inline(always)]
    pub(crate) fn step_mut(&mut self, step: usize) -> &mut [T] {
        // SAFETY: nobody else has these columns, and this share is borrowed.
        unsafe { self.output.segment(step, self.columns.clone()) }
    }

    /// The numbers of all steps, if the share is all there is.
    pub(crate) fn all_steps_mut(&mut self) -> Option<&mut [T]> {
        let is_all = self.columns == (0..self.output.row_stride);
        // SAFETY: as there is nothing but this share, nobody else has any of it.
        is_all.then(|| unsafe { self.output.segment(0, 0..self.output.len) })
    }
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
        let start = self.start_of(row, &columns);
        // SAFETY: the segment lies inside the borrowed slice, and by contract nobody else uses it.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start), columns.len()) }
    }

    /// The elements `columns` of one row, to be read.
    ///
    /// # Safety
    ///
    /// As long as they are used, no segment that overlaps them may be.
    #[inline(always)]
    unsafe fn view(&self, row: usize, columns: Range<usize>) -> &[T] {
        let start = self.start_of(row, &columns);
        // SAFETY: the elements lie inside the borrowed slice, and by contract nobody writes them.
        unsafe { std::slice::from_raw_parts(self.start.add(start), columns.len()) }
    }

    /// Where a segment begins, which lies inside the matrix.
    #[inline(always)]
    fn start_of(&self, row: usize, columns: &Range<usize>) -> usize {
        let start = row * self.row_stride + columns.start;
        // Without a sum that could overflow: a segment may end where the matrix does, but not behind it.
        assert!(
            columns.start <= columns.end && start <= self.len && columns.len() <= self.len - start,
            "a segment lies inside the matrix"
        );
        start
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
    fn outputs_are_divided_by_samples_in_every_step() {
        let (samples, steps) = (7, 3);
        let (mut wide, mut once) = (vec![0; steps * samples * 5], vec![0; samples]);
        let outputs = [(&mut wide[..], 5), (&mut [][..], 0), (&mut once[..], 1)];
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        pool.install(|| {
            Team::default().for_each_share(
                outputs,
                samples,
                1 << 20,
                &|range, [mut wide, none, mut once]| {
                    assert!(none.step(2).is_empty() && wide.all_steps_mut().is_none());
                    for step in 0..steps {
                        let rows = wide.step_mut(step).chunks_exact_mut(5);
                        rows.zip(range.clone()).for_each(|(row, sample)| row.fill(10 * step + sample));
                        assert_eq!(wide.step(step).len(), 5 * range.len());
                    }
                    once.step_mut(0).iter_mut().zip(range).for_each(|(once, sample)| *once = sample);
                },
            );
        });
        for (number, row) in wide.chunks_exact(5).enumerate() {
            assert_eq!(row, [10 * (number / samples) + number % samples; 5]);
        }
        assert!(once.into_iter().eq(0..samples));
    }

    #[test]
    fn a_share_that_is_all_has_all_steps() {
        let mut output = [0; 6];
        Team::default().for_each_share([(&mut output[..], 2)], 1, 0, &|_, [mut all]| {
            all.all_steps_mut().unwrap().copy_from_slice(&[0, 1, 2, 3, 4, 5]);
            assert_eq!(all.step(2), [4, 5]);
        });
        assert_eq!(output, [0, 1, 2, 3, 4, 5]);
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
