//! What LSTM, GRU and SimpleRNN share: options, weights, states, masks and dropout.

use olifant_core::{
    Float, RecurrentOptions, RecurrentResult, RecurrentWeights, Shape, Var, VarList, Weight, Weights,
};
use serde::{Deserialize, Serialize};

use super::{
    activity_regularizer::ActivityRegularizer,
    defaults::tanh,
    weight_options::{Bias, KernelOptions, RecurrentKernelOptions},
};
use crate::{Activation, BuildError, Initializer, WeightBuilder, with_batch};

pub(crate) use builder::{gated_options, recurrent_layer, recurrent_options};
pub(crate) use composed::gate;
pub use wrapped::RecurrentLayer;

mod builder;
mod composed;
mod wrapped;

/// A layer that has a [`Recurrence`].
pub(crate) trait Recurrent {
    fn recurrence(&self) -> &Recurrence;

    fn recurrence_mut(&mut self) -> &mut Recurrence;
}

/// What a kind of recurrent layer computes.
pub(crate) trait Cell: Recurrent + Sized {
    /// Blocks of columns of the kernels.
    const GATES: usize;
    /// Values that go from step to step; the first is the output.
    const STATES: usize;
    /// What the states are called among the weights of a stateful layer.
    const STATE_NAMES: &'static [&'static str];

    fn bias_shape(&self, units: usize) -> Shape {
        Shape::from([Self::GATES * units])
    }

    /// The function of the gates.
    fn recurrent_activation(&self) -> Activation;

    /// Gives parts of a new bias other first values than its initializer.
    fn begin(&self, bias: Weight, weights: &mut WeightBuilder<'_>) {
        let _ = (bias, weights);
    }

    /// Records all time steps as one operation.
    fn record<'t>(
        &self,
        x: Var<'t>,
        weights: RecurrentWeights<'t>,
        options: RecurrentOptions<'_, 't>,
    ) -> RecurrentResult<'t>;

    /// Records one time step with small operations, for activations that the one operation does not know.
    ///
    /// `x` is x·K; `dropped` is what the recurrent kernel is multiplied by.
    fn step<'t>(
        &self,
        x: Var<'t>,
        states: [Var<'t>; 2],
        dropped: Var<'t>,
        weights: RecurrentWeights<'t>,
        activation: Activation,
    ) -> [Var<'t>; 2];
}

/// The options and the weights of a recurrent layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Recurrence {
    pub(crate) units: usize,
    #[serde(default = "tanh")]
    pub(crate) activation: Activation,
    #[serde(flatten)]
    pub(crate) kernel_options: KernelOptions,
    #[serde(flatten)]
    pub(crate) recurrent_options: RecurrentKernelOptions,
    #[serde(flatten)]
    pub(crate) bias_options: Bias,
    #[serde(flatten)]
    pub(crate) activity: ActivityRegularizer,
    #[serde(default)]
    pub(crate) dropout: Float,
    #[serde(default)]
    pub(crate) recurrent_dropout: Float,
    #[serde(default)]
    pub(crate) return_sequences: bool,
    #[serde(default)]
    pub(crate) return_state: bool,
    #[serde(default)]
    pub(crate) go_backwards: bool,
    /// The size of the batches whose states are kept.
    #[serde(default)]
    pub(crate) stateful: Option<usize>,
    #[serde(default)]
    pub(crate) zero_output_for_mask: bool,
    #[serde(skip)]
    kernel: Weight,
    #[serde(skip)]
    recurrent_kernel: Weight,
    #[serde(skip)]
    bias: Option<Weight>,
    #[serde(skip)]
    states: [Option<Weight>; 2],
}

impl Recurrence {
    /// So many units, and Keras's defaults.
    pub(crate) fn new(units: usize) -> Recurrence {
        Recurrence {
            units,
            activation: tanh(),
            kernel_options: KernelOptions::default(),
            recurrent_options: RecurrentKernelOptions::default(),
            bias_options: Bias::default(),
            activity: ActivityRegularizer::default(),
            dropout: 0.0,
            recurrent_dropout: 0.0,
            return_sequences: false,
            return_state: false,
            go_backwards: false,
            stateful: None,
            zero_output_for_mask: false,
            kernel: Weight::default(),
            recurrent_kernel: Weight::default(),
            bias: None,
            states: [None; 2],
        }
    }

    /// How many values the layer returns.
    pub(crate) fn outputs<C: Cell>(&self) -> usize {
        if self.return_state { 1 + C::STATES } else { 1 }
    }

    /// Creates the weights; returns the shapes of the outputs.
    pub(crate) fn build<C: Cell>(
        cell: &mut C,
        inputs: &[Shape],
        weights: &mut WeightBuilder<'_>,
    ) -> Result<Vec<Shape>, BuildError> {
        let [time, features] = cell.recurrence().check(cell, inputs)?;
        let bias_shape = cell.bias_shape(cell.recurrence().units);
        cell.recurrence_mut().add_weights::<C>(features, bias_shape, weights)?;
        if let Some(bias) = cell.recurrence().bias {
            cell.begin(bias, weights);
        }
        let this = cell.recurrence();
        let units = Shape::from([this.units]);
        let output = if this.return_sequences { Shape::from([time, this.units]) } else { units };
        let mut outputs = vec![units; this.outputs::<C>()];
        outputs[0] = output;
        Ok(outputs)
    }

    fn add_weights<C: Cell>(
        &mut self,
        features: usize,
        bias_shape: Shape,
        weights: &mut WeightBuilder<'_>,
    ) -> Result<(), BuildError> {
        let (units, gates) = (self.units, C::GATES * self.units);
        self.kernel = self.kernel_options.add("kernel", Shape::from([features, gates]), weights)?;
        let shape = Shape::from([units, gates]);
        self.recurrent_kernel = self.recurrent_options.add("recurrent_kernel", shape, weights)?;
        self.bias = self.bias_options.add(bias_shape, weights)?;
        self.states = [None; 2];
        if let Some(batch) = self.stateful {
            for (state, name) in self.states.iter_mut().zip(C::STATE_NAMES) {
                *state = Some(weights.add_state(name, Shape::from([batch, units]), &Initializer::Zeros)?);
            }
        }
        Ok(())
    }

    /// Sets the states to zero, if they are kept.
    pub(crate) fn reset_state(&self, weights: &mut Weights) {
        self.states.iter().flatten().for_each(|&state| weights.get_mut(state).fill(0.0));
    }

    /// Records the layer; the inputs are the sequence and, as far as given, the first states.
    pub(crate) fn call<'t, C: Cell>(&self, cell: &C, inputs: &VarList<'t>) -> VarList<'t> {
        let (x, tape) = (inputs.get(0), inputs.tape());
        let result = self.record(cell, inputs);
        // Only a sequence has time steps that a mask could be about.
        let mask = x.mask().filter(|_| self.return_sequences);
        let mut outputs = tape.list_of(&[result.output.with_mask(mask)]);
        if self.return_state {
            result.states.into_iter().flatten().for_each(|state| outputs.push(state));
        }
        for output in outputs.iter() {
            self.activity.penalize(output);
        }
        outputs
    }

    fn record<'t, C: Cell>(&self, cell: &C, inputs: &VarList<'t>) -> RecurrentResult<'t> {
        let (x, tape) = (inputs.get(0), inputs.tape());
        let weights = RecurrentWeights {
            kernel: tape.weight(self.kernel),
            recurrent_kernel: tape.weight(self.recurrent_kernel),
            bias: self.bias.map(|bias| tape.weight(bias)),
        };
        let mut first = [x; 2];
        let given = inputs.iter().skip(1);
        let kept =
            self.states.iter().flatten().filter(|_| inputs.len() == 1).map(|&state| tape.weight(state));
        let count = first.iter_mut().zip(given.chain(kept)).map(|(place, state)| *place = state).count();
        let batch = x.shape()[0];
        let features = x.shape()[2];
        let dropout = |rate: Float, shape: Shape| {
            (tape.is_training() && rate > 0.0)
                .then(|| tape.input_with(shape, |factors| factors.fill(1.0)).dropout(rate))
        };
        let factors = dropout(self.dropout, Shape::from([batch, 1, features]));
        let options = RecurrentOptions {
            initial_state: &first[..count],
            mask: x.mask(),
            recurrent_dropout: dropout(self.recurrent_dropout, Shape::from([batch, self.units])),
            return_sequences: self.return_sequences,
            return_state: self.return_state || self.stateful.is_some(),
            go_backwards: self.go_backwards,
            zero_output_for_mask: self.zero_output_for_mask,
            ..RecurrentOptions::default()
        };
        let x = factors.map_or(x, |factors| x * factors);
        let result = self.record_steps(cell, x, weights, options);
        for (state, value) in self.states.iter().zip(result.states) {
            if let (&Some(state), Some(value)) = (state, value) {
                tape.assign(state, value);
            }
        }
        result
    }

    /// All steps in one operation if it knows the activations, else one by one.
    fn record_steps<'t, C: Cell>(
        &self,
        cell: &C,
        x: Var<'t>,
        weights: RecurrentWeights<'t>,
        options: RecurrentOptions<'_, 't>,
    ) -> RecurrentResult<'t> {
        match (self.activation.recurrent(), cell.recurrent_activation().recurrent()) {
            (Some(activation), Some(recurrent_activation)) => {
                cell.record(x, weights, RecurrentOptions { activation, recurrent_activation, ..options })
            }
            _ => composed::record(cell, self.activation, x, weights, options),
        }
    }

    /// Whether options and inputs are right; the numbers of time steps and features.
    fn check<C: Cell>(&self, cell: &C, inputs: &[Shape]) -> Result<[usize; 2], BuildError> {
        if self.units == 0 {
            return Err(BuildError::option("units", "at least 1", self.units));
        }
        for (option, rate) in [("dropout", self.dropout), ("recurrent_dropout", self.recurrent_dropout)] {
            BuildError::check_option(option, "between 0 and 1", rate, (0.0..=1.0).contains(&rate))?;
        }
        self.activity.check()?;
        if self.stateful == Some(0) {
            return Err(BuildError::option("the batch size of stateful", "at least 1", 0));
        }
        let units = Shape::from([self.units]);
        for activation in [self.activation, cell.recurrent_activation()] {
            if activation.output_shape(&units)? != units {
                let expected = "a function that gives as many numbers as it is given";
                return Err(BuildError::option(
                    "an activation of a recurrent layer",
                    expected,
                    format!("{activation:?}"),
                ));
            }
        }
        let (sequence, states) = match inputs {
            [sequence, states @ ..] if states.is_empty() || states.len() == C::STATES => (sequence, states),
            _ => {
                let expected = format!("a sequence, and perhaps {} initial states", C::STATES);
                return Err(BuildError::Inputs { expected, given: inputs.len() });
            }
        };
        let &[time, features] = sequence.axes() else { return Err(not_a_sequence(sequence)) };
        if features == 0 || time == 0 {
            return Err(not_a_sequence(sequence));
        }
        if let Some(state) = states.iter().find(|&&state| state != units) {
            return Err(BuildError::InputShape {
                expected: with_batch(&units),
                given: with_batch(state),
                remedy: "; an initial state has one number for each unit",
            });
        }
        Ok([time, features])
    }
}

fn not_a_sequence(given: &Shape) -> BuildError {
    BuildError::InputShape {
        expected: "[batch, time, features]".into(),
        given: with_batch(given),
        remedy: "; a recurrent layer reads sequences of at least one time step with at least one feature",
    }
}
