//! The walk of some samples through all time steps.

use super::{
    Cell, Recurrent,
    inputs::Given,
    memory::{Kept, kept_rows},
};
use crate::{
    Float,
    kernels::{
        dispatch::vectorised,
        matmul::{Epilogue, Matrix, Packed, Target},
        team::Team,
    },
};

/// Some samples, and what is kept of them.
///
/// A thread takes its samples through all time steps: there is nothing to wait for in between.
pub(crate) struct ForwardBlock<'a> {
    pub(crate) rows: usize,
    pub(crate) time: usize,
    pub(crate) units: usize,
    /// The recurrent kernel.
    pub(crate) packed: &'a [Packed; 2],
    /// What is added to the product with it.
    pub(crate) recurrent_bias: Option<&'a [Float]>,
    pub(crate) gates: &'a mut [Float],
    pub(crate) kept: &'a mut [Float],
    /// The outputs of the steps before.
    pub(crate) hidden: &'a mut [Float],
    /// The same after dropout; empty if there is none.
    pub(crate) dropped: &'a mut [Float],
    second: &'a mut [Float],
    states: &'a mut [Float],
    output: &'a mut [Float],
}

impl ForwardBlock<'_> {
    /// Adds the products with a packed kernel, and the bias, to the pre-activations of the time `t`, from the column `first`
    /// of the `gates · units` on.
    #[inline(always)]
    pub(crate) fn add_product(&mut self, number: usize, t: usize, gates: usize, first: usize) {
        let width = gates * self.units;
        let hidden = if self.dropped.is_empty() { &*self.hidden } else { &*self.dropped };
        let hidden = Matrix::new(hidden, self.rows, self.time * self.units);
        let pre_activations =
            Target { data: self.gates, stride: self.time * width, first: t * width + first };
        let packed = &self.packed[number];
        let epilogue = match self.recurrent_bias {
            Some(bias) => Epilogue::AddBias(&bias[first..first + packed.columns()]),
            None => Epilogue::Add,
        };
        packed.multiply(hidden, t * self.units, pre_activations, epilogue);
    }
}

impl<C: Cell> Recurrent<C> {
    /// Walks from the first step to the last; the products x·K are in the gates already.
    pub(super) fn walk(
        &self,
        given: &Given<'_>,
        kept: Kept<&mut [Float]>,
        packed: &[Packed; 2],
        team: &Team,
        output: &mut [Float],
    ) {
        let sizes = given.sizes;
        let lengths = kept_rows::<C>(sizes, given.dropout.is_some());
        let outputs = [
            (kept.gates, lengths.gates),
            (kept.kept, lengths.kept),
            (kept.hidden, lengths.hidden),
            (kept.dropped, lengths.dropped),
            (kept.second, lengths.second),
            (kept.states, lengths.states),
            (output, self.output_row::<C>(sizes)),
        ];
        let cost = sizes.time * sizes.units * sizes.units * C::GATES;
        let recurrent_bias =
            given.bias.and_then(|bias| bias.get(C::GATES * sizes.units..).filter(|b| !b.is_empty()));
        team.for_each_block(outputs, sizes.batch, cost, &|rows, pieces| {
            let [gates, kept, hidden, dropped, second, states, output] = pieces;
            let (time, units) = (sizes.time, sizes.units);
            let (first, rows) = (rows.start, rows.len());
            #[rustfmt::skip]
            let mut block = ForwardBlock {
                rows, time, units, packed, recurrent_bias, gates, kept, hidden, dropped, second, states, output,
            };
            vectorised(
                #[inline(always)]
                || self.walk_block(&mut block, given, first),
            );
        });
    }

    #[inline(always)]
    fn walk_block(&self, block: &mut ForwardBlock<'_>, given: &Given<'_>, first: usize) {
        self.begin(block, given, first);
        for step in 0..block.time {
            let t = self.time_of(step, block.time);
            remember::<C>(block, given.dropout, first, t);
            self.cell.multiply(block, t);
            for row in 0..block.rows {
                let counts = given.mask.is_none_or(|mask| mask[(first + row) * block.time + t] != 0.0);
                if counts {
                    self.advance(block, row, t);
                }
                self.put_out(block, row, step, counts);
            }
        }
        if self.return_state {
            let width = C::STATES * block.units;
            let states = block.states.chunks_exact(width);
            for (output, states) in
                block.output.chunks_exact_mut(self.output_row::<C>(given.sizes)).zip(states)
            {
                let start = output.len() - width;
                output[start..].copy_from_slice(states);
            }
        }
    }

    /// The first states, and an output of zeros: what a leading masked step gives.
    #[inline(always)]
    fn begin(&self, block: &mut ForwardBlock<'_>, given: &Given<'_>, first: usize) {
        let units = block.units;
        for (row, states) in block.states.chunks_exact_mut(C::STATES * units).enumerate() {
            for (state, given) in states.chunks_exact_mut(units).zip(given.states) {
                match given {
                    Some(given) => state.copy_from_slice(&given[(first + row) * units..][..units]),
                    None => state.fill(0.0),
                }
            }
        }
        if !self.return_sequences || given.sizes.time == 0 {
            block.output.fill(0.0);
        }
    }

    #[inline(always)]
    fn advance(&self, block: &mut ForwardBlock<'_>, row: usize, t: usize) {
        let (units, number) = (block.units, row * block.time + t);
        let gates = &mut block.gates[number * C::GATES * units..][..C::GATES * units];
        let kept = &mut block.kept[number * C::KEPT * units..][..C::KEPT * units];
        let states = &mut block.states[row * C::STATES * units..][..C::STATES * units];
        self.cell.advance(gates, kept, states);
    }

    /// Writes the output of one step; a masked step repeats the one before, or gives zeros.
    #[inline(always)]
    fn put_out(&self, block: &mut ForwardBlock<'_>, row: usize, step: usize, counts: bool) {
        let units = block.units;
        let state = &block.states[row * C::STATES * units..][..units];
        let width = self.output_row_of(block.time, units, C::STATES);
        let output = &mut block.output[row * width..][..width];
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

/// Keeps the states that a step begins with.
#[inline(always)]
fn remember<C: Cell>(block: &mut ForwardBlock<'_>, dropout: Option<&[Float]>, first: usize, t: usize) {
    let units = block.units;
    for row in 0..block.rows {
        let states = &block.states[row * C::STATES * units..][..C::STATES * units];
        let place = (row * block.time + t) * units;
        block.hidden[place..place + units].copy_from_slice(&states[..units]);
        if C::STATES > 1 {
            block.second[place..place + units].copy_from_slice(&states[units..]);
        }
        if let Some(factors) = dropout {
            let factors = &factors[(first + row) * units..][..units];
            let dropped = &mut block.dropped[place..place + units];
            let terms = states[..units].iter().zip(factors);
            dropped.iter_mut().zip(terms).for_each(|(dropped, (h, factor))| *dropped = h * factor);
        }
    }
}
