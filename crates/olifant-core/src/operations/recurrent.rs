//! What the recurrent operations share: one operation for all time steps.
//!
//! - Both kernels stay packed for all steps. A step is x·K, with the bias in its epilogue, h·R added to it while it is
//!   in the cache, and one pass over the gates.
//! - What is kept lies step by step, so that what a step works on is close together.
//! - The way back goes by stretches of steps: behind each, the gradients of x and of the two kernels are products,
//!   as long as what they are made of is in the cache; the two kernels' share their right factor, if it is the same.
//! - Threads divide the samples and take theirs through all steps: they wait for each other only at the end.
//!   No sum is divided, so the bits do not depend on the number of threads.

use std::ops::Range;

use crate::{
    Float, Operation, Shape, ShapeError,
    kernels::{Scratch, matmul::Matrix},
    operation::{BackwardStep, ForwardStep, InputGradients, Inputs},
};
pub(crate) use backward::BackwardBlock;
use backward::Stretch;
pub(crate) use cell::{Cell, Factor, RowStep};
pub(crate) use forward::ForwardBlock;
use forward::PackedKernels;
use inputs::Sizes;
use memory::{Gradients, gradient_widths, kept_widths};
use products::{Sums, write_by_sample};

mod activation;
mod backward;
mod cell;
mod forward;
mod inputs;
mod memory;
mod products;
mod record;

pub use activation::RecurrentActivation;
pub use record::{RecurrentOptions, RecurrentResult, RecurrentWeights};

/// A cell applied to one time step after the other.
///
/// A masked step leaves the states as they are and repeats the output of the step before.
///
/// The inputs are x, kernel, recurrent kernel and, as far as they are there, bias, mask, factors of the recurrent dropout, and first states.
/// A row of the result is the output of all steps, or of the last, and behind it, if asked for, the last states.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recurrent<C> {
    cell: C,
    has_bias: bool,
    has_mask: bool,
    has_dropout: bool,
    has_states: bool,
    return_sequences: bool,
    return_state: bool,
    go_backwards: bool,
    zero_output_for_mask: bool,
}

impl<C: Cell> Recurrent<C> {
    /// How many numbers the result has for each sample.
    fn output_row<D: Cell>(&self, sizes: Sizes) -> usize {
        self.output_row_of(sizes.time, sizes.units, D::STATES)
    }

    fn output_row_of(&self, time: usize, units: usize, states: usize) -> usize {
        let outputs = if self.return_sequences { time } else { 1 };
        (outputs + if self.return_state { states } else { 0 }) * units
    }

    /// The times that some steps are about.
    fn times_of(&self, steps: &Range<usize>, time: usize) -> Range<usize> {
        if self.go_backwards { time - steps.end..time - steps.start } else { steps.clone() }
    }

    /// The time that the `step`-th step is about.
    #[inline(always)]
    fn time_of(&self, step: usize, time: usize) -> usize {
        if self.go_backwards { time - 1 - step } else { step }
    }
}

impl<C: Cell> Operation for Recurrent<C> {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let sizes = self.check(inputs)?;
        let Sizes { batch, time, units, .. } = sizes;
        Ok(match (self.return_state, self.return_sequences) {
            (true, _) => Shape::from([batch, self.output_row::<C>(sizes)]),
            (false, true) => Shape::from([batch, time, units]),
            (false, false) => Shape::from([batch, units]),
        })
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let given = self.given(&step.inputs);
        let Sizes { features, units, .. } = given.sizes;
        let widths = kept_widths::<C>(given.sizes, given.dropout.is_some());
        let total = widths.total(given.sizes);
        if step.cache.len() < total {
            step.cache.resize(total, 0.0);
        }
        let kept = widths.split(given.sizes, step.cache);
        let gates = C::GATES * units;
        let kernel = Matrix::new(given.kernel, features, gates);
        let Scratch { packed, packed_input, .. } = step.scratch;
        packed_input.pack(kernel, 0..features, 0..gates);
        self.cell.pack(Matrix::new(given.recurrent_kernel, units, gates), units, packed);
        let packed = PackedKernels { kernel: packed_input, recurrent: packed };
        self.walk(&given, kept, &packed, step.team, step.output);
    }

    fn backward(&self, step: BackwardStep<'_>, wanted: &mut InputGradients<'_>) {
        let BackwardStep { inputs, cache, output_gradient, team, scratch, .. } = step;
        let given = self.given(&inputs);
        let (sizes, units) = (given.sizes, given.sizes.units);
        let kept_widths = kept_widths::<C>(sizes, given.dropout.is_some());
        let widths = gradient_widths(sizes, self.cell, wanted.wanted(0));
        let (kept, mut gradients) = memory::of_backward(cache, &kept_widths, &widths, sizes);
        let recurrent = Matrix::new(given.recurrent_kernel, units, C::GATES * units);
        let mut packed = std::mem::take(&mut scratch.packed);
        self.cell.pack_back(recurrent, units, &mut packed);
        let first = self.optional_positions().states;
        let first_states = first.is_some_and(|first| (0..C::STATES).any(|i| wanted.wanted(first + i)));
        let len = widths.stretch(sizes);
        for number in (0..sizes.time.div_ceil(len).max(1)).rev() {
            let steps = number * len..((number + 1) * len).min(sizes.time);
            let times = self.times_of(&steps, sizes.time);
            let stretch = Stretch { steps, first_time: times.start, output: output_gradient, first_states };
            self.walk_back(&given, &kept, &stretch, &mut gradients, &packed, team);
            let rows = times.start * sizes.batch..times.end * sizes.batch;
            let Gradients { x, gates, recurrent, .. } = &mut gradients;
            let sums = Sums {
                given: &given,
                kept: kept.of_rows(rows.clone(), &kept_widths),
                rows: rows.len(),
                gates: &gates[..rows.len() * widths.gates],
                recurrent: &recurrent[..rows.len() * widths.recurrent],
            };
            let dx = &mut x[rows.start * widths.x..rows.end * widths.x];
            self.write_products(&sums, dx, team, scratch, wanted);
        }
        scratch.packed = packed;
        if let Some(dx) = wanted.get(0) {
            write_by_sample(gradients.x, sizes, dx, team);
        }
        if let Some(first) = first {
            write_states::<C>(units, gradients.states, first, wanted);
        }
    }
}

/// Writes the gradients of the first states.
fn write_states<C: Cell>(units: usize, states: &[Float], first: usize, wanted: &mut InputGradients<'_>) {
    for number in 0..C::STATES {
        let Some(mut gradient) = wanted.get(first + number) else { continue };
        let rows = states.chunks_exact(C::STATES * units);
        gradient.write_from(rows.flat_map(|states| &states[number * units..][..units]).copied());
    }
}
