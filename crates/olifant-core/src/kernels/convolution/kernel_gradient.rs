//! dK = aᵀ·dz and the sum of dz's rows, over all images.

use std::ops::Range;

use super::{PartScratch, Plan, ResultGradient, Scratch, depthwise, lists::Lists, winners};
use crate::{
    Float,
    kernels::{
        matmul::Epilogue,
        parallel::{SharedRows, range_of_part},
        sums::{COLUMNS, Finish, Line, ROWS, with_rows},
        team::{MAX_PARTS, Team},
        vector::{OnVectors, Vector, on_widest_vectors},
    },
    operation::GradientMut,
};

/// Where the gradients of a layer's weights are written.
pub(crate) struct KernelGradient<'a> {
    pub(crate) dk: Option<GradientMut<'a>>,
    pub(crate) db: Option<GradientMut<'a>>,
}

/// Computes the gradients of kernel and bias.
pub(crate) fn kernel_gradient(
    plan: &Plan,
    x: &[Float],
    results: ResultGradient<'_>,
    gradient: KernelGradient<'_>,
    team: &Team,
    scratch: &mut Scratch,
) {
    if depthwise::suits(plan) {
        return depthwise::kernel_gradient(plan, x, results.dy, gradient, team, scratch);
    }
    let KernelGradient { dk, db } = gradient;
    scratch.lists.fill(plan);
    let images = x.len() / plan.input().max(1);
    let limit = team.parts(images * plan.work(), MAX_PARTS);
    let shared = Shared {
        plan,
        lists: &scratch.lists,
        x,
        results,
        dk: dk.map(|dk| Target::new(dk, plan.filters)),
        db: db.map(|db| Target::new(db, plan.filters)),
        splits: limit.div_ceil(plan.panels()),
    };
    let by_winners = winners::suit(plan);
    let units = if by_winners { plan.filters } else { plan.panels() * shared.splits };
    let parts = limit.min(units);
    if scratch.parts.len() < parts {
        scratch.parts.resize_with(parts, PartScratch::default);
    }
    team.for_each_part(&mut scratch.parts[..parts], &|part, scratch| {
        let units = range_of_part(part, parts, units, 1);
        on_widest_vectors(Part { shared: &shared, units, by_winners, scratch });
    });
}

/// What all threads see.
pub(super) struct Shared<'a> {
    pub(super) plan: &'a Plan,
    pub(super) lists: &'a Lists,
    pub(super) x: &'a [Float],
    pub(super) results: ResultGradient<'a>,
    pub(super) dk: Option<Target<'a>>,
    pub(super) db: Option<Target<'a>>,
    /// Into how many pieces the terms are cut, if there are fewer panels than threads.
    splits: usize,
}

/// A gradient that all threads write, each its own columns.
pub(super) struct Target<'a> {
    rows: SharedRows<'a, Float>,
    add: bool,
}

impl<'a> Target<'a> {
    pub(super) fn new(gradient: GradientMut<'a>, columns: usize) -> Target<'a> {
        Target { rows: SharedRows::new(gradient.data, columns), add: gradient.add }
    }

    /// Assigns or adds some columns of a row.
    ///
    /// # Safety
    ///
    /// Nobody else uses them.
    #[inline(always)]
    pub(super) unsafe fn write(
        &self,
        row: usize,
        columns: &Range<usize>,
        numbers: impl Iterator<Item = Float>,
    ) {
        // SAFETY: the caller's promise.
        let data = unsafe { self.rows.segment(row, columns.clone()) };
        GradientMut { data, add: self.add }.write_from(numbers);
    }
}

/// What one thread does: some filters, or some pieces of panels.
struct Part<'a> {
    shared: &'a Shared<'a>,
    units: Range<usize>,
    by_winners: bool,
    scratch: &'a mut PartScratch,
}

impl OnVectors for Part<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector, const FUSED: bool>(self) {
        let Part { shared, units, by_winners, scratch } = self;
        if by_winners {
            // SAFETY: the processor is the caller's promise; nobody else has these filters.
            return unsafe { winners::sum_over_images::<V>(shared, units, scratch) };
        }
        for unit in units {
            let (panel, split) = (unit / shared.splits, unit % shared.splits);
            // SAFETY: the processor is the caller's promise; nobody else has this piece.
            unsafe { shared.compute::<V>(panel, split, scratch) };
        }
    }
}

impl Shared<'_> {
    /// Computes the rows of some terms, in the columns of a panel; the first piece takes the bias as well.
    ///
    /// # Safety
    ///
    /// Nobody else uses these gradients, and `V` is for this processor.
    #[inline(always)]
    unsafe fn compute<V: Vector>(&self, panel: usize, split: usize, scratch: &mut PartScratch) {
        let plan = self.plan;
        let (filters, channel) = plan.panel(panel);
        let terms = match self.dk {
            Some(_) => range_of_part(split, self.splits, plan.terms(), ROWS),
            None => 0..0,
        };
        let PartScratch { image, piece, sums, .. } = scratch;
        sums.resize(terms.len() * COLUMNS);
        sums.fill(0.0);
        let mut bias = [0.0; COLUMNS];
        for (number, x) in self.x.chunks_exact(plan.input()).enumerate() {
            let image = image.load(plan, x, number == 0);
            for first in (0..plan.windows()).step_by(plan.chunk()) {
                let windows = first..(first + plan.chunk()).min(plan.windows());
                let positions = windows.start * plan.area()..windows.end * plan.area();
                piece.resize(positions.len() * COLUMNS);
                self.results.spread(plan, number, windows, &filters, COLUMNS, piece);
                let (lines, _) = piece.as_chunks::<COLUMNS>();
                add_lines(lines, &mut bias);
                let patches = self.lists.patches(image, channel, positions, terms.clone());
                let sums = SharedRows::new(sums, COLUMNS);
                let groups = terms.len().div_ceil(ROWS);
                for group in 0..groups {
                    let rows = range_of_part(group, groups, terms.len(), 1);
                    let finish = Finish::new(Epilogue::Add, true, true);
                    // SAFETY: the processor is the caller's promise; the sums are this thread's own.
                    with_rows!(rows.len(), R => unsafe {
                        let products = patches.transposed_times::<V, R>(rows.start, lines);
                        finish.store_rows::<V, R>(&products, &sums, rows.start, &(0..COLUMNS), &[0.0; COLUMNS]);
                    });
                }
            }
        }
        if let Some(dk) = &self.dk {
            for (term, line) in terms.zip(sums.chunks_exact(COLUMNS)) {
                // SAFETY: the caller's promise.
                unsafe { dk.write(term, &filters, line.iter().copied()) };
            }
        }
        if let Some(db) = self.db.as_ref().filter(|_| split == 0) {
            // SAFETY: the caller's promise.
            unsafe { db.write(0, &filters, bias.iter().copied()) };
        }
    }
}

/// Adds all lines to one.
#[inline(always)]
fn add_lines(lines: &[Line], sum: &mut Line) {
    for line in lines {
        sum.iter_mut().zip(line).for_each(|(sum, x)| *sum += x);
    }
}
