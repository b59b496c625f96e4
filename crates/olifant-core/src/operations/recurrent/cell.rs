//! What one kind of recurrent cell computes in one time step.

use std::{fmt, ops::Range};

use super::{backward::BackwardBlock, forward::ForwardBlock};
use crate::{
    Float,
    kernels::matmul::{Epilogue, Matrix, Packed},
};

/// A recurrent cell: its gates, its states, and its step in both directions.
///
/// Its pre-activations are x·K + h·R: the first product is there already, the second is the cell's.
pub(crate) trait Cell: fmt::Debug + Copy + Send + Sync {
    /// What messages call the operation.
    const NAME: &'static str;
    /// Pre-activations of each unit.
    const GATES: usize;
    /// What each unit hands on from step to step; the first is the output.
    const STATES: usize;
    /// What else each unit keeps for the backward pass.
    const KEPT: usize;

    /// How many rows the bias has.
    fn bias_rows(&self) -> usize {
        1
    }

    /// Whether the gradients of h·R are others than those of the pre-activations, and are kept apart.
    fn has_recurrent_gradients(&self) -> bool {
        false
    }

    /// Packs the recurrent kernel for [`Cell::multiply`].
    fn pack(&self, kernel: Matrix<'_>, units: usize, packed: &mut [Packed; 2]) {
        packed[0].pack(kernel, 0..units, 0..Self::GATES * units);
    }

    /// Packs the recurrent kernel for [`Cell::multiply_back`].
    fn pack_back(&self, kernel: Matrix<'_>, units: usize, packed: &mut [Packed; 2]) {
        packed[0].pack(kernel.transposed(), 0..Self::GATES * units, 0..units);
    }

    /// Adds h·R to the pre-activations of one time step.
    #[inline(always)]
    fn multiply(&self, block: &mut ForwardBlock<'_>) {
        block.add_product(0, Self::GATES, 0);
    }

    /// Replaces one sample's pre-activations by its gates, and its states by those of the next step.
    fn advance(&self, gates: &mut [Float], kept: &mut [Float], states: &mut [Float]);

    /// Sends one sample's gradients back: those of the states become those of the states before,
    /// as far as these do not pass through the recurrent kernel.
    fn retreat(&self, step: RowStep<'_>, states: &mut [Float], gates: &mut [Float], recurrent: &mut [Float]);

    /// Sends the gradients of one time step back through the recurrent kernel, to `block.inflow`.
    #[inline(always)]
    fn multiply_back(&self, block: &mut BackwardBlock<'_>) {
        block.send_through(0, Self::GATES, 0, Epilogue::Assign);
    }

    /// What is summed over samples and steps for the gradient of the recurrent kernel:
    /// for some of its columns each, what they were multiplied by.
    fn kernel_gradient(&self, units: usize) -> [(Factor, Range<usize>); 2] {
        [(Factor::Hidden, 0..Self::GATES * units), (Factor::Hidden, 0..0)]
    }
}

/// What one sample had in one time step.
pub(crate) struct RowStep<'a> {
    pub(crate) gates: &'a [Float],
    pub(crate) kept: &'a [Float],
    /// The output of the step before.
    pub(crate) hidden: &'a [Float],
    /// The second state of the step before.
    pub(crate) second: &'a [Float],
}

/// What a part of the recurrent kernel was multiplied by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Factor {
    /// The output of the step before.
    Hidden,
    /// What the cell kept.
    Kept,
}
