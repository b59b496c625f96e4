//! da = dz·Kᵀ, added up where the image was read.

use std::{array, ops::Range};

use super::{DEPTH, PartScratch, Plan, ResultGradient, Scratch, depthwise, lists::Lists, winners};
use crate::{
    Float,
    kernels::{
        parallel::{SharedRows, range_of_part},
        sums::{COLUMNS, Line, ROWS, add_to, for_each_row, sum_terms, with_rows},
        team::{MAX_PARTS, Team},
        vector::{OnVectors, Vector, on_widest_vectors},
    },
    operation::GradientMut,
};

/// Computes the gradient of the images.
///
/// With `rectified`, what a rectifier returned and the convolution was given, it is zero where that is not positive.
pub(crate) fn input_gradient(
    plan: &Plan,
    kernel: &[Float],
    results: ResultGradient<'_>,
    dx: GradientMut<'_>,
    rectified: Option<&[Float]>,
    team: &Team,
    scratch: &mut Scratch,
) {
    if depthwise::suits(plan) {
        return depthwise::input_gradient(plan, kernel, results.dy, dx, rectified, team, scratch);
    }
    let images = dx.data.len() / plan.input().max(1);
    scratch.lists.fill(plan);
    let by_winners = winners::suit(plan);
    let strip = if by_winners { ROWS } else { 1 };
    pack_kernel(plan, kernel, strip, team, scratch);
    let parts = team.parts(images * plan.work(), images.min(MAX_PARTS));
    let (lists, kernel, scratch) = scratch.parts(parts);
    let shared = Shared {
        plan,
        lists,
        kernel: kernel.as_chunks().0,
        results,
        by_winners,
        dx: SharedRows::new(dx.data, plan.input()),
        add: dx.add,
        rectified,
    };
    team.for_each_part(scratch, &|part, scratch| {
        let images = range_of_part(part, parts, images, 1);
        on_widest_vectors(Part { shared: &shared, images, scratch });
    });
}

/// A few terms that lie side by side in the image: at most six times sixteen.
pub(super) struct Strip {
    /// The channels that the group's filters see begin here.
    pub(super) channel: usize,
    /// The filters of the group.
    pub(super) filters: Range<usize>,
    /// The terms.
    pub(super) terms: Range<usize>,
    /// Where its part of the copied kernel begins, in lines.
    pub(super) start: usize,
}

impl Strip {
    /// How many times sixteen terms it has.
    pub(super) fn lines(&self) -> usize {
        self.terms.len().div_ceil(COLUMNS)
    }
}

/// All strips, of at most so many times sixteen terms.
pub(super) fn strips(plan: &Plan, lines: usize) -> impl Iterator<Item = Strip> {
    let (run, terms, filters) = (plan.run(), plan.terms(), plan.group_filters());
    let of_run = run.div_ceil(COLUMNS * lines);
    let mut start = 0;
    (0..plan.groups * (terms / run) * of_run).map(move |number| {
        let (run_number, part) = (number / of_run, number % of_run);
        let (group, first) = (run_number / (terms / run), run_number % (terms / run) * run);
        let part = range_of_part(part, of_run, run, COLUMNS);
        let strip = Strip {
            channel: group * plan.group_channels(),
            filters: group * filters..(group + 1) * filters,
            terms: first + part.start..first + part.end,
            start,
        };
        start += strip.lines() * filters;
        strip
    })
}

/// Copies the kernel strip by strip; in a strip, the terms of each filter lie side by side.
fn pack_kernel(plan: &Plan, kernel: &[Float], strip: usize, team: &Team, scratch: &mut Scratch) {
    let lines = strips(plan, strip).last().map_or(0, |last| last.start + last.lines() * last.filters.len());
    scratch.kernel.resize(lines * COLUMNS);
    let all = SharedRows::new(&mut scratch.kernel, COLUMNS);
    let count = strips(plan, strip).count();
    let parts = team.parts(2 * kernel.len(), count.min(MAX_PARTS));
    team.run(parts, &|part| {
        let mine = range_of_part(part, parts, count, 1);
        for strip in strips(plan, strip).skip(mine.start).take(mine.len()) {
            let width = strip.lines() * COLUMNS;
            // SAFETY: each strip has its own part of the copy, and comes once.
            let copy = unsafe { all.segment(strip.start, 0..strip.filters.len() * width) };
            copy.fill(0.0);
            for (place, term) in strip.terms.enumerate() {
                let row = &kernel[term * plan.filters..][strip.filters.clone()];
                copy[place..].iter_mut().step_by(width).zip(row).for_each(|(copy, &k)| *copy = k);
            }
        }
    });
}

/// What all threads see.
pub(super) struct Shared<'a> {
    pub(super) plan: &'a Plan,
    pub(super) lists: &'a Lists,
    pub(super) kernel: &'a [Line],
    pub(super) results: ResultGradient<'a>,
    by_winners: bool,
    dx: SharedRows<'a, Float>,
    add: bool,
    rectified: Option<&'a [Float]>,
}

/// What one thread does: some images.
struct Part<'a> {
    shared: &'a Shared<'a>,
    images: Range<usize>,
    scratch: &'a mut PartScratch,
}

impl OnVectors for Part<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector, const FUSED: bool>(self) {
        let Part { shared, images, scratch } = self;
        let plan = shared.plan;
        for number in images {
            let PartScratch { image, piece, winners, .. } = scratch;
            let canvas = image.zeros(plan);
            for first in (0..plan.windows()).step_by(plan.chunk()) {
                let windows = first..(first + plan.chunk()).min(plan.windows());
                // SAFETY: the processor is the caller's promise.
                unsafe {
                    if shared.by_winners {
                        winners::add_to_image::<V>(shared, number, windows, canvas, winners);
                    } else {
                        shared.add_to_image::<V>(number, windows, canvas, piece);
                    }
                }
            }
            // SAFETY: nobody else has this image.
            let data = unsafe { shared.dx.segment(number, 0..plan.input()) };
            let y = shared.rectified.map(|y| &y[number * plan.input()..][..plan.input()]);
            image.store(plan, GradientMut { data, add: shared.add }, y);
        }
    }
}

impl Shared<'_> {
    /// Adds what some windows of the `number`-th image contribute to the image's gradient.
    ///
    /// # Safety
    ///
    /// `V` is for this processor.
    #[inline(always)]
    unsafe fn add_to_image<V: Vector>(
        &self,
        number: usize,
        windows: Range<usize>,
        canvas: &mut [Float],
        piece: &mut crate::Buffer,
    ) {
        let plan = self.plan;
        let positions = &self.lists.positions()[windows.start * plan.area()..windows.end * plan.area()];
        let dz = if plan.is_pooled() {
            piece.resize(positions.len() * plan.filters);
            self.results.spread(plan, number, windows, &(0..plan.filters), plan.filters, piece);
            &**piece
        } else {
            &self.results.dy[(number * plan.windows() + windows.start) * plan.filters..]
        };
        let groups = positions.len().div_ceil(ROWS);
        for strip in strips(plan, 1) {
            let panel = &self.kernel[strip.start..][..strip.filters.len()];
            let offset = strip.channel + self.lists.terms()[strip.terms.start];
            for group in 0..groups {
                let rows = range_of_part(group, groups, positions.len(), 1);
                // SAFETY: the caller's promise.
                with_rows!(rows.len(), R => unsafe {
                    let dz: [&[Float]; R] =
                        array::from_fn(|row| &dz[(rows.start + row) * plan.filters..][strip.filters.clone()]);
                    let places: [usize; R] = array::from_fn(|row| offset + positions[rows.start + row]);
                    add_rows::<V, R>(dz, panel, places, strip.terms.len(), canvas);
                });
            }
        }
    }
}

/// Multiplies `R` rows with a panel and adds each of them to a place of the image, at most sixteen numbers.
///
/// # Safety
///
/// `V` is for this processor.
#[inline(always)]
unsafe fn add_rows<V: Vector, const R: usize>(
    rows: [&[Float]; R],
    panel: &[Line],
    places: [usize; R],
    columns: usize,
    canvas: &mut [Float],
) {
    for (rows_start, panel) in (0..).step_by(DEPTH).zip(panel.chunks(DEPTH)) {
        let rows = rows.map(|row| &row[rows_start..][..panel.len()]);
        // SAFETY: each row has as many numbers as the panel has lines; the processor is the caller's promise.
        unsafe {
            let number = |i: usize, row: usize| *rows[row].get_unchecked(i);
            let sums = sum_terms::<V, R>(panel.len(), number, |i| panel.get_unchecked(i));
            for_each_row!(row < R => add_to(sums[row], &mut canvas[places[row]..][..columns]));
        }
    }
}
