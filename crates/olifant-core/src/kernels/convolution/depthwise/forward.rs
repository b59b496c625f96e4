//! z\[p, c\] = Σ image\[p + t, c\] · K\[t, c\], bias, and rectifier.

use std::{array, ops::Range};

use super::{add_products, pack_kernel, panel};
use crate::{
    Float,
    kernels::{
        convolution::{Forward, PartScratch, Plan, Scratch, lists::Lists},
        matmul::Epilogue,
        parallel::{SharedRows, range_of_part},
        sums::{Finish, Line, ROWS, Sums, for_each_row, load, padded, with_rows},
        team::{MAX_PARTS, Team},
        vector::{OnVectors, Vector, on_widest_vectors},
    },
};

/// Computes the results.
pub(in super::super) fn forward(plan: &Plan, step: Forward<'_>, team: &Team, scratch: &mut Scratch) {
    let images = step.x.len() / plan.input().max(1);
    scratch.lists.fill(plan);
    pack_kernel(plan, step.kernel, &mut scratch.kernel);
    let chunks = plan.windows().div_ceil(plan.chunk());
    let parts = team.parts(images * plan.work(), (images * chunks).min(MAX_PARTS));
    let (lists, kernel, scratch) = scratch.parts(parts);
    let results = Results {
        plan,
        lists,
        kernel: kernel.as_chunks().0,
        x: step.x,
        epilogue: if step.add { Epilogue::Add } else { Epilogue::new(step.bias, step.relu) },
        output: SharedRows::new(step.output, plan.filters),
    };
    team.for_each_part(scratch, &|part, scratch| {
        let pieces = range_of_part(part, parts, images * chunks, 1);
        on_widest_vectors(ResultsPart { results: &results, pieces, chunks, scratch });
    });
}

/// What all threads see of the forward pass.
struct Results<'a> {
    plan: &'a Plan,
    lists: &'a Lists,
    kernel: &'a [Line],
    x: &'a [Float],
    epilogue: Epilogue<'a>,
    output: SharedRows<'a, Float>,
}

/// Some chunks of windows.
struct ResultsPart<'a> {
    results: &'a Results<'a>,
    pieces: Range<usize>,
    chunks: usize,
    scratch: &'a mut PartScratch,
}

impl OnVectors for ResultsPart<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector, const FUSED: bool>(self) {
        let ResultsPart { results, pieces, chunks, scratch } = self;
        let plan = results.plan;
        let mut first = pieces.start;
        while first < pieces.end {
            let number = first / chunks;
            let image = &results.x[number * plan.input()..][..plan.input()];
            let image = scratch.image.load(plan, image, first == pieces.start);
            let last = pieces.end.min((number + 1) * chunks);
            for windows in super::chunks(plan).skip(first % chunks).take(last - first) {
                // SAFETY: the processor is the caller's promise; nobody else has these windows.
                unsafe { results.compute::<V>(image, number, windows) };
            }
            first = last;
        }
    }
}

impl Results<'_> {
    /// Computes some windows of the `number`-th image.
    ///
    /// # Safety
    ///
    /// Nobody else uses these results, and `V` is for this processor.
    #[inline(always)]
    unsafe fn compute<V: Vector>(&self, image: &[Float], number: usize, windows: Range<usize>) {
        let (terms, finish) = (self.lists.terms(), Finish::new(self.epilogue, true, true));
        let first = number * self.plan.windows() + windows.start;
        let positions = &self.lists.positions()[windows];
        let groups = positions.len().div_ceil(ROWS);
        for (number, lines) in self.kernel.chunks_exact(terms.len()).enumerate() {
            let channels = panel(self.plan, number);
            let bias = finish.bias(&channels);
            for group in 0..groups {
                let rows = range_of_part(group, groups, positions.len(), 1);
                // SAFETY: the caller's promise.
                with_rows!(rows.len(), R => unsafe {
                    let starts: [usize; R] = array::from_fn(|row| positions[rows.start + row] + channels.start);
                    let sums = sum_taps::<V, R>(image, starts, terms, lines);
                    finish.store_rows::<V, R>(&sums, &self.output, first + rows.start, &channels, &bias);
                });
            }
        }
    }
}

/// The sums over all places of the kernel, for `R` results that begin at these places of the image.
///
/// # Safety
///
/// `V` is for this processor.
#[inline(always)]
unsafe fn sum_taps<V: Vector, const R: usize>(
    image: &[Float],
    starts: [usize; R],
    terms: &[usize],
    lines: &[Line],
) -> [Sums<V>; ROWS] {
    // SAFETY: the caller's promise.
    unsafe {
        let mut sums = [[V::splat(0.0); 2]; ROWS];
        for (&term, line) in terms.iter().zip(lines) {
            let k = load::<V>(line);
            for_each_row!(row < R => {
                let x = load::<V>(&padded(&image[starts[row] + term..]));
                sums[row] = add_products(sums[row], x, k);
            });
        }
        sums
    }
}
