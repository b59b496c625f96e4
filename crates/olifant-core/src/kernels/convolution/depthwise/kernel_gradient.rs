//! dK\[t, c\] = Σ image\[p + t, c\] · dz\[p, c\] and the sum of dz, over all images.

use std::{array, ops::Range};

use super::{add_products, chunks, panel, panels};
use crate::{
    Float,
    kernels::{
        convolution::{KernelGradient, PartScratch, Plan, Scratch, kernel_gradient::Target, lists::Lists},
        parallel::range_of_part,
        sums::{COLUMNS, Line, ROWS, add_to, for_each_row, load, padded, with_rows},
        team::{MAX_PARTS, Team},
        vector::{OnVectors, Vector, on_widest_vectors},
    },
};

/// Computes the gradients of kernel and bias.
pub(in super::super) fn kernel_gradient(
    plan: &Plan,
    x: &[Float],
    dy: &[Float],
    KernelGradient { dk, db }: KernelGradient<'_>,
    team: &Team,
    scratch: &mut Scratch,
) {
    scratch.lists.fill(plan);
    let images = x.len() / plan.input().max(1);
    let limit = team.parts(images * plan.work(), MAX_PARTS);
    // Fewer panels than threads are cut into pieces of some places of the kernel each.
    let splits = limit.div_ceil(panels(plan)).min(plan.terms());
    let units = panels(plan) * splits;
    let parts = limit.min(units);
    let (lists, _, scratch) = scratch.parts(parts);
    let [dk, db] = [dk, db].map(|gradient| gradient.map(|gradient| Target::new(gradient, plan.filters)));
    let shared = Gradients { plan, lists, x, dy, dk, db, splits };
    team.for_each_part(scratch, &|part, scratch| {
        let units = range_of_part(part, parts, units, 1);
        on_widest_vectors(GradientsPart { shared: &shared, units, scratch });
    });
}

/// What all threads see of the kernel's gradient.
struct Gradients<'a> {
    plan: &'a Plan,
    lists: &'a Lists,
    x: &'a [Float],
    dy: &'a [Float],
    dk: Option<Target<'a>>,
    db: Option<Target<'a>>,
    splits: usize,
}

/// Some pieces of panels.
struct GradientsPart<'a> {
    shared: &'a Gradients<'a>,
    units: Range<usize>,
    scratch: &'a mut PartScratch,
}

impl OnVectors for GradientsPart<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector, const FUSED: bool>(self) {
        let GradientsPart { shared, units, scratch } = self;
        let (plan, results) = (shared.plan, shared.plan.windows() * shared.plan.filters);
        // For each unit, a line for each place of the kernel, and one for the bias.
        let lines = plan.terms() + 1;
        scratch.sums.resize(units.len() * lines * COLUMNS);
        scratch.sums.fill(0.0);
        let PartScratch { image, sums, .. } = scratch;
        let (sums, _) = sums.as_chunks_mut::<COLUMNS>();
        for (number, (x, dy)) in
            shared.x.chunks_exact(plan.input()).zip(shared.dy.chunks_exact(results)).enumerate()
        {
            let image = image.load(plan, x, number == 0);
            for windows in chunks(plan) {
                for (unit, sums) in units.clone().zip(sums.chunks_exact_mut(lines)) {
                    // SAFETY: the processor is the caller's promise.
                    unsafe { shared.add::<V>(image, dy, windows.clone(), unit, sums) };
                }
            }
        }
        for (unit, sums) in units.zip(sums.chunks_exact(lines)) {
            // SAFETY: nobody else has this unit.
            unsafe { shared.write(unit, sums) };
        }
    }
}

impl Gradients<'_> {
    /// The channels of a unit, and its places of the kernel; the first of a panel takes the bias as well.
    fn unit(&self, number: usize) -> (Range<usize>, Range<usize>) {
        let taps = range_of_part(number % self.splits, self.splits, self.plan.terms(), 1);
        (panel(self.plan, number / self.splits), taps)
    }

    /// Adds what some windows of an image contribute to a unit.
    ///
    /// # Safety
    ///
    /// `V` is for this processor.
    #[inline(always)]
    unsafe fn add<V: Vector>(
        &self,
        image: &[Float],
        dy: &[Float],
        windows: Range<usize>,
        unit: usize,
        sums: &mut [Line],
    ) {
        let (channels, taps) = self.unit(unit);
        let positions = &self.lists.positions()[windows.clone()];
        let dz = |row: usize| padded(&dy[(windows.start + row) * self.plan.filters + channels.start..]);
        if taps.start == 0 && self.db.is_some() {
            let bias = &mut sums[self.plan.terms()];
            (0..positions.len()).for_each(|row| bias.iter_mut().zip(dz(row)).for_each(|(b, dz)| *b += dz));
        }
        let taps = if self.dk.is_some() { taps } else { 0..0 };
        let groups = taps.len().div_ceil(ROWS);
        for group in 0..groups {
            let rows = range_of_part(group, groups, taps.len(), 1);
            let first = taps.start + rows.start;
            // SAFETY: the caller's promise.
            with_rows!(rows.len(), R => unsafe {
                let offsets: [usize; R] = array::from_fn(|row| self.lists.terms()[first + row] + channels.start);
                let mut products = [[V::splat(0.0); 2]; ROWS];
                for (row, position) in positions.iter().enumerate() {
                    let dz = load::<V>(&dz(row));
                    for_each_row!(tap < R => {
                        let x = load::<V>(&padded(&image[position + offsets[tap]..]));
                        products[tap] = add_products(products[tap], x, dz);
                    });
                }
                for_each_row!(tap < R => add_to(products[tap], &mut sums[first + tap]));
            });
        }
    }

    /// Writes the sums of a unit.
    ///
    /// # Safety
    ///
    /// Nobody else uses these gradients.
    unsafe fn write(&self, unit: usize, sums: &[Line]) {
        let (channels, taps) = self.unit(unit);
        if let Some(db) = self.db.as_ref().filter(|_| taps.start == 0) {
            // SAFETY: the caller's promise.
            unsafe { db.write(0, &channels, sums[self.plan.terms()].iter().copied()) };
        }
        for tap in taps {
            if let Some(dk) = &self.dk {
                // SAFETY: the caller's promise.
                unsafe { dk.write(tap, &channels, sums[tap].iter().copied()) };
            }
        }
    }
}
