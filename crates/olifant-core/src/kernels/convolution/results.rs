//! The gradient of the results, before the pooling.

use std::{array, ops::Range};

use super::Plan;
use crate::{
    Float,
    kernels::sums::{COLUMNS, Line, padded, put},
};

/// The gradient of what a convolution returned.
#[derive(Clone, Copy)]
pub(crate) struct ResultGradient<'a> {
    /// One row of filters for each window.
    pub(crate) dy: &'a [Float],
    /// What a rectifier returned, if `dy` is not zero yet where that is not positive.
    pub(crate) y: Option<&'a [Float]>,
    /// Which result of its window each output is; empty if there is no pooling.
    pub(crate) winners: &'a [u8],
}

impl ResultGradient<'_> {
    /// At most sixteen gradients, and zeros.
    #[inline(always)]
    pub(super) fn line(&self, places: &Range<usize>) -> Line {
        let dy = padded(&self.dy[places.clone()]);
        match self.y.map(|y| padded(&y[places.clone()])) {
            Some(y) => array::from_fn(|i| if y[i] > 0.0 { dy[i] } else { 0.0 }),
            None => dy,
        }
    }

    /// The gradients of all results of some windows of the `number`-th image: one row of `width` numbers for each, of these filters.
    ///
    /// Columns that no filter is left for are zero.
    #[inline(always)]
    pub(super) fn spread(
        &self,
        plan: &Plan,
        number: usize,
        windows: Range<usize>,
        filters: &Range<usize>,
        width: usize,
        piece: &mut [Float],
    ) {
        for (window, rows) in windows.zip(piece.chunks_exact_mut(width * plan.area())) {
            let row = (number * plan.windows() + window) * plan.filters;
            for start in (0..width).step_by(COLUMNS) {
                let columns = start..(start + COLUMNS).min(width);
                let first = row + filters.start + start;
                let places = first..(first + COLUMNS).min(row + filters.end);
                let dy = self.line(&places);
                if !plan.is_pooled() {
                    put(&dy, &mut rows[columns]);
                    continue;
                }
                let winners = self.winners_of(&places);
                for (cell, row) in (0..).zip(rows.chunks_exact_mut(width)) {
                    let dz: Line = array::from_fn(|i| if winners[i] == cell { dy[i] } else { 0.0 });
                    put(&dz, &mut row[columns.clone()]);
                }
            }
        }
    }

    /// Which results at most sixteen outputs are, as numbers that are as wide as those they are compared for.
    #[inline(always)]
    fn winners_of(&self, places: &Range<usize>) -> [u32; COLUMNS] {
        let winners = &self.winners[places.clone()];
        match winners.first_chunk::<COLUMNS>() {
            Some(winners) => winners.map(u32::from),
            None => array::from_fn(|i| winners.get(i).map_or(0, |&winner| u32::from(winner))),
        }
    }
}
