//! Gradients behind a pooling of maxima: of each window, only the largest result has one.
//!
//! With windows of 2 × 2, three quarters of dz are zeros, and more behind a rectifier.
//! In da = dz·Kᵀ and dK = aᵀ·dz, a number of dz that is not zero is multiplied by a whole row of Kᵀ or a,
//! so it is enough to list these numbers; the others are never looked at again.
//! A strip of at most 96 sums stays in registers meanwhile, as in a tile.
//!
//! The list is in the order of the windows, whatever the number of threads.
//! Zero times a number that is not finite would be NaN: here it is nothing.

use std::ops::Range;

use super::{
    PartScratch, Plan, ResultGradient,
    input_gradient::{self, Strip, strips},
    kernel_gradient,
};
use crate::{
    Float,
    kernels::{
        sums::{COLUMNS, Line, ROWS, Sums, for_each_row, load, store, with_rows},
        vector::Vector,
    },
};

/// Whether these sums can be used: all filters see the same rows, which are whole lines.
pub(super) fn suit(plan: &Plan) -> bool {
    plan.is_pooled()
        && plan.groups == 1
        && plan.run().is_multiple_of(COLUMNS)
        && u32::try_from(plan.image()).is_ok()
}

/// A number of dz that is not zero.
#[derive(Clone, Copy, Debug, Default)]
struct Winner {
    /// The filter, or the position in the image, whichever is not the list's.
    place: u32,
    gradient: Float,
}

/// Lists of numbers that are not zero, each for a filter or for a result.
#[derive(Debug, Default)]
pub(super) struct Winners {
    winners: Vec<Winner>,
    counts: Vec<usize>,
    /// How many a list has room for.
    room: usize,
}

impl Winners {
    /// Empty lists.
    fn clear(&mut self, lists: usize, room: usize) {
        self.room = room;
        self.counts.clear();
        self.counts.resize(lists, 0);
        if self.winners.len() < lists * room {
            self.winners.resize(lists * room, Winner::default());
        }
    }

    /// Appends a number, unless it is zero.
    #[inline(always)]
    fn push(&mut self, list: usize, place: usize, gradient: Float) {
        let count = &mut self.counts[list];
        // Always written, and overwritten if it was zero: there is nothing to guess for the processor.
        self.winners[list * self.room + *count] = Winner { place: place as u32, gradient };
        *count += usize::from(gradient != 0.0);
    }

    /// What was appended to a list.
    fn list(&self, list: usize) -> &[Winner] {
        &self.winners[list * self.room..][..self.counts[list]]
    }
}

impl ResultGradient<'_> {
    /// Asks for each filter's gradient and winner in a row.
    #[inline(always)]
    fn for_each(
        &self,
        row: usize,
        filters: &Range<usize>,
        width: usize,
        mut work: impl FnMut(usize, usize, Float),
    ) {
        for start in filters.clone().step_by(COLUMNS) {
            let places = row * width + start..row * width + (start + COLUMNS).min(filters.end);
            let gradients = self.line(&places);
            for ((filter, &winner), &gradient) in (start..).zip(&self.winners[places]).zip(&gradients) {
                work(filter, usize::from(winner), gradient);
            }
        }
    }
}

/// Adds what some windows of the `number`-th image contribute to the image's gradient.
///
/// # Safety
///
/// `V` is for this processor.
#[inline(always)]
pub(super) unsafe fn add_to_image<V: Vector>(
    shared: &input_gradient::Shared<'_>,
    number: usize,
    windows: Range<usize>,
    canvas: &mut [Float],
    winners: &mut Winners,
) {
    let plan = shared.plan;
    let (area, filters) = (plan.area(), plan.filters);
    winners.clear(windows.len() * area, filters);
    for (place, window) in windows.clone().enumerate() {
        let row = number * plan.windows() + window;
        shared.results.for_each(row, &(0..filters), filters, |filter, winner, gradient| {
            winners.push(place * area + winner, filter, gradient);
        });
    }
    let positions = &shared.lists.positions()[windows.start * area..windows.end * area];
    for strip in strips(plan, ROWS) {
        let kernel = &shared.kernel[strip.start..][..filters * strip.lines()];
        let offset = shared.lists.terms()[strip.terms.start];
        for (list, position) in positions.iter().enumerate() {
            let (image, _) = canvas[position + offset..][..strip.terms.len()].as_chunks_mut::<COLUMNS>();
            with_rows!(strip.lines(), N => {
                let lines = |filter: u32| kernel[filter as usize * N..].first_chunk::<N>();
                // SAFETY: the caller's promise.
                unsafe { add_products::<V, N>(winners.list(list), lines, image) };
            });
        }
    }
}

/// Computes the gradients of some filters, and of their bias.
///
/// # Safety
///
/// Nobody else uses these gradients, and `V` is for this processor.
#[inline(always)]
pub(super) unsafe fn sum_over_images<V: Vector>(
    shared: &kernel_gradient::Shared<'_>,
    filters: Range<usize>,
    scratch: &mut PartScratch,
) {
    let (plan, area) = (shared.plan, shared.plan.area());
    let PartScratch { image, piece: bias, sums, winners } = scratch;
    bias.resize(filters.len());
    bias.fill(0.0);
    sums.resize(filters.len() * plan.terms());
    sums.fill(0.0);
    for (number, x) in shared.x.chunks_exact(plan.input()).enumerate() {
        let image = image.load(plan, x, number == 0);
        for first in (0..plan.windows()).step_by(plan.chunk()) {
            let windows = first..(first + plan.chunk()).min(plan.windows());
            winners.clear(filters.len(), windows.len());
            for window in windows {
                let positions = &shared.lists.positions()[window * area..][..area];
                let row = number * plan.windows() + window;
                shared.results.for_each(row, &filters, plan.filters, |filter, winner, gradient| {
                    winners.push(filter - filters.start, positions[winner], gradient);
                });
            }
            for (list, bias) in bias.iter_mut().enumerate() {
                winners.list(list).iter().for_each(|winner| *bias += winner.gradient);
            }
            // SAFETY: the caller's promise.
            unsafe { add_to_sums::<V>(shared, image, winners, sums) };
        }
    }
    // SAFETY: the caller's promise.
    unsafe { write(shared, &filters, bias, sums) };
}

/// Adds the gradients that an image contributes to the kernel: one row of terms for each of some filters.
///
/// # Safety
///
/// `V` is for this processor.
#[inline(always)]
unsafe fn add_to_sums<V: Vector>(
    shared: &kernel_gradient::Shared<'_>,
    image: &[Float],
    winners: &Winners,
    sums: &mut [Float],
) {
    let plan = shared.plan;
    if shared.dk.is_none() {
        return;
    }
    for (list, sums) in sums.chunks_exact_mut(plan.terms()).enumerate() {
        for Strip { terms, .. } in strips(plan, ROWS) {
            let offset = shared.lists.terms()[terms.start];
            let (sums, _) = sums[terms].as_chunks_mut::<COLUMNS>();
            with_rows!(sums.len(), N => {
                let lines = |place: u32| {
                    let start = place as usize + offset;
                    image.get(start..start + N * COLUMNS)?.as_chunks::<COLUMNS>().0.first_chunk::<N>()
                };
                // SAFETY: the caller's promise.
                unsafe { add_products::<V, N>(winners.list(list), lines, sums) };
            });
        }
    }
}

/// Writes what was summed up.
///
/// # Safety
///
/// Nobody else uses the gradients of these filters.
#[inline(always)]
unsafe fn write(
    shared: &kernel_gradient::Shared<'_>,
    filters: &Range<usize>,
    bias: &[Float],
    sums: &[Float],
) {
    let terms = shared.plan.terms();
    if let Some(dk) = &shared.dk {
        for term in 0..terms {
            let numbers = sums[term..].iter().step_by(terms);
            // SAFETY: the caller's promise.
            unsafe { dk.write(term, filters, numbers.copied()) };
        }
    }
    if let Some(db) = &shared.db {
        // SAFETY: the caller's promise.
        unsafe { db.write(0, filters, bias.iter().copied()) };
    }
}

/// sums ← sums + Σ gradient · lines(place), for `N` lines side by side.
///
/// # Safety
///
/// `V` is for this processor.
#[inline(always)]
unsafe fn add_products<'a, V: Vector, const N: usize>(
    winners: &[Winner],
    lines: impl Fn(u32) -> Option<&'a [Line; N]>,
    sums: &mut [Line],
) {
    let Some(stored) = sums.first_chunk_mut::<N>() else { return };
    // SAFETY: the caller's promise.
    unsafe {
        let mut sums: [Sums<V>; ROWS] = [[V::splat(0.0); 2]; ROWS];
        for_each_row!(line < N => sums[line] = load(&stored[line]));
        for &Winner { place, gradient } in winners {
            let Some(lines) = lines(place) else { continue };
            let gradient = V::splat(gradient);
            for_each_row!(line < N => {
                let [left, right] = load::<V>(&lines[line]);
                sums[line] = [sums[line][0].add_product(gradient, left), sums[line][1].add_product(gradient, right)];
            });
        }
        for_each_row!(line < N => store(sums[line], &mut stored[line]));
    }
}
