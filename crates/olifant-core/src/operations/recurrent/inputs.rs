//! What goes into a recurrent operation, and whether it fits together.

use super::{Cell, Recurrent};
use crate::{Float, Shape, ShapeError, operation::Inputs, tensor::TensorView};

/// The sizes of a recurrent operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) batch: usize,
    pub(super) time: usize,
    pub(super) features: usize,
    pub(super) units: usize,
}

/// The inputs by name.
pub(super) struct Given<'a> {
    pub(super) sizes: Sizes,
    pub(super) x: &'a [Float],
    pub(super) kernel: &'a [Float],
    pub(super) recurrent_kernel: &'a [Float],
    pub(super) bias: Option<&'a [Float]>,
    /// 1 for each time step that counts, 0 for those that are left out.
    pub(super) mask: Option<&'a [Float]>,
    /// What the output of the step before is multiplied by.
    pub(super) dropout: Option<&'a [Float]>,
    /// The first states.
    pub(super) states: [Option<&'a [Float]>; 2],
}

impl<'a> Given<'a> {
    /// Whether a sample's time step is not masked.
    #[inline(always)]
    pub(super) fn counts(&self, sample: usize, t: usize) -> bool {
        self.mask.is_none_or(|mask| mask[sample * self.sizes.time + t] != 0.0)
    }

    /// What is added to h·R: the second row of the bias, if there is one.
    pub(super) fn recurrent_bias(&self, gates: usize) -> Option<&'a [Float]> {
        self.bias.and_then(|bias| bias.get(gates * self.sizes.units..).filter(|bias| !bias.is_empty()))
    }
}

impl<C: Cell> Recurrent<C> {
    pub(super) fn given<'a>(&self, inputs: &Inputs<'a>) -> Given<'a> {
        let (x, recurrent) = (inputs.get(0).shape, inputs.get(2).shape);
        let sizes = Sizes { batch: x[0], time: x[1], features: x[2], units: recurrent[0] };
        let optional = self.optional_positions();
        let get = |position: Option<usize>| position.map(|position| inputs.get(position).data);
        let first_state = optional.states;
        Given {
            sizes,
            x: inputs.get(0).data,
            kernel: inputs.get(1).data,
            recurrent_kernel: inputs.get(2).data,
            bias: get(optional.bias),
            mask: get(optional.mask),
            dropout: get(optional.dropout),
            states: [0, 1].map(|i| get(first_state.filter(|_| i < C::STATES).map(|first| first + i))),
        }
    }

    /// Where the optional inputs stand.
    pub(super) fn optional_positions(&self) -> Positions {
        let mut next = 3;
        let mut place = |is_there: bool| {
            next += usize::from(is_there);
            is_there.then(|| next - 1)
        };
        let (bias, mask, dropout) = (place(self.has_bias), place(self.has_mask), place(self.has_dropout));
        Positions { bias, mask, dropout, states: place(self.has_states) }
    }

    /// Whether all inputs fit; the sizes.
    pub(super) fn check(&self, inputs: &Inputs<'_>) -> Result<Sizes, ShapeError> {
        let (x, recurrent) = (inputs.get(0).shape, inputs.get(2).shape);
        if x.rank() != 3 {
            return Err(misfit::<C>("inputs of shape [batch, time, features]", x));
        }
        if recurrent.rank() != 2 || recurrent[1] != C::GATES * recurrent[0] {
            let expected = format!("a recurrent kernel of shape [units, {}]", columns::<C>());
            return Err(misfit::<C>(&expected, recurrent));
        }
        let sizes = Sizes { batch: x[0], time: x[1], features: x[2], units: recurrent[0] };
        let gates = C::GATES * sizes.units;
        expect::<C>("a kernel", inputs.get(1), &[sizes.features, gates])?;
        let Positions { bias, mask, dropout, states } = self.optional_positions();
        if let Some(bias) = bias {
            let shape = [self.cell.bias_rows(), gates];
            expect::<C>("a bias", inputs.get(bias), &shape[usize::from(shape[0] == 1)..])?;
        }
        if let Some(mask) = mask {
            expect::<C>("a mask", inputs.get(mask), &[sizes.batch, sizes.time])?;
        }
        if let Some(dropout) = dropout {
            expect::<C>(
                "factors of the recurrent dropout",
                inputs.get(dropout),
                &[sizes.batch, sizes.units],
            )?;
        }
        if let Some(first) = states {
            for state in first..first + C::STATES {
                expect::<C>("an initial state", inputs.get(state), &[sizes.batch, sizes.units])?;
            }
        }
        Ok(sizes)
    }
}

/// The positions of the inputs that need not be there; the states stand one behind the other.
pub(super) struct Positions {
    pub(super) bias: Option<usize>,
    pub(super) mask: Option<usize>,
    pub(super) dropout: Option<usize>,
    pub(super) states: Option<usize>,
}

fn expect<C: Cell>(what: &str, given: TensorView<'_>, expected: &[usize]) -> Result<(), ShapeError> {
    if given.shape.axes() == expected {
        return Ok(());
    }
    let expected = Shape::new(expected)?;
    Err(misfit::<C>(&format!("{what} of shape {expected}"), given.shape))
}

fn misfit<C: Cell>(expected: &str, given: Shape) -> ShapeError {
    ShapeError::Mismatch(format!("{}: expected {expected}, but was given {given}", C::NAME))
}

/// What the columns of a kernel are called in a message.
fn columns<C: Cell>() -> String {
    if C::GATES == 1 { "units".to_string() } else { format!("{} · units", C::GATES) }
}
