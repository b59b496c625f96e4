//! Where a recurrent operation keeps what its backward pass needs.
//!
//! Time steps lie one behind the other, and in each the samples: what a step works on is close together in memory.

use std::ops::Range;

use super::{Cell, inputs::Sizes};
use crate::Float;

/// About how many gradients of pre-activations there are at a time: a megabyte.
const STRETCH: usize = 1 << 18;

/// What the forward pass writes, for each time step and sample.
pub(crate) struct Kept<T> {
    /// The features.
    pub(super) x: T,
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
    /// Of the features, if they are wanted.
    pub(super) x: T,
    /// Of the pre-activations, in the steps of one stretch.
    pub(super) gates: T,
    /// Of what the recurrent kernel gives, where they are others; of the same steps.
    pub(super) recurrent: T,
    /// Of the states as they are now, for each sample only; as are the others.
    pub(super) states: T,
    /// What comes through the recurrent kernel.
    pub(super) inflow: T,
    /// Of an output that later, masked steps repeat.
    pub(super) repeated: T,
}

/// What the forward pass kept, and room behind it for the gradients.
pub(super) fn of_backward<'a>(
    cache: &'a mut Vec<Float>,
    kept: &Kept<usize>,
    gradients: &Gradients<usize>,
    sizes: Sizes,
) -> (Kept<&'a [Float]>, Gradients<&'a mut [Float]>) {
    let total = kept.total(sizes);
    if cache.len() < total + gradients.total(sizes) {
        cache.resize(total + gradients.total(sizes), 0.0);
    }
    let (first, rest) = cache.split_at_mut(total);
    (kept.split(sizes, first).shared(), gradients.split(sizes, rest))
}

/// How many numbers of each kind a sample has, in each step if there are some for each.
pub(super) fn kept_widths<C: Cell>(sizes: Sizes, has_dropout: bool) -> Kept<usize> {
    let units = sizes.units;
    Kept {
        x: sizes.features,
        gates: C::GATES * units,
        hidden: units,
        dropped: if has_dropout { units } else { 0 },
        second: (C::STATES - 1) * units,
        kept: C::KEPT * units,
        states: C::STATES * units,
    }
}

/// The same of all gradients.
pub(super) fn gradient_widths<C: Cell>(sizes: Sizes, cell: C, wants_x: bool) -> Gradients<usize> {
    let units = sizes.units;
    Gradients {
        x: if wants_x { sizes.features } else { 0 },
        gates: C::GATES * units,
        recurrent: if cell.has_recurrent_gradients() { C::GATES * units } else { 0 },
        states: C::STATES * units,
        inflow: units,
        repeated: units,
    }
}

impl Kept<usize> {
    /// How many numbers there are.
    pub(super) fn total(&self, Sizes { batch, time, .. }: Sizes) -> usize {
        let of_step = self.x + self.gates + self.hidden + self.dropped + self.second + self.kept;
        batch * (time * of_step + self.states)
    }

    /// Cuts the memory into pieces.
    pub(super) fn split<'a>(
        &self,
        Sizes { batch, time, .. }: Sizes,
        memory: &'a mut [Float],
    ) -> Kept<&'a mut [Float]> {
        let mut rest = memory;
        let mut steps = |width| take(&mut rest, batch * time * width);
        Kept {
            x: steps(self.x),
            gates: steps(self.gates),
            hidden: steps(self.hidden),
            dropped: steps(self.dropped),
            second: steps(self.second),
            kept: steps(self.kept),
            states: take(&mut rest, batch * self.states),
        }
    }
}

impl<'a> Kept<&'a mut [Float]> {
    /// The same, to be read.
    pub(super) fn shared(self) -> Kept<&'a [Float]> {
        Kept {
            x: self.x,
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
    /// What was kept in some rows: the `batch · t + i`-th is that of the i-th sample at the time t. States are left out.
    #[inline(always)]
    pub(super) fn of_rows(&self, rows: Range<usize>, widths: &Kept<usize>) -> Kept<&'a [Float]> {
        let of = |numbers: &'a [Float], width: usize| &numbers[rows.start * width..rows.end * width];
        Kept {
            x: of(self.x, widths.x),
            gates: of(self.gates, widths.gates),
            hidden: of(self.hidden, widths.hidden),
            dropped: of(self.dropped, widths.dropped),
            second: of(self.second, widths.second),
            kept: of(self.kept, widths.kept),
            states: &[],
        }
    }
}

impl Gradients<usize> {
    /// How many steps are walked back before their gradients are multiplied: their pre-activations should stay in the cache.
    /// It depends on the sizes only, and so do the sums.
    pub(super) fn stretch(&self, Sizes { batch, time, .. }: Sizes) -> usize {
        (STRETCH / (batch * self.gates).max(1)).clamp(1, time.max(1))
    }

    /// How many numbers there are.
    pub(super) fn total(&self, sizes: Sizes) -> usize {
        let of_steps = sizes.time * self.x + self.stretch(sizes) * (self.gates + self.recurrent);
        sizes.batch * (of_steps + self.states + self.inflow + self.repeated)
    }

    /// Cuts the memory into pieces.
    pub(super) fn split<'a>(&self, sizes: Sizes, memory: &'a mut [Float]) -> Gradients<&'a mut [Float]> {
        let (batch, stretch) = (sizes.batch, self.stretch(sizes));
        let mut rest = memory;
        Gradients {
            x: take(&mut rest, batch * sizes.time * self.x),
            gates: take(&mut rest, batch * stretch * self.gates),
            recurrent: take(&mut rest, batch * stretch * self.recurrent),
            states: take(&mut rest, batch * self.states),
            inflow: take(&mut rest, batch * self.inflow),
            repeated: take(&mut rest, batch * self.repeated),
        }
    }
}

/// Cuts a piece off the front.
fn take<'a>(rest: &mut &'a mut [Float], len: usize) -> &'a mut [Float] {
    let (piece, behind) = std::mem::take(rest).split_at_mut(len);
    *rest = behind;
    piece
}
