//! z = a·K, bias, rectifier, and the largest of each window.

use std::ops::Range;

use super::{DEPTH, PartScratch, Plan, Scratch, depthwise, lists::Lists};
use crate::{
    Float,
    kernels::{
        matmul::Epilogue,
        parallel::{SharedRows, range_of_part},
        sums::{COLUMNS, Finish, Line, ROWS, Sums, load, padded, put, store, with_rows},
        team::{MAX_PARTS, Team},
        vector::{OnVectors, Vector, on_widest_vectors},
    },
    tensor::Buffer,
};

/// What the forward pass reads and writes.
pub(crate) struct Forward<'a> {
    /// All images, one behind the other.
    pub(crate) x: &'a [Float],
    /// One row for each term, one column for each filter.
    pub(crate) kernel: &'a [Float],
    /// One number for each filter.
    pub(crate) bias: Option<&'a [Float]>,
    /// Whether negative results become zero.
    pub(crate) relu: bool,
    /// One row of filters for each window.
    pub(crate) output: &'a mut [Float],
    /// Whether results are added to what is there; then there is neither bias nor rectifier nor pooling.
    pub(crate) add: bool,
    /// Which result of its window each output is, if there is a pooling; as many as outputs.
    pub(crate) winners: &'a mut [u8],
}

/// Convolves, and pools if the plan says so.
pub(crate) fn forward(plan: &Plan, step: Forward<'_>, team: &Team, scratch: &mut Scratch) {
    if depthwise::suits(plan) {
        return depthwise::forward(plan, step, team, scratch);
    }
    let images = step.x.len() / plan.input().max(1);
    scratch.lists.fill(plan);
    pack_kernel(plan, step.kernel, team, scratch);
    let chunks = plan.windows().div_ceil(plan.chunk());
    let parts = team.parts(images * plan.work(), (images * chunks).min(MAX_PARTS));
    let (lists, kernel, scratch) = scratch.parts(parts);
    let shared = Shared {
        plan,
        lists,
        kernel: kernel.as_chunks().0,
        x: step.x,
        bias: step.bias,
        relu: step.relu,
        epilogue: match step.add {
            true => Epilogue::Add,
            false if plan.is_pooled() => Epilogue::Assign,
            false => Epilogue::new(step.bias, step.relu),
        },
        output: SharedRows::new(step.output, plan.filters),
        winners: SharedRows::new(step.winners, plan.filters),
    };
    team.for_each_part(scratch, &|part, scratch| {
        let pieces = range_of_part(part, parts, images * chunks, 1);
        on_widest_vectors(Part { shared: &shared, pieces, chunks, scratch });
    });
}

/// Copies sixteen columns of the kernel at a time, so that the innermost loop reads them from front to back.
fn pack_kernel(plan: &Plan, kernel: &[Float], team: &Team, scratch: &mut Scratch) {
    let terms = plan.terms();
    scratch.kernel.resize(plan.panels() * terms * COLUMNS);
    let (lines, _) = scratch.kernel.as_chunks_mut::<COLUMNS>();
    team.for_each_rows(lines, terms, terms * COLUMNS, &|first, lines: &mut [Line]| {
        for (number, panel) in (first..).zip(lines.chunks_exact_mut(terms)) {
            let (filters, _) = plan.panel(number);
            let rows = kernel.chunks_exact(plan.filters);
            panel.iter_mut().zip(rows).for_each(|(line, row)| *line = padded(&row[filters.clone()]));
        }
    });
}

/// What all threads see.
struct Shared<'a> {
    plan: &'a Plan,
    lists: &'a Lists,
    kernel: &'a [Line],
    x: &'a [Float],
    bias: Option<&'a [Float]>,
    relu: bool,
    /// What follows a product: nothing if there is a pooling.
    epilogue: Epilogue<'a>,
    output: SharedRows<'a, Float>,
    winners: SharedRows<'a, u8>,
}

/// What one thread does: some chunks of windows.
struct Part<'a> {
    shared: &'a Shared<'a>,
    pieces: Range<usize>,
    chunks: usize,
    scratch: &'a mut PartScratch,
}

impl OnVectors for Part<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector, const FUSED: bool>(self) {
        let Part { shared, pieces, chunks, scratch } = self;
        let plan = shared.plan;
        let mut images = shared.x.chunks_exact(plan.input()).enumerate().skip(pieces.start / chunks);
        let mut first = pieces.start;
        while let Some((number, image)) = images.next().filter(|_| first < pieces.end) {
            let image = scratch.image.load(plan, image, first == pieces.start);
            let last = pieces.end.min((number + 1) * chunks);
            for panel in 0..plan.panels() {
                for piece in first..last {
                    let start = piece % chunks * plan.chunk();
                    let windows = start..(start + plan.chunk()).min(plan.windows());
                    // SAFETY: the processor is the caller's promise; nobody else has these windows.
                    unsafe { shared.compute::<V>(image, number, panel, windows, &mut scratch.piece) };
                }
            }
            first = last;
        }
    }
}

impl Shared<'_> {
    /// Computes some windows of the `number`-th image, in the filters of a panel.
    ///
    /// # Safety
    ///
    /// Nobody else uses these outputs, and `V` is for this processor.
    #[inline(always)]
    unsafe fn compute<V: Vector>(
        &self,
        image: &[Float],
        number: usize,
        panel: usize,
        windows: Range<usize>,
        piece: &mut Buffer,
    ) {
        let (filters, _) = self.plan.panel(panel);
        let output = number * self.plan.windows() + windows.start;
        if !self.plan.is_pooled() {
            // SAFETY: the caller's promise.
            return unsafe { self.multiply::<V>(image, windows, panel, &self.output, output, &filters) };
        }
        piece.resize(windows.len() * self.plan.area() * COLUMNS);
        let rows = SharedRows::new(piece, COLUMNS);
        // SAFETY: the caller's promise; the piece is this thread's own.
        unsafe { self.multiply::<V>(image, windows, panel, &rows, 0, &(0..COLUMNS)) };
        // SAFETY: the caller's promise.
        unsafe { self.pool::<V>(piece, output, &filters) };
    }

    /// Multiplies rows of an image with a panel of the kernel, into rows of C from `first` on.
    ///
    /// # Safety
    ///
    /// Nobody else uses these elements of C, and `V` is for this processor.
    #[inline(always)]
    unsafe fn multiply<V: Vector>(
        &self,
        image: &[Float],
        windows: Range<usize>,
        panel: usize,
        c: &SharedRows<'_, Float>,
        first: usize,
        columns: &Range<usize>,
    ) {
        let (plan, count) = (self.plan, self.plan.terms());
        let (_, channel) = plan.panel(panel);
        let lines = &self.kernel[panel * count..][..count];
        let positions = windows.start * plan.area()..windows.end * plan.area();
        let blocks = count.div_ceil(DEPTH).max(1);
        let groups = positions.len().div_ceil(ROWS);
        for block in 0..blocks {
            let terms = range_of_part(block, blocks, count, 1);
            let finish = Finish::new(self.epilogue, block == 0, block + 1 == blocks);
            let bias = finish.bias(columns);
            let lines = &lines[terms.clone()];
            let patches = self.lists.patches(image, channel, positions.clone(), terms);
            for group in 0..groups {
                let rows = range_of_part(group, groups, positions.len(), 1);
                // SAFETY: the caller's promise.
                with_rows!(rows.len(), R => unsafe {
                    let sums = patches.times::<V, R>(rows.start, lines);
                    finish.store_rows::<V, R>(&sums, c, first + rows.start, columns, &bias);
                });
            }
        }
    }

    /// The largest result of each window, from one output on. Bias and rectifier, which never change the order of numbers, come after.
    ///
    /// The first of several largest wins. NaN beats all numbers.
    ///
    /// # Safety
    ///
    /// Nobody else uses these outputs, and `V` is for this processor.
    #[inline(always)]
    unsafe fn pool<V: Vector>(&self, piece: &[Float], first: usize, filters: &Range<usize>) {
        let finish = Finish::new(Epilogue::new(self.bias, self.relu), true, true);
        let bias = finish.bias(filters);
        let (lines, _) = piece.as_chunks::<COLUMNS>();
        for (output, window) in (first..).zip(lines.chunks_exact(self.plan.area())) {
            let (mut largest, mut winners) = ([0.0; COLUMNS], [0.0; COLUMNS]);
            // SAFETY: the caller's promise.
            unsafe {
                let (sums, places) = largest_of::<V>(window);
                finish.complete(sums, &bias, None, &mut largest);
                store(places, &mut winners);
                put(&largest, self.output.segment(output, filters.clone()));
                let winners = winners.map(|winner| winner as u8);
                put(&winners, self.winners.segment(output, filters.clone()));
            }
        }
    }
}

/// The largest number of each column, and which of the lines it is in.
///
/// # Safety
///
/// `V` is for this processor.
#[inline(always)]
unsafe fn largest_of<V: Vector>(lines: &[Line]) -> (Sums<V>, Sums<V>) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut largest = load::<V>(&lines[0]);
        let mut places = [V::splat(0.0); 2];
        for (place, line) in lines.iter().enumerate().skip(1) {
            let place = V::splat(place as Float);
            let [left, right] = load::<V>(line);
            places = [
                place.where_larger(left, largest[0], places[0]),
                place.where_larger(right, largest[1], places[1]),
            ];
            largest = [
                left.where_larger(left, largest[0], largest[0]),
                right.where_larger(right, largest[1], largest[1]),
            ];
        }
        (largest, places)
    }
}
