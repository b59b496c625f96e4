//! The same computations, each step recorded with small operations.

use olifant_core::{RecurrentActivation, RecurrentOptions, RecurrentResult, RecurrentWeights, Var};

use crate::case::Kind;

pub fn recurrent<'t>(
    kind: Kind,
    x: Var<'t>,
    weights: RecurrentWeights<'t>,
    options: RecurrentOptions<'_, 't>,
) -> RecurrentResult<'t> {
    let (batch, time) = (x.shape()[0], x.shape()[1]);
    let units = weights.recurrent_kernel.shape()[0];
    let zeros = x.tape().input_with([batch, units], |zeros| zeros.fill(0.0));
    let mut states = match options.initial_state {
        [] => vec![zeros; kind.states()],
        given => given.to_vec(),
    };
    let (mut output, mut outputs) = (zeros, Vec::new());
    for step in 0..time {
        let t = if options.go_backwards { time - 1 - step } else { step };
        let x = x.slice(1, t..t + 1).flatten();
        let mut new = one_step(kind, x, &states, weights, &options);
        let mut new_output = new[0];
        if let Some(mask) = options.mask {
            let counts = mask.slice(1, t..t + 1);
            new = new.iter().zip(&states).map(|(&new, &old)| counts.select(new, old)).collect();
            new_output = counts.select(new_output, if options.zero_output_for_mask { zeros } else { output });
        }
        (states, output) = (new, new_output);
        outputs.push(output.reshape([batch, 1, units]));
    }
    let output = if options.return_sequences { Var::concatenate(&outputs, 1) } else { output };
    let last = |number: usize| states.get(number).copied().filter(|_| options.return_state);
    RecurrentResult { output, states: [last(0), last(1)] }
}

/// The states after a step; the first is the output.
fn one_step<'t>(
    kind: Kind,
    x: Var<'t>,
    states: &[Var<'t>],
    weights: RecurrentWeights<'t>,
    options: &RecurrentOptions<'_, 't>,
) -> Vec<Var<'t>> {
    let a = |x| apply(options.activation, x);
    let sigma = |x| apply(options.recurrent_activation, x);
    let (h, kernel) = (states[0], weights.recurrent_kernel);
    let units = kernel.shape()[0];
    let gate = |z: Var<'t>, number: usize| z.slice(-1, number * units..(number + 1) * units);
    let dropped = options.recurrent_dropout.map_or(h, |factors| h * factors);
    let x = x.matmul(weights.kernel);
    match kind {
        Kind::SimpleRnn => {
            let z = x + dropped.matmul(kernel);
            vec![a(weights.bias.map_or(z, |bias| z + bias))]
        }
        Kind::Lstm => {
            let z = x + dropped.matmul(kernel);
            let z = weights.bias.map_or(z, |bias| z + bias);
            let c = sigma(gate(z, 1)) * states[1] + sigma(gate(z, 0)) * a(gate(z, 2));
            vec![sigma(gate(z, 3)) * a(c), c]
        }
        Kind::Gru { reset_after: true } => {
            let row = |number: usize| weights.bias.map(|bias| bias.slice(0, number..number + 1));
            let x = row(0).map_or(x, |bias| x + bias);
            let inner = dropped.matmul(kernel);
            let inner = row(1).map_or(inner, |bias| inner + bias);
            let (z, r) = (sigma(gate(x, 0) + gate(inner, 0)), sigma(gate(x, 1) + gate(inner, 1)));
            let n = a(gate(x, 2) + r * gate(inner, 2));
            vec![z * h + (1.0 - z) * n]
        }
        Kind::Gru { reset_after: false } => {
            let x = weights.bias.map_or(x, |bias| x + bias);
            let inner = dropped.matmul(kernel.slice(1, ..2 * units));
            let (z, r) = (sigma(gate(x, 0) + gate(inner, 0)), sigma(gate(x, 1) + gate(inner, 1)));
            let n = a(gate(x, 2) + (r * dropped).matmul(kernel.slice(1, 2 * units..)));
            vec![z * h + (1.0 - z) * n]
        }
    }
}

fn apply(activation: RecurrentActivation, x: Var<'_>) -> Var<'_> {
    match activation {
        RecurrentActivation::Linear => x,
        RecurrentActivation::Relu => x.relu(),
        RecurrentActivation::Relu6 => x.clip(0.0, 6.0),
        RecurrentActivation::Tanh => x.tanh(),
        RecurrentActivation::HardTanh => x.clip(-1.0, 1.0),
        RecurrentActivation::Sigmoid => x.sigmoid(),
        RecurrentActivation::HardSigmoid => (x / 6.0 + 0.5).clip(0.0, 1.0),
        RecurrentActivation::Softsign => x / (1.0 + x.abs()),
        RecurrentActivation::Softplus => x.softplus(),
        RecurrentActivation::Exponential => x.exp(),
        other => panic!("{other:?} has no reference"),
    }
}
