//! Where a recurrent operation keeps what its backward pass needs.

use std::ops::Range;

use super::{Cell, inputs::Sizes};
use crate::Float;

/// What the forward pass writes, for each sample and time step.
pub(crate) struct Kept<T> {
    /// `GATES · units`
    pub(crate) gates: T,
    /// The output of the step before.
    pub(crate) hidden: T,
    /// The same after dropout; empty if there is none.
    pub(crate) dropped: T,
    /// The second state of the step before.
    pub(crate) second: T,
    /// `KEPT · units`
    pub(crate) kept: T,
    /// The states as they are now, for each sample only.
    pub(super) states: T,
}

/// Gradients, and what else the backward pass needs room for.
pub(super) struct Gradients<T> {
    /// Of the pre-activations.
    pub(super) gates: T,
    /// Of what the recurrent kernel gives, where they are others.
    pub(super) recurrent: T,
    /// Of the states as they are now.
    pub(super) states: T,
    /// What comes through the recurrent kernel.
    pub(super) inflow: T,
    /// Of an output that later, masked steps repeat.
    pub(super) repeated: T,
}

/// The lengths of the rows, one for each sample, of all that is kept.
pub(super) fn kept_rows<C: Cell>(sizes: Sizes, has_dropout: bool) -> Kept<usize> {
    let (time, units) = (sizes.time, sizes.units);
    Kept {
        gates: time * C::GATES * units,
        hidden: time * units,
        dropped: if has_dropout { time * units } else { 0 },
        second: (C::STATES - 1) * time * units,
        kept: C::KEPT * time * units,
        states: C::STATES * units,
    }
}

/// The lengths of the rows of all gradients.
pub(super) fn gradient_rows<C: Cell>(sizes: Sizes, cell: C) -> Gradients<usize> {
    let (time, units) = (sizes.time, sizes.units);
    Gradients {
        gates: time * C::GATES * units,
        recurrent: if cell.has_recurrent_gradients() { time * C::GATES * units } else { 0 },
        states: C::STATES * units,
        inflow: units,
        repeated: units,
    }
}

impl Kept<usize> {
    pub(super) fn total(&self) -> usize {
        self.gates + self.hidden + self.dropped + self.second + self.kept + self.states
    }

    /// Cuts the memory of so many samples into pieces.
    pub(super) fn split<'a>(&self, samples: usize, memory: &'a mut [Float]) -> Kept<&'a mut [Float]> {
        let mut rest = memory;
        Kept {
            gates: take(&mut rest, samples * self.gates),
            hidden: take(&mut rest, samples * self.hidden),
            dropped: take(&mut rest, samples * self.dropped),
            second: take(&mut rest, samples * self.second),
            kept: take(&mut rest, samples * self.kept),
            states: take(&mut rest, samples * self.states),
        }
    }
}

impl<'a> Kept<&'a mut [Float]> {
    /// The same, to be read.
    pub(super) fn shared(self) -> Kept<&'a [Float]> {
        Kept {
            gates: self.gates,
            hidden: self.hidden,
            dropped: self.dropped,
            second: self.second,
            kept: self.kept,
            states: self.states,
        }
    }
}

impl<'a> Kept<&'a [Float]> {
    /// What was kept of some samples, given the lengths of the rows.
    pub(super) fn of_samples(&self, lengths: &Kept<usize>, samples: Range<usize>) -> Kept<&'a [Float]> {
        let rows = |piece: &'a [Float], len: usize| &piece[samples.start * len..samples.end * len];
        Kept {
            gates: rows(self.gates, lengths.gates),
            hidden: rows(self.hidden, lengths.hidden),
            dropped: rows(self.dropped, lengths.dropped),
            second: rows(self.second, lengths.second),
            kept: rows(self.kept, lengths.kept),
            states: rows(self.states, lengths.states),
        }
    }
}

impl Gradients<usize> {
    pub(super) fn total(&self) -> usize {
        self.gates + self.recurrent + self.states + self.inflow + self.repeated
    }

    /// Cuts the memory of so many samples into pieces.
    pub(super) fn split<'a>(&self, samples: usize, memory: &'a mut [Float]) -> Gradients<&'a mut [Float]> {
        let mut rest = memory;
        Gradients {
            gates: take(&mut rest, samples * self.gates),
            recurrent: take(&mut rest, samples * self.recurrent),
            states: take(&mut rest, samples * self.states),
            inflow: take(&mut rest, samples * self.inflow),
            repeated: take(&mut rest, samples * self.repeated),
        }
    }
}

/// Cuts a piece off the front.
fn take<'a>(rest: &mut &'a mut [Float], len: usize) -> &'a mut [Float] {
    let (piece, behind) = std::mem::take(rest).split_at_mut(len);
    *rest = behind;
    piece
}
