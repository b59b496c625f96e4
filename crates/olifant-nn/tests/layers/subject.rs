//! A layer of a case, alone in a network, with the case's inputs and weights.

use olifant_core::{
    Axes, Float, Mode, RandomKey, Shape, Tape, Tensor, TensorView, Var, Weight, Weights, Workspace,
};
use olifant_nn::{Filling, Network};
use serde_json::{Value, json};

use crate::golden::{Case, tensor};

pub struct Subject {
    pub network: Network,
    /// The network's, and behind them the inputs, so that these have gradients.
    pub weights: Weights,
    inputs: Vec<Weight>,
    mask: Option<Tensor>,
    factors: Vec<Tensor>,
    training: bool,
    samples: usize,
}

/// All that comes out of one call.
#[derive(Debug, PartialEq)]
pub struct Call {
    pub outputs: Vec<Vec<Float>>,
    pub input_gradients: Vec<Vec<Float>>,
    pub weight_gradients: Vec<Vec<Float>>,
    /// The weights that gradients do not change, after the call.
    pub state: Vec<Vec<Float>>,
}

impl Subject {
    pub fn new(case: &Case) -> Subject {
        Subject::with_layer(case, case.get("layer").unwrap())
    }

    /// The case with another description of its layer.
    pub fn with_layer(case: &Case, layer: &Value) -> Subject {
        let inputs = case.tensors("inputs");
        let network = network(layer, &inputs, case.arrays("outputs").len());
        let network = network.unwrap_or_else(|error| panic!("{case}: {error}"));
        let mut weights = network.weights().clone();
        let given = case.get("weights").unwrap().as_array().unwrap();
        assert_eq!(given.len(), weights.len(), "{case}: weights");
        let handles: Vec<Weight> = weights.iter().map(|(weight, _)| weight).collect();
        for (weight, given) in handles.into_iter().zip(given) {
            let (values, spec) = (tensor(&given["values"]), weights.spec(weight));
            assert_eq!(
                (values.shape(), json!(spec.trainable)),
                (spec.shape, given["trainable"].clone()),
                "{case}: {}",
                spec.name
            );
            weights.get_mut(weight).copy_from_slice(values.data());
        }
        let inputs_differ = !case.get("ids").unwrap().as_bool().unwrap();
        let mut subject = Subject {
            network,
            weights,
            inputs: Vec::new(),
            mask: case.get("mask").map(tensor),
            factors: case.tensors("factors"),
            training: case.is_training(),
            samples: inputs[0].shape()[0],
        };
        for (number, input) in inputs.iter().enumerate() {
            let weight = subject.weights.add(format!("input_{number}"), input.shape(), inputs_differ);
            subject.weights.get_mut(weight).copy_from_slice(input.data());
            subject.inputs.push(weight);
        }
        subject
    }

    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Only one of the samples.
    pub fn of_sample(&self, sample: usize) -> Subject {
        self.with_samples(&[sample])
    }

    /// All samples again and again.
    pub fn repeated(&self, times: usize) -> Subject {
        let samples: Vec<usize> = (0..self.samples * times).map(|i| i % self.samples).collect();
        self.with_samples(&samples)
    }

    fn with_samples(&self, samples: &[usize]) -> Subject {
        let pick = |all: TensorView<'_>| {
            let size = all.shape.without_batch().size();
            let mut picked = Tensor::default();
            picked.resize(all.shape.without_batch().with_batch(samples.len()));
            for (&sample, to) in samples.iter().zip(picked.data_mut().chunks_exact_mut(size)) {
                to.copy_from_slice(&all.data[sample * size..][..size]);
            }
            picked
        };
        let layer = self.network.architecture().unwrap();
        let network = Network::from_architecture(&layer, Filling::Initial(0)).unwrap();
        let mut weights = network.weights().clone();
        for ((weight, _), (other, _)) in network.weights().iter().zip(self.weights.iter()) {
            weights.get_mut(weight).copy_from_slice(self.weights.get(other).data);
        }
        let mut inputs = Vec::new();
        for &input in &self.inputs {
            let (spec, values) = (self.weights.spec(input), pick(self.weights.get(input)));
            let weight = weights.add(&*spec.name, values.shape(), spec.trainable);
            weights.get_mut(weight).copy_from_slice(values.data());
            inputs.push(weight);
        }
        Subject {
            network,
            weights,
            inputs,
            mask: self.mask.as_ref().map(|mask| pick(mask.view())),
            factors: self.factors.iter().map(|factors| pick(factors.view())).collect(),
            training: self.training,
            samples: samples.len(),
        }
    }

    /// Records the layer's outputs and lets `then` look at them.
    fn record(&self, workspace: Workspace, then: impl for<'t> FnOnce(&'t Tape<'t>, &[Var<'t>])) -> Workspace {
        let mode = if self.training { Mode::Training(RandomKey::from_seed(0)) } else { Mode::Inference };
        let tape = Tape::record(workspace, &self.weights, mode);
        record_on(&tape, self, then);
        tape.finish()
    }

    /// One step without update, for the memory it takes.
    pub fn step(&self, workspace: Workspace) -> Workspace {
        self.record(workspace, |tape, outputs| tape.backward(self.loss(tape, outputs)))
    }

    /// Σ outputs · factors, and the penalties
    #[cfg(feature = "f64")]
    pub fn loss_value(&self) -> Float {
        let mut value = 0.0;
        self.record(Workspace::default(), |tape, outputs| value = self.loss(tape, outputs).item());
        value
    }

    fn loss<'t>(&self, tape: &'t Tape<'t>, outputs: &[Var<'t>]) -> Var<'t> {
        let terms = outputs.iter().zip(&self.factors);
        let sums = terms.map(|(&y, factors)| (y * tape.input(factors.view())).sum(Axes::All));
        sums.chain(self.network.penalty(tape)).reduce(|a, b| a + b).unwrap()
    }

    pub fn output_shapes(&self) -> Vec<Shape> {
        let mut shapes = Vec::new();
        self.record(Workspace::default(), |_, outputs| shapes.extend(outputs.iter().map(|y| y.shape())));
        shapes
    }

    pub fn call(&self) -> Call {
        let mut outputs = Vec::new();
        let mut workspace = self.record(Workspace::default(), |tape, values| {
            outputs.extend(values.iter().map(|y| y.with_value(|y| y.data.to_vec())));
            tape.backward(self.loss(tape, values));
        });
        let gradient = |weight: Weight| workspace.gradients()[self.weights.spec(weight).range()].to_vec();
        let trains = |weight: &Weight| self.weights.spec(*weight).trainable;
        let (mut input_gradients, mut weight_gradients) = (Vec::new(), Vec::new());
        input_gradients.extend(self.inputs.iter().copied().filter(trains).map(gradient));
        let own: Vec<Weight> = self.network.weights().iter().map(|(weight, _)| weight).collect();
        weight_gradients.extend(own.iter().copied().filter(trains).map(gradient));
        let mut after = self.weights.clone();
        workspace.commit(&mut after);
        let state =
            own.iter().filter(|weight| !trains(weight)).map(|&weight| after.get(weight).data.to_vec());
        Call { outputs, input_gradients, weight_gradients, state: state.collect() }
    }

    /// All weights after some steps of gradient descent on the mean of the outputs' squares and the penalties.
    pub fn weights_after_steps(mut self, steps: usize) -> Vec<Vec<Float>> {
        let own: Vec<Weight> = self.network.weights().iter().map(|(weight, _)| weight).collect();
        for _ in 0..steps {
            let mut workspace = self.record(Workspace::default(), |tape, outputs| {
                let means = outputs.iter().map(|y| y.square().mean(Axes::All));
                tape.backward(means.chain(self.network.penalty(tape)).reduce(|a, b| a + b).unwrap());
            });
            workspace.commit(&mut self.weights);
            for &weight in &own {
                let spec = self.weights.spec(weight);
                if let Some(gradient) = workspace.gradients().get(spec.range()).filter(|_| spec.trainable) {
                    let values = self.weights.get_mut(weight).iter_mut().zip(gradient);
                    values.for_each(|(w, g)| *w -= 0.1 * g);
                }
            }
            self.constrain(&own);
        }
        own.iter().map(|&weight| self.weights.get(weight).data.to_vec()).collect()
    }

    /// Puts the weights back to the limits that the network knows.
    fn constrain(&mut self, own: &[Weight]) {
        for &weight in own {
            self.network.weights_mut().get_mut(weight).copy_from_slice(self.weights.get(weight).data);
        }
        self.network.apply_constraints(&mut Workspace::default());
        for &weight in own {
            self.weights.get_mut(weight).copy_from_slice(self.network.weights().get(weight).data);
        }
    }
}

fn record_on<'t>(tape: &'t Tape<'t>, subject: &Subject, then: impl FnOnce(&'t Tape<'t>, &[Var<'t>])) {
    let mut inputs = tape.list();
    for (number, &input) in subject.inputs.iter().enumerate() {
        let mask = subject.mask.as_ref().filter(|_| number == 0).map(|mask| tape.input(mask.view()));
        let x = tape.weight(input);
        inputs.push(if mask.is_some() { x.with_mask(mask) } else { x });
    }
    let outputs = subject.network.call_several(&inputs);
    // Few enough for a list on the stack, so that allocations are the layer's.
    let mut list = [None; 8];
    list.iter_mut().zip(outputs.iter()).for_each(|(place, value)| *place = Some(value));
    match list {
        [Some(a), None, ..] => then(tape, &[a]),
        [Some(a), Some(b), None, ..] => then(tape, &[a, b]),
        [Some(a), Some(b), Some(c), None, ..] => then(tape, &[a, b, c]),
        [Some(a), Some(b), Some(c), Some(d), None, ..] => then(tape, &[a, b, c, d]),
        [Some(a), Some(b), Some(c), Some(d), Some(e), None, ..] => then(tape, &[a, b, c, d, e]),
        _ => panic!("a layer with so many outputs has no case yet"),
    }
}

/// The layer as the only one of a network.
fn network(layer: &Value, inputs: &[Tensor], outputs: usize) -> Result<Network, olifant_nn::BuildError> {
    let shapes = inputs.iter().enumerate();
    let architecture = json!({
        "name": "alone",
        "inputs": shapes.map(|(i, x)| json!({"name": format!("x{i}"), "shape": x.shape().without_batch()})).collect::<Vec<_>>(),
        "layers": [{"name": "layer", "layer": layer}],
        "calls": [{"layer": 0, "inputs": (0..inputs.len()).map(|i| json!({"input": i})).collect::<Vec<_>>()}],
        "outputs": (0..outputs).map(|i| json!({"call": [0, i]})).collect::<Vec<_>>(),
    });
    Network::from_architecture(&architecture.to_string(), Filling::Initial(0))
}
