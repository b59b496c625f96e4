//! The walk of some samples through all time steps.

use std::ops::Range;

use super::{
    Cell, Recurrent,
    inputs::{Given, Sizes},
    memory::{Kept, kept_widths},
};
use crate::{
    Float,
    kernels::{
        dispatch::vectorised,
        matmul::{Epilogue, Matrix, Packed, Target},
        parallel::Share,
        team::Team,
    },
};

/// So few samples that the products x·K of all steps are one: tiles need rows.
const FEW: usize = 6;

/// The kernels, packed.
pub(super) struct PackedKernels<'a> {
    pub(super) kernel: &'a Packed,
    pub(super) recurrent: &'a [Packed; 2],
}

/// Some samples in one time step, and what is kept of them.
pub(crate) struct ForwardBlock<'a> {
    pub(crate) rows: usize,
    pub(crate) units: usize,
    /// The recurrent kernel.
    pub(crate) packed: &'a [Packed; 2],
    /// What is added to the product with it.
    pub(crate) recurrent_bias: Option<&'a [Float]>,
    pub(crate) gates: &'a mut [Float],
    pub(crate) kept: &'a mut [Float],
    /// The outputs of the step before, after dropout.
    pub(crate) hidden: &'a [Float],
}

impl ForwardBlock<'_> {
    /// Adds the products with a packed kernel, and the bias, to the pre-activations, from the column `first`
    /// of the `gates · units` on.
    #[inline(always)]
    pub(crate) fn add_product(&mut self, number: usize, gates: usize, first: usize) {
        let hidden = Matrix::new(self.hidden, self.rows, self.units);
        let pre_activations = Target { data: self.gates, stride: gates * self.units, first };
        let packed = &self.packed[number];
        let epilogue = match self.recurrent_bias {
            Some(bias) => Epilogue::AddBias(&bias[first..first + packed.columns()]),
            None => Epilogue::Add,
        };
        packed.multiply(hidden, 0, pre_activations, epilogue);
    }
}

/// Some samples on their walk.
///
/// A thread takes its samples through all time steps: there is nothing to wait for in between.
struct Walk<'a> {
    given: &'a Given<'a>,
    packed: &'a PackedKernels<'a>,
    samples: Range<usize>,
    kept: Kept<Share<'a, Float>>,
    output: Share<'a, Float>,
}

impl<C: Cell> Recurrent<C> {
    /// Walks from the first step to the last.
    pub(super) fn walk(
        &self,
        given: &Given<'_>,
        kept: Kept<&mut [Float]>,
        packed: &PackedKernels<'_>,
        team: &Team,
        output: &mut [Float],
    ) {
        let sizes = given.sizes;
        let widths = kept_widths::<C>(sizes, given.dropout.is_some());
        let outputs = [
            (kept.x, widths.x),
            (kept.gates, widths.gates),
            (kept.hidden, widths.hidden),
            (kept.dropped, widths.dropped),
            (kept.second, widths.second),
            (kept.kept, widths.kept),
            (kept.states, widths.states),
            (output, self.output_row::<C>(sizes)),
        ];
        let cost = sizes.time * (sizes.features + sizes.units) * sizes.units * C::GATES;
        team.for_each_share(outputs, sizes.batch, cost, &|samples, shares| {
            let [x, gates, hidden, dropped, second, kept, states, output] = shares;
            let kept = Kept { x, gates, hidden, dropped, second, kept, states };
            let mut walk = Walk { given, packed, samples, kept, output };
            vectorised(
                #[inline(always)]
                || self.walk_with(&mut walk),
            );
        });
    }

    #[inline(always)]
    fn walk_with(&self, walk: &mut Walk<'_>) {
        let Sizes { time, units, .. } = walk.given.sizes;
        self.begin(walk);
        let is_multiplied = walk.multiply_all_steps::<C>();
        for step in 0..time {
            let t = self.time_of(step, time);
            walk.remember::<C>(t);
            if !is_multiplied {
                walk.multiply::<C>(t);
            }
            self.cell.multiply(&mut walk.block::<C>(t));
            for row in 0..walk.samples.len() {
                let counts = walk.given.counts(walk.samples.start + row, t);
                if counts {
                    let gates =
                        &mut walk.kept.gates.step_mut(t)[row * C::GATES * units..][..C::GATES * units];
                    let kept = &mut walk.kept.kept.step_mut(t)[row * C::KEPT * units..][..C::KEPT * units];
                    let states =
                        &mut walk.kept.states.step_mut(0)[row * C::STATES * units..][..C::STATES * units];
                    self.cell.advance(gates, kept, states);
                }
                self.put_out(walk, row, step, counts);
            }
        }
        if self.return_state {
            let width = C::STATES * units;
            let rows = walk.output.step_mut(0).chunks_exact_mut(self.output_row::<C>(walk.given.sizes));
            for (output, states) in rows.zip(walk.kept.states.step(0).chunks_exact(width)) {
                let start = output.len() - width;
                output[start..].copy_from_slice(states);
            }
        }
    }

    /// The first states, and an output of zeros: what a leading masked step gives.
    #[inline(always)]
    fn begin(&self, walk: &mut Walk<'_>) {
        let Sizes { time, units, .. } = walk.given.sizes;
        let rows = walk.kept.states.step_mut(0).chunks_exact_mut(C::STATES * units);
        for (sample, states) in walk.samples.clone().zip(rows) {
            for (state, given) in states.chunks_exact_mut(units).zip(walk.given.states) {
                match given {
                    Some(given) => state.copy_from_slice(&given[sample * units..][..units]),
                    None => state.fill(0.0),
                }
            }
        }
        if !self.return_sequences || time == 0 {
            walk.output.step_mut(0).fill(0.0);
        }
    }

    /// Writes the output of one step; a masked step repeats the one before, or gives zeros.
    #[inline(always)]
    fn put_out(&self, walk: &mut Walk<'_>, row: usize, step: usize, counts: bool) {
        let Sizes { time, units, .. } = walk.given.sizes;
        let state = &walk.kept.states.step(0)[row * C::STATES * units..][..units];
        let width = self.output_row_of(time, units, C::STATES);
        let output = &mut walk.output.step_mut(0)[row * width..][..width];
        let start = if self.return_sequences { step * units } else { 0 };
        if counts {
            output[start..start + units].copy_from_slice(state);
        } else if self.zero_output_for_mask || self.return_sequences && step == 0 {
            output[start..start + units].fill(0.0);
        } else if self.return_sequences {
            output.copy_within(start - units..start, start);
        }
    }
}

impl Walk<'_> {
    /// Puts the features of the time `t` together.
    #[inline(always)]
    fn gather(&mut self, t: usize) {
        let Sizes { time, features, .. } = self.given.sizes;
        let x = self.kept.x.step_mut(t);
        for (row, sample) in self.samples.clone().enumerate() {
            let given = &self.given.x[(sample * time + t) * features..][..features];
            x[row * features..][..features].copy_from_slice(given);
        }
    }

    /// Computes x·K, with the bias, for the time `t`: it is still in the cache when h·R is added.
    #[inline(always)]
    fn multiply<C: Cell>(&mut self, t: usize) {
        self.gather(t);
        let (x, gates) = (self.kept.x.step(t), self.kept.gates.step_mut(t));
        multiply_input::<C>(self.given, self.packed.kernel, x, gates);
    }

    /// Computes x·K for all steps if the samples are few, and all there are; whether they are.
    fn multiply_all_steps<C: Cell>(&mut self) -> bool {
        if self.samples.len() >= FEW || self.samples.len() < self.given.sizes.batch {
            return false;
        }
        (0..self.given.sizes.time).for_each(|t| self.gather(t));
        let (Some(x), Some(gates)) = (self.kept.x.all_steps_mut(), self.kept.gates.all_steps_mut()) else {
            return false;
        };
        multiply_input::<C>(self.given, self.packed.kernel, x, gates);
        true
    }

    #[inline(always)]
    fn block<C: Cell>(&mut self, t: usize) -> ForwardBlock<'_> {
        let Sizes { units, .. } = self.given.sizes;
        let hidden = if self.given.dropout.is_some() { &self.kept.dropped } else { &self.kept.hidden };
        ForwardBlock {
            rows: self.samples.len(),
            units,
            packed: self.packed.recurrent,
            recurrent_bias: self.given.recurrent_bias(C::GATES),
            gates: self.kept.gates.step_mut(t),
            kept: self.kept.kept.step_mut(t),
            hidden: hidden.step(t),
        }
    }

    /// Keeps the states that a step begins with.
    #[inline(always)]
    fn remember<C: Cell>(&mut self, t: usize) {
        let units = self.given.sizes.units;
        let (states, kept) = (self.kept.states.step(0), C::STATES * units);
        let hidden = self.kept.hidden.step_mut(t);
        let second = self.kept.second.step_mut(t);
        for (row, states) in states.chunks_exact(kept).enumerate() {
            hidden[row * units..][..units].copy_from_slice(&states[..units]);
            if C::STATES > 1 {
                second[row * units..][..units].copy_from_slice(&states[units..]);
            }
        }
        if let Some(factors) = self.given.dropout {
            let factors = &factors[self.samples.start * units..self.samples.end * units];
            let terms = self.kept.hidden.step(t).iter().zip(factors);
            let dropped = self.kept.dropped.step_mut(t);
            dropped.iter_mut().zip(terms).for_each(|(dropped, (h, factor))| *dropped = h * factor);
        }
    }
}

/// x·K and the bias.
#[inline(always)]
fn multiply_input<C: Cell>(given: &Given<'_>, kernel: &Packed, x: &[Float], gates: &mut [Float]) {
    let Sizes { features, units, .. } = given.sizes;
    let width = C::GATES * units;
    let epilogue = given.bias.map_or(Epilogue::Assign, |bias| Epilogue::Bias(&bias[..width]));
    let x = Matrix::new(x, gates.len() / width.max(1), features);
    kernel.multiply(x, 0, Target { data: gates, stride: width, first: 0 }, epilogue);
}
