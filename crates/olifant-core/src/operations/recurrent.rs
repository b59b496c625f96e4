//! What the recurrent operations share: one operation for all time steps.
//!
//! - The products x·K of all steps are one product, with the bias in its epilogue; so are, on the way back,
//!   the gradients of x and of the two kernels.
//! - What remains for each step is one product with the recurrent kernel, which stays packed for all steps,
//!   and one pass over the gates.
//! - Threads divide the samples and take theirs through all steps: they wait for each other only at the end.
//!   No sum is divided, so the bits do not depend on the number of threads.

use crate::{
    Float, Operation, Shape, ShapeError,
    kernels::matmul::{Epilogue, Matrix, matmul},
    operation::{BackwardStep, ForwardStep, InputGradients, Inputs},
};
pub(crate) use backward::BackwardBlock;
use backward::Wanted;
pub(crate) use cell::{Cell, Factor, RowStep};
pub(crate) use forward::ForwardBlock;
use inputs::Sizes;
use memory::{gradient_rows, kept_rows};
use products::Sums;

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
        let Sizes { batch, time, features, units } = given.sizes;
        let lengths = kept_rows::<C>(given.sizes, given.dropout.is_some());
        let total = batch * lengths.total();
        if step.cache.len() < total {
            step.cache.resize(total, 0.0);
        }
        let kept = lengths.split(batch, step.cache);
        let gates = C::GATES * units;
        let x = Matrix::new(given.x, batch * time, features);
        let kernel = Matrix::new(given.kernel, features, gates);
        let epilogue = given.bias.map_or(Epilogue::Assign, |bias| Epilogue::Bias(&bias[..gates]));
        matmul(x, kernel, kept.gates, epilogue, step.team, step.scratch);
        let recurrent = Matrix::new(given.recurrent_kernel, units, gates);
        self.cell.pack(recurrent, units, &mut step.scratch.packed);
        self.walk(&given, kept, &step.scratch.packed, step.team, step.output);
    }

    fn backward(&self, step: BackwardStep<'_>, wanted: &mut InputGradients<'_>) {
        let BackwardStep { inputs, cache, output_gradient, team, scratch, .. } = step;
        let given = self.given(&inputs);
        let Sizes { batch, units, .. } = given.sizes;
        let kept_lengths = kept_rows::<C>(given.sizes, given.dropout.is_some());
        let lengths = gradient_rows(given.sizes, self.cell);
        let total = batch * kept_lengths.total();
        if cache.len() < total + batch * lengths.total() {
            cache.resize(total + batch * lengths.total(), 0.0);
        }
        let (kept, gradients) = cache.split_at_mut(total);
        let kept = kept_lengths.split(batch, kept).shared();
        let recurrent = Matrix::new(given.recurrent_kernel, units, C::GATES * units);
        self.cell.pack_back(recurrent, units, &mut scratch.packed);
        let first = self.optional_positions().states;
        let first_states = first.is_some_and(|first| (0..C::STATES).any(|i| wanted.wanted(first + i)));
        let from = Wanted { output: output_gradient, first_states };
        self.walk_back(&given, &kept, lengths.split(batch, gradients), &scratch.packed, team, from);

        let gradients = lengths.split(batch, gradients);
        if let Some(first) = first {
            write_states::<C>(units, gradients.states, first, wanted);
        }
        let sums = Sums { given: &given, kept, gates: gradients.gates, recurrent: gradients.recurrent };
        self.write_products(&sums, team, scratch, wanted);
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
