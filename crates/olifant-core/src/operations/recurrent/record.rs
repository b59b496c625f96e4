//! How a recurrent operation is asked for, and what it returns.

use super::{Cell, Recurrent, RecurrentActivation};
use crate::{Var, operations::BuiltIn};

/// The weights of a recurrent operation.
#[derive(Clone, Copy, Debug)]
pub struct RecurrentWeights<'t> {
    /// K, what the inputs are multiplied by: `[features, gates · units]`.
    pub kernel: Var<'t>,
    /// R, what the output of the step before is multiplied by: `[units, gates · units]`.
    pub recurrent_kernel: Var<'t>,
    /// b, what is added: `[gates · units]`.
    pub bias: Option<Var<'t>>,
}

/// What a recurrent operation is given besides inputs and weights, and what it is to return.
///
/// # Defaults
///
/// `activation` tanh, `recurrent_activation` sigmoid; no initial states (zeros), no mask, no dropout; everything else false:
/// the output of the last step is returned.
#[derive(Clone, Copy, Debug)]
pub struct RecurrentOptions<'a, 't> {
    /// The function of the new state and of the output.
    pub activation: RecurrentActivation,
    /// The function of the gates.
    pub recurrent_activation: RecurrentActivation,
    /// The states that the first step begins with, `[batch, units]` each; empty: zeros.
    pub initial_state: &'a [Var<'t>],
    /// `[batch, time]`: where it is 0 the step is left out. The states stay as they are, and the output is that of the step before.
    pub mask: Option<Var<'t>>,
    /// `[batch, units]`: what the output of the step before is multiplied by before it is multiplied by the recurrent kernel.
    pub recurrent_dropout: Option<Var<'t>>,
    /// Whether the outputs of all steps are returned, `[batch, time, units]`, or that of the last, `[batch, units]`.
    pub return_sequences: bool,
    /// Whether the last states are returned as well.
    pub return_state: bool,
    /// Whether the last time step comes first. Outputs are in the order they were computed in.
    pub go_backwards: bool,
    /// Whether the output of masked steps is zero instead of that of the step before.
    pub zero_output_for_mask: bool,
}

impl Default for RecurrentOptions<'_, '_> {
    fn default() -> Self {
        RecurrentOptions {
            activation: RecurrentActivation::Tanh,
            recurrent_activation: RecurrentActivation::Sigmoid,
            initial_state: &[],
            mask: None,
            recurrent_dropout: None,
            return_sequences: false,
            return_state: false,
            go_backwards: false,
            zero_output_for_mask: false,
        }
    }
}

/// What a recurrent operation returns.
#[derive(Clone, Copy, Debug)]
pub struct RecurrentResult<'t> {
    /// The output of all steps or of the last.
    pub output: Var<'t>,
    /// The last states, if they were asked for, `[batch, units]` each: the output, and, of an LSTM, the carry.
    pub states: [Option<Var<'t>>; 2],
}

impl<C: Cell> Recurrent<C>
where
    BuiltIn: From<Recurrent<C>>,
{
    /// Records a cell applied to all time steps of x.
    #[track_caller]
    pub(in super::super) fn record<'t>(
        cell: C,
        x: Var<'t>,
        weights: RecurrentWeights<'t>,
        options: RecurrentOptions<'_, 't>,
    ) -> RecurrentResult<'t> {
        let given = options.initial_state;
        assert!(
            given.is_empty() || given.len() == C::STATES,
            "{}: expected {} initial states or none, but was given {}",
            C::NAME,
            C::STATES,
            given.len()
        );
        let operation = Recurrent {
            cell,
            has_bias: weights.bias.is_some(),
            has_mask: options.mask.is_some(),
            has_dropout: options.recurrent_dropout.is_some(),
            has_states: !given.is_empty(),
            return_sequences: options.return_sequences,
            return_state: options.return_state,
            go_backwards: options.go_backwards,
            zero_output_for_mask: options.zero_output_for_mask,
        };
        let mut inputs = [x; 8];
        let needed = [weights.kernel, weights.recurrent_kernel].into_iter();
        let optional = [weights.bias, options.mask, options.recurrent_dropout].into_iter().flatten();
        let all = needed.chain(optional).chain(given.iter().copied());
        let count = inputs[1..].iter_mut().zip(all).map(|(place, input)| *place = input).count();
        let result = x.tape.operate(operation, &inputs[..count + 1]);
        if options.return_state {
            operation.unpack(x, result)
        } else {
            RecurrentResult { output: result, states: [None; 2] }
        }
    }

    /// Cuts outputs and states apart.
    fn unpack<'t>(&self, x: Var<'t>, result: Var<'t>) -> RecurrentResult<'t> {
        let (batch, time) = (x.shape()[0], x.shape()[1]);
        let outputs = if self.return_sequences { time } else { 1 };
        let units = result.shape()[1] / (outputs + C::STATES);
        let output = result.slice(1, ..outputs * units);
        let state = |number: usize| {
            let start = (outputs + number) * units;
            (number < C::STATES).then(|| result.slice(1, start..start + units))
        };
        let states = [state(0), state(1)];
        let output = if self.return_sequences { output.reshape([batch, time, units]) } else { output };
        RecurrentResult { output, states }
    }
}
