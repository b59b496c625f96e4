//! A recurrent layer of small operations, step by step: slower, for activations that the one operation does not know.

use olifant_core::{RecurrentOptions, RecurrentResult, RecurrentWeights, Var};

use super::Cell;
use crate::Activation;

/// Records all time steps one by one; what `options` says of activations does not count.
pub(super) fn record<'t, C: Cell>(
    cell: &C,
    activation: Activation,
    x: Var<'t>,
    weights: RecurrentWeights<'t>,
    options: RecurrentOptions<'_, 't>,
) -> RecurrentResult<'t> {
    let tape = x.tape();
    let (batch, time) = (x.shape()[0], x.shape()[1]);
    let units = weights.recurrent_kernel.shape()[0];
    let zeros = tape.input_with([batch, units], |zeros| zeros.fill(0.0));
    let mut states = match *options.initial_state {
        [] => [zeros; 2],
        [first] => [first; 2],
        [first, second, ..] => [first, second],
    };
    let x = x.matmul(weights.kernel);
    let (mut output, mut outputs) = (zeros, tape.list());
    for step in 0..time {
        let t = if options.go_backwards { time - 1 - step } else { step };
        let dropped = options.recurrent_dropout.map_or(states[0], |factors| states[0] * factors);
        let mut new = cell.step(x.slice(1, t..t + 1).flatten(), states, dropped, weights, activation);
        let mut new_output = new[0];
        if let Some(mask) = options.mask {
            let counts = mask.slice(1, t..t + 1);
            new = [0, 1].map(|i| counts.select(new[i], states[i]));
            new_output = counts.select(new_output, if options.zero_output_for_mask { zeros } else { output });
        }
        (states, output) = (new, new_output);
        if options.return_sequences {
            outputs.push(output.reshape([batch, 1, units]));
        }
    }
    if options.return_sequences {
        output = outputs.concatenate(1);
    }
    let last = |number: usize| (options.return_state && number < C::STATES).then(|| states[number]);
    RecurrentResult { output, states: [last(0), last(1)] }
}

/// The columns of one gate.
pub(crate) fn gate(z: Var<'_>, number: usize, units: usize) -> Var<'_> {
    z.slice(-1, number * units..(number + 1) * units)
}
