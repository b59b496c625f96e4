//! One setting of all options, with random numbers for everything.

use olifant_core::{
    Axes, Float, Mode, RandomKey, RecurrentActivation, RecurrentOptions, RecurrentResult, RecurrentWeights,
    Tape, Var, Weight, Weights, Workspace,
};

use crate::reference;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Lstm,
    Gru { reset_after: bool },
    SimpleRnn,
}

impl Kind {
    pub fn gates(self) -> usize {
        match self {
            Kind::Lstm => 4,
            Kind::Gru { .. } => 3,
            Kind::SimpleRnn => 1,
        }
    }

    pub fn states(self) -> usize {
        if self == Kind::Lstm { 2 } else { 1 }
    }

    pub fn fused<'t>(
        self,
        x: Var<'t>,
        weights: RecurrentWeights<'t>,
        options: RecurrentOptions<'_, 't>,
    ) -> RecurrentResult<'t> {
        match self {
            Kind::Lstm => x.lstm(weights, options),
            Kind::Gru { reset_after } => x.gru(weights, reset_after, options),
            Kind::SimpleRnn => x.simple_rnn(weights, options),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub kind: Kind,
    pub batch: usize,
    pub time: usize,
    pub features: usize,
    pub units: usize,
    pub activation: RecurrentActivation,
    pub recurrent_activation: RecurrentActivation,
    pub bias: bool,
    pub mask: bool,
    pub dropout: bool,
    pub states: bool,
    pub return_sequences: bool,
    pub return_state: bool,
    pub go_backwards: bool,
    pub zero_output_for_mask: bool,
}

impl Case {
    pub fn new(kind: Kind) -> Case {
        Case {
            kind,
            batch: 7,
            time: 5,
            features: 3,
            units: 4,
            activation: RecurrentActivation::Tanh,
            recurrent_activation: RecurrentActivation::Sigmoid,
            bias: true,
            mask: false,
            dropout: false,
            states: false,
            return_sequences: false,
            return_state: false,
            go_backwards: false,
            zero_output_for_mask: false,
        }
    }

    /// Output, last states, and the gradients of all that has one; computed in one operation or step by step.
    pub fn results(&self, fused: bool) -> Vec<Vec<Float>> {
        // Sample and time decide; there are leading, inner and last masked steps.
        let time = self.time;
        self.results_with(fused, |mask| {
            mask.iter_mut()
                .enumerate()
                .for_each(|(i, m)| *m = [0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0][(i + i / time) % 7]);
        })
    }

    pub fn results_with(&self, fused: bool, fill_mask: impl Fn(&mut [Float])) -> Vec<Vec<Float>> {
        let (weights, handles) = self.weights();
        let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
        let mut results = Vec::new();
        {
            let tape = &tape;
            let vars: Vec<Var<'_>> = handles.iter().map(|&weight| tape.weight(weight)).collect();
            let given = RecurrentWeights {
                kernel: vars[1],
                recurrent_kernel: vars[2],
                bias: self.bias.then(|| vars[5]),
            };
            let mask = self.mask.then(|| tape.input_with([self.batch, self.time], &fill_mask));
            let dropout = self.dropout.then(|| {
                tape.input_with([self.batch, self.units], |factors| {
                    factors.iter_mut().enumerate().for_each(|(i, x)| *x = [0.0, 1.5, 1.5][i % 3]);
                })
            });
            let options = RecurrentOptions {
                activation: self.activation,
                recurrent_activation: self.recurrent_activation,
                initial_state: if self.states { &vars[3..3 + self.kind.states()] } else { &[] },
                mask,
                recurrent_dropout: dropout,
                return_sequences: self.return_sequences,
                return_state: self.return_state,
                go_backwards: self.go_backwards,
                zero_output_for_mask: self.zero_output_for_mask,
            };
            let result = if fused {
                self.kind.fused(vars[0], given, options)
            } else {
                reference::recurrent(self.kind, vars[0], given, options)
            };
            let values: Vec<Var<'_>> =
                [Some(result.output)].into_iter().chain(result.states).flatten().collect();
            results.extend(values.iter().map(|value| value.with_value(|value| value.data.to_vec())));
            let losses = values.iter().enumerate().map(|(number, &value)| weigh(value, number as u64));
            tape.backward(losses.reduce(|sum, loss| sum + loss).unwrap());
        }
        let workspace = tape.finish();
        let gradients =
            handles.iter().map(|&weight| workspace.gradients()[weights.spec(weight).range()].to_vec());
        results.extend(gradients);
        results
    }

    pub fn initial_states(&self) -> Vec<Vec<Float>> {
        let (weights, handles) = self.weights();
        handles[3..3 + self.kind.states()].iter().map(|&weight| weights.get(weight).data.to_vec()).collect()
    }

    /// x, kernel, recurrent kernel, two states, bias.
    fn weights(&self) -> (Weights, Vec<Weight>) {
        let width = self.kind.gates() * self.units;
        let bias: &[usize] =
            if self.kind == (Kind::Gru { reset_after: true }) { &[2, width] } else { &[width] };
        let shapes: [&[usize]; 6] = [
            &[self.batch, self.time, self.features],
            &[self.features, width],
            &[self.units, width],
            &[self.batch, self.units],
            &[self.batch, self.units],
            bias,
        ];
        let mut weights = Weights::default();
        let handles = shapes
            .iter()
            .enumerate()
            .map(|(number, shape)| {
                let weight = weights.add(format!("{number}"), olifant_core::Shape::new(shape).unwrap(), true);
                let key = RandomKey::from_seed(5).derive(number as u64);
                let scale = if (1..=2).contains(&number) { (self.units as Float).sqrt() } else { 1.0 };
                for (i, x) in weights.get_mut(weight).iter_mut().enumerate() {
                    *x = (2.0 * Float::from(key.uniform(i as u32)) - 1.0) / scale;
                }
                weight
            })
            .collect();
        (weights, handles)
    }
}

/// A random combination of all numbers.
fn weigh(value: Var<'_>, stream: u64) -> Var<'_> {
    let key = RandomKey::from_seed(99).derive(stream);
    let factors = value.tape().input_with(value.shape(), |factors| {
        factors.iter_mut().enumerate().for_each(|(i, x)| *x = Float::from(key.uniform(i as u32)) - 0.3);
    });
    (value * factors).sum(Axes::All)
}
