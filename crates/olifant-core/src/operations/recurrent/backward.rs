//! The walk back of some samples through all time steps.

use super::{
    Cell, Recurrent,
    cell::RowStep,
    inputs::Given,
    memory::{Gradients, Kept, gradient_rows, kept_rows},
};
use crate::{
    Float,
    kernels::{
        dispatch::vectorised,
        matmul::{Epilogue, Matrix, Packed, Target},
        team::Team,
    },
};

/// Some samples, their gradients, and what the forward pass kept of them.
pub(crate) struct BackwardBlock<'a> {
    pub(crate) rows: usize,
    pub(crate) time: usize,
    pub(crate) units: usize,
    /// The transpose of the recurrent kernel.
    pub(crate) packed: &'a [Packed; 2],
    pub(crate) kept: Kept<&'a [Float]>,
    /// ∂loss/∂pre-activations.
    pub(crate) gates: &'a mut [Float],
    pub(crate) recurrent: &'a mut [Float],
    /// ∂loss/∂states: of a step's results, then, but for `inflow`, of the states it began with.
    states: &'a mut [Float],
    /// What the output of the step before gets through the recurrent kernel.
    pub(crate) inflow: &'a mut [Float],
    repeated: &'a mut [Float],
}

impl BackwardBlock<'_> {
    /// Multiplies the gradients of the time `t` by a transposed kernel, for the inflow: those of the pre-activations,
    /// or those that are kept apart. The kernel begins with the column `first` of the `gates · units`.
    #[inline(always)]
    pub(crate) fn send_through(
        &mut self,
        number: usize,
        t: usize,
        gates: usize,
        first: usize,
        epilogue: Epilogue<'_>,
    ) {
        let width = gates * self.units;
        let dz = if self.recurrent.is_empty() { &*self.gates } else { &*self.recurrent };
        let dz = Matrix::new(dz, self.rows, self.time * width);
        let inflow = Target { data: self.inflow, stride: self.units, first: 0 };
        self.packed[number].multiply(dz, t * width + first, inflow, epilogue);
    }
}

/// ∂loss/∂output of all samples, and whether anybody wants that of the first states.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) output: &'a [Float],
    pub(super) first_states: bool,
}

impl<C: Cell> Recurrent<C> {
    /// Walks from the last step to the first; the gradients of the pre-activations, and of the first states, remain.
    pub(super) fn walk_back(
        &self,
        given: &Given<'_>,
        kept: &Kept<&[Float]>,
        gradients: Gradients<&mut [Float]>,
        packed: &[Packed; 2],
        team: &Team,
        wanted: Wanted<'_>,
    ) {
        let sizes = given.sizes;
        let rows_kept = kept_rows::<C>(sizes, given.dropout.is_some());
        let lengths = gradient_rows(sizes, self.cell);
        let outputs = [
            (gradients.gates, lengths.gates),
            (gradients.recurrent, lengths.recurrent),
            (gradients.states, lengths.states),
            (gradients.inflow, lengths.inflow),
            (gradients.repeated, lengths.repeated),
        ];
        let cost = sizes.time * sizes.units * sizes.units * C::GATES;
        team.for_each_block(outputs, sizes.batch, cost, &|rows, pieces| {
            let [gates, recurrent, states, inflow, repeated] = pieces;
            let (time, units, kept) = (sizes.time, sizes.units, kept.of_samples(&rows_kept, rows.clone()));
            let (first, rows) = (rows.start, rows.len());
            let mut block =
                BackwardBlock { rows, time, units, packed, kept, gates, recurrent, states, inflow, repeated };
            vectorised(
                #[inline(always)]
                || self.walk_block_back(&mut block, given, wanted, first),
            );
        });
    }

    #[inline(always)]
    fn walk_block_back(
        &self,
        block: &mut BackwardBlock<'_>,
        given: &Given<'_>,
        wanted: Wanted<'_>,
        first: usize,
    ) {
        self.begin_back(block, wanted.output, first);
        for step in (0..block.time).rev() {
            let t = self.time_of(step, block.time);
            for row in 0..block.rows {
                collect_inflow::<C>(block, given.dropout, first, row);
                if self.return_sequences {
                    let width = self.output_row::<C>(given.sizes);
                    let dy = &wanted.output[(first + row) * width + step * block.units..][..block.units];
                    add(&mut block.repeated[row * block.units..][..block.units], dy);
                }
                let counts = given.mask.is_none_or(|mask| mask[(first + row) * block.time + t] != 0.0);
                self.retreat(block, row, t, counts);
            }
            if step > 0 || wanted.first_states {
                self.cell.multiply_back(block, t);
            }
        }
        if wanted.first_states && block.time > 0 {
            (0..block.rows).for_each(|row| collect_inflow::<C>(block, given.dropout, first, row));
        }
    }

    /// The gradients behind the last step.
    #[inline(always)]
    fn begin_back(&self, block: &mut BackwardBlock<'_>, dy: &[Float], first: usize) {
        let (units, width) = (block.units, C::STATES * block.units);
        let row_len = self.output_row_of(block.time, units, C::STATES);
        block.inflow.fill(0.0);
        for row in 0..block.rows {
            let dy = &dy[(first + row) * row_len..][..row_len];
            let states = &mut block.states[row * width..][..width];
            let repeated = &mut block.repeated[row * units..][..units];
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
    fn retreat(&self, block: &mut BackwardBlock<'_>, row: usize, t: usize, counts: bool) {
        let (units, number) = (block.units, row * block.time + t);
        let gates = &mut block.gates[number * C::GATES * units..][..C::GATES * units];
        let width = if self.cell.has_recurrent_gradients() { C::GATES * units } else { 0 };
        let recurrent = &mut block.recurrent[number * width..][..width];
        let repeated = &mut block.repeated[row * units..][..units];
        if !counts {
            gates.fill(0.0);
            recurrent.fill(0.0);
            if self.zero_output_for_mask {
                repeated.fill(0.0);
            }
            return;
        }
        let states = &mut block.states[row * C::STATES * units..][..C::STATES * units];
        add(&mut states[..units], repeated);
        repeated.fill(0.0);
        let step = RowStep {
            gates: &block.kept.gates[number * C::GATES * units..][..C::GATES * units],
            kept: &block.kept.kept[number * C::KEPT * units..][..C::KEPT * units],
            hidden: &block.kept.hidden[number * units..][..units],
            second: if C::STATES > 1 { &block.kept.second[number * units..][..units] } else { &[] },
        };
        self.cell.retreat(step, states, gates, recurrent);
    }
}

/// What came through the recurrent kernel joins what came past it.
#[inline(always)]
fn collect_inflow<C: Cell>(
    block: &mut BackwardBlock<'_>,
    dropout: Option<&[Float]>,
    first: usize,
    row: usize,
) {
    let units = block.units;
    let states = &mut block.states[row * C::STATES * units..][..units];
    let inflow = &block.inflow[row * units..][..units];
    match dropout {
        None => add(states, inflow),
        Some(factors) => {
            let terms = inflow.iter().zip(&factors[(first + row) * units..][..units]);
            states.iter_mut().zip(terms).for_each(|(dh, (inflow, factor))| *dh += inflow * factor);
        }
    }
}

#[inline(always)]
fn add(sum: &mut [Float], terms: &[Float]) {
    sum.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
}
