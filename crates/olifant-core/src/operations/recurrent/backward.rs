//! The walk back of some samples through all time steps.

use std::ops::Range;

use super::{
    Cell, Recurrent,
    cell::RowStep,
    inputs::{Given, Sizes},
    memory::{Gradients, Kept, gradient_widths, kept_widths},
};
use crate::{
    Float,
    kernels::{
        dispatch::vectorised,
        matmul::{Epilogue, Matrix, Packed, Target},
        parallel::Share,
        prefetch::prefetch,
        team::Team,
    },
};

/// Some samples in one time step, their gradients, and what the forward pass kept of them.
pub(crate) struct BackwardBlock<'a> {
    pub(crate) rows: usize,
    pub(crate) units: usize,
    /// The transpose of the recurrent kernel.
    packed: &'a [Packed; 2],
    pub(crate) kept: Kept<&'a [Float]>,
    /// ∂loss/∂pre-activations.
    pub(crate) gates: &'a mut [Float],
    recurrent: &'a mut [Float],
    /// What the output of the step before gets through the recurrent kernel.
    pub(crate) inflow: &'a mut [Float],
}

impl BackwardBlock<'_> {
    /// Multiplies the gradients by a transposed kernel, for the inflow: those of the pre-activations,
    /// or those that are kept apart. The kernel begins with the column `first` of the `gates · units`.
    #[inline(always)]
    pub(crate) fn send_through(&mut self, number: usize, gates: usize, first: usize, epilogue: Epilogue<'_>) {
        let dz = if self.recurrent.is_empty() { &*self.gates } else { &*self.recurrent };
        let dz = Matrix::new(dz, self.rows, gates * self.units);
        let inflow = Target { data: self.inflow, stride: self.units, first: 0 };
        self.packed[number].multiply(dz, first, inflow, epilogue);
    }
}

/// Some steps of the way back, of all samples.
pub(super) struct Stretch<'a> {
    pub(super) steps: Range<usize>,
    /// The earliest of the times that they are about.
    pub(super) first_time: usize,
    /// ∂loss/∂output of all steps.
    pub(super) output: &'a [Float],
    /// Whether anybody wants ∂loss/∂first states.
    pub(super) first_states: bool,
}

/// Some samples on their walk back, through one stretch of steps.
struct WalkBack<'a> {
    given: &'a Given<'a>,
    packed: &'a [Packed; 2],
    samples: Range<usize>,
    kept: &'a Kept<&'a [Float]>,
    kept_widths: Kept<usize>,
    first_time: usize,
    /// The gradients of the stretch only, as are those of the recurrent kernel's products.
    gates: Share<'a, Float>,
    recurrent: Share<'a, Float>,
    /// ∂loss/∂states: of a step's results, then, but for `inflow`, of the states it began with.
    states: Share<'a, Float>,
    inflow: Share<'a, Float>,
    repeated: Share<'a, Float>,
}

impl<C: Cell> Recurrent<C> {
    /// Walks from the last step of a stretch to its first; the gradients of the pre-activations remain, and those of
    /// the states before. The last stretch comes first.
    pub(super) fn walk_back(
        &self,
        given: &Given<'_>,
        kept: &Kept<&[Float]>,
        stretch: &Stretch<'_>,
        gradients: &mut Gradients<&mut [Float]>,
        packed: &[Packed; 2],
        team: &Team,
    ) {
        let sizes = given.sizes;
        let widths = gradient_widths(sizes, self.cell, false);
        let first_time = stretch.first_time;
        let outputs = [
            (&mut *gradients.gates, widths.gates),
            (&mut *gradients.recurrent, widths.recurrent),
            (&mut *gradients.states, widths.states),
            (&mut *gradients.inflow, widths.inflow),
            (&mut *gradients.repeated, widths.repeated),
        ];
        let cost = stretch.steps.len() * sizes.units * sizes.units * C::GATES;
        team.for_each_share(outputs, sizes.batch, cost, &|samples, shares| {
            let [gates, recurrent, states, inflow, repeated] = shares;
            let kept_widths = kept_widths::<C>(sizes, given.dropout.is_some());
            #[rustfmt::skip]
            let mut walk = WalkBack {
                given, packed, samples, kept, kept_widths, first_time, gates, recurrent, states, inflow, repeated,
            };
            vectorised(
                #[inline(always)]
                || self.walk_back_with(&mut walk, stretch),
            );
        });
    }

    #[inline(always)]
    fn walk_back_with(&self, walk: &mut WalkBack<'_>, stretch: &Stretch<'_>) {
        let Sizes { time, units, .. } = walk.given.sizes;
        let Stretch { steps, output, first_states, .. } = stretch;
        if steps.end == time {
            self.begin_back(walk, output);
        }
        for step in steps.clone().rev() {
            let t = self.time_of(step, time);
            for (row, sample) in walk.samples.clone().enumerate() {
                walk.prefetch::<C>(row + 1, t);
                walk.collect_inflow::<C>(row, sample);
                if self.return_sequences {
                    let width = self.output_row::<C>(walk.given.sizes);
                    let dy = &output[sample * width + step * units..][..units];
                    add(&mut walk.repeated.step_mut(0)[row * units..][..units], dy);
                }
                self.retreat(walk, row, t, walk.given.counts(sample, t));
            }
            if step > 0 || *first_states {
                self.cell.multiply_back(&mut walk.block(t));
            }
        }
        if *first_states && steps.start == 0 && time > 0 {
            walk.samples.clone().enumerate().for_each(|(row, sample)| walk.collect_inflow::<C>(row, sample));
        }
    }

    /// The gradients behind the last step.
    #[inline(always)]
    fn begin_back(&self, walk: &mut WalkBack<'_>, dy: &[Float]) {
        let Sizes { time, units, .. } = walk.given.sizes;
        let (width, row_len) = (C::STATES * units, self.output_row_of(time, units, C::STATES));
        walk.inflow.step_mut(0).fill(0.0);
        for (row, sample) in walk.samples.clone().enumerate() {
            let dy = &dy[sample * row_len..][..row_len];
            let states = &mut walk.states.step_mut(0)[row * width..][..width];
            let repeated = &mut walk.repeated.step_mut(0)[row * units..][..units];
            if self.return_state {
                states.copy_from_slice(&dy[row_len - width..])
            } else {
                states.fill(0.0)
            }
            if self.return_sequences { repeated.fill(0.0) } else { repeated.copy_from_slice(&dy[..units]) }
        }
    }

    /// One sample, one step: through the cell, or past it if the step is masked.
    #[inline(always)]
    fn retreat(&self, walk: &mut WalkBack<'_>, row: usize, t: usize, counts: bool) {
        let units = walk.given.sizes.units;
        let (kept, place) = (walk.kept_at(t), t - walk.first_time);
        let gates = &mut walk.gates.step_mut(place)[row * C::GATES * units..][..C::GATES * units];
        let width = if self.cell.has_recurrent_gradients() { C::GATES * units } else { 0 };
        let recurrent = &mut walk.recurrent.step_mut(place)[row * width..][..width];
        let repeated = &mut walk.repeated.step_mut(0)[row * units..][..units];
        if !counts {
            gates.fill(0.0);
            recurrent.fill(0.0);
            if self.zero_output_for_mask {
                repeated.fill(0.0);
            }
            return;
        }
        let states = &mut walk.states.step_mut(0)[row * C::STATES * units..][..C::STATES * units];
        add(&mut states[..units], repeated);
        repeated.fill(0.0);
        let step = RowStep {
            gates: &kept.gates[row * C::GATES * units..][..C::GATES * units],
            kept: &kept.kept[row * C::KEPT * units..][..C::KEPT * units],
            hidden: &kept.hidden[row * units..][..units],
            second: if C::STATES > 1 { &kept.second[row * units..][..units] } else { &[] },
        };
        self.cell.retreat(step, states, gates, recurrent);
    }
}

impl<'a> WalkBack<'a> {
    /// What was kept of the samples at the time `t`.
    #[inline(always)]
    fn kept_at(&self, t: usize) -> Kept<&'a [Float]> {
        let first = t * self.given.sizes.batch;
        self.kept.of_rows(first + self.samples.start..first + self.samples.end, &self.kept_widths)
    }

    /// Asks for what was kept of a sample, if there is one: it has left the cache since the way forward.
    #[inline(always)]
    fn prefetch<C: Cell>(&self, row: usize, t: usize) {
        if row < self.samples.len() {
            let (kept, units) = (self.kept_at(t), self.given.sizes.units);
            prefetch(&kept.gates[row * C::GATES * units..][..C::GATES * units]);
            prefetch(&kept.kept[row * C::KEPT * units..][..C::KEPT * units]);
            if C::STATES > 1 {
                prefetch(&kept.second[row * units..][..units]);
            }
        }
    }

    #[inline(always)]
    fn block(&mut self, t: usize) -> BackwardBlock<'_> {
        BackwardBlock {
            rows: self.samples.len(),
            units: self.given.sizes.units,
            packed: self.packed,
            kept: self.kept_at(t),
            gates: self.gates.step_mut(t - self.first_time),
            recurrent: self.recurrent.step_mut(t - self.first_time),
            inflow: self.inflow.step_mut(0),
        }
    }

    /// What came through the recurrent kernel joins what came past it.
    #[inline(always)]
    fn collect_inflow<C: Cell>(&mut self, row: usize, sample: usize) {
        let units = self.given.sizes.units;
        let states = &mut self.states.step_mut(0)[row * C::STATES * units..][..units];
        let inflow = &self.inflow.step(0)[row * units..][..units];
        match self.given.dropout {
            None => add(states, inflow),
            Some(factors) => {
                let terms = inflow.iter().zip(&factors[sample * units..][..units]);
                states.iter_mut().zip(terms).for_each(|(dh, (inflow, factor))| *dh += inflow * factor);
            }
        }
    }
}

#[inline(always)]
fn add(sum: &mut [Float], terms: &[Float]) {
    sum.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
}
