//! Where things are in an image: the two lists that make every convolution a product of matrices.

use std::{array, ops::Range};

use super::Plan;
use crate::{
    Float,
    kernels::{
        sliding::{Axis, MAX_AXES, places},
        sums::{Line, ROWS, Sums, sum_terms},
        vector::Vector,
    },
};

/// Row `p` of the matrix that an image is to a convolution is `image[positions[p] + terms[t]]`, for all `t`.
///
/// Strides, dilation and windows of a pooling are nothing but other numbers in these lists.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// Where the first number is that a result depends on; window by window of the pooling.
    positions: Vec<usize>,
    /// How far the others are behind it, in the order of the kernel's rows.
    terms: Vec<usize>,
    /// The farthest place of all.
    farthest: usize,
}

impl Lists {
    /// Writes both lists.
    pub(super) fn fill(&mut self, plan: &Plan) {
        let strides = plan.strides();
        let (axes, pool) = (&plan.axes, &plan.pool);
        self.positions.clear();
        let windows: [usize; MAX_AXES] = array::from_fn(|i| axes[i].output() / pool[i]);
        for window in places(windows.map(|count| 0..count)) {
            self.positions.extend(places(pool.map(|size| 0..size)).map(|cell| {
                let along = |i: usize| (window[i] * pool[i] + cell[i]) * axes[i].stride * strides[i];
                (0..MAX_AXES).map(along).sum::<usize>()
            }));
        }
        self.terms.clear();
        for tap in places(axes.map(|axis| 0..axis.size)) {
            let along = |i: usize| tap[i] * axes[i].dilation * strides[i];
            let start: usize = (0..MAX_AXES).map(along).sum();
            self.terms.extend((0..plan.group_channels()).map(|channel| start + channel));
        }
        let last = |list: &[usize]| list.iter().copied().max().unwrap_or(0);
        self.farthest = last(&self.positions) + last(&self.terms);
    }

    /// Where results begin.
    pub(super) fn positions(&self) -> &[usize] {
        &self.positions
    }

    /// How far terms are behind that.
    pub(super) fn terms(&self) -> &[usize] {
        &self.terms
    }

    /// Some rows and columns of the matrix that an image is; only its channels from `channel` on are seen.
    ///
    /// # Panics
    ///
    /// The image is too small.
    #[inline(always)]
    pub(super) fn patches<'a>(
        &'a self,
        image: &'a [Float],
        channel: usize,
        positions: Range<usize>,
        terms: Range<usize>,
    ) -> Patches<'a> {
        let image = &image[channel..];
        assert!(self.farthest < image.len(), "windows lie inside the image");
        Patches { image, positions: &self.positions[positions], terms: &self.terms[terms] }
    }
}

/// Some rows and columns of the matrix that an image is to a convolution; every place in it is inside the image.
pub(super) struct Patches<'a> {
    image: &'a [Float],
    positions: &'a [usize],
    terms: &'a [usize],
}

impl Patches<'_> {
    /// `R` rows from `first` on, times sixteen columns with a line for each term.
    ///
    /// # Safety
    ///
    /// `V` is for this processor.
    #[inline(always)]
    pub(super) unsafe fn times<V: Vector, const R: usize>(
        &self,
        first: usize,
        panel: &[Line],
    ) -> [Sums<V>; ROWS] {
        let rows: [&[Float]; R] = array::from_fn(|row| &self.image[self.positions[first + row]..]);
        let panel = &panel[..self.terms.len()];
        // SAFETY: a term behind a position is inside the image; there is a line for each term; the processor is the caller's promise.
        unsafe {
            let number = |i: usize, row: usize| *rows[row].get_unchecked(*self.terms.get_unchecked(i));
            sum_terms::<V, R>(panel.len(), number, |i| panel.get_unchecked(i))
        }
    }

    /// The transpose's `R` rows from `first` on, times sixteen columns with a line for each position.
    ///
    /// # Safety
    ///
    /// `V` is for this processor.
    #[inline(always)]
    pub(super) unsafe fn transposed_times<V: Vector, const R: usize>(
        &self,
        first: usize,
        lines: &[Line],
    ) -> [Sums<V>; ROWS] {
        let rows: [&[Float]; R] = array::from_fn(|row| &self.image[self.terms[first + row]..]);
        let lines = &lines[..self.positions.len()];
        // SAFETY: a position behind a term is the same place; there is a line for each position; the processor is the caller's promise.
        unsafe {
            let number = |i: usize, row: usize| *rows[row].get_unchecked(*self.positions.get_unchecked(i));
            sum_terms::<V, R>(lines.len(), number, |i| lines.get_unchecked(i))
        }
    }
}

/// The start of each row along the last axis of an image, within the image and within the one with what is added.
pub(super) fn rows(axes: &[Axis; MAX_AXES], channels: usize) -> impl Iterator<Item = (usize, usize)> {
    let [planes, rows, columns] = *axes;
    places([0..planes.input, 0..rows.input, 0..1]).map(move |[plane, row, _]| {
        let inside = (plane * rows.input + row) * columns.input;
        let padded = ((plane + planes.low) * rows.padded() + row + rows.low) * columns.padded() + columns.low;
        (inside * channels, padded * channels)
    })
}
