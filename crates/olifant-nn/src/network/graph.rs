//! Layers that are built, and the order in which they are called.

use olifant_core::{MAX_RANK, Shape, TensorView, Var, VarList, Weight, Weights};
use serde::{Deserialize, Serialize};

use super::{
    architecture::{Architecture, Call, Origin},
    names::unique_names,
};
use crate::{BuildError, WeightBuilder, with_batch};

/// An architecture, and what building it found out.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Graph {
    pub(crate) architecture: Architecture,
    #[serde(skip)]
    pub(crate) stages: Vec<Stage>,
    #[serde(skip)]
    pub(super) steps: Vec<Step>,
    /// Where the outputs stand in the list of all values.
    #[serde(skip)]
    outputs: Vec<usize>,
    /// The numbers that the weights begin with, if it was trained already.
    #[serde(skip)]
    pub(super) trained: Option<Weights>,
}

/// What building found out about a layer.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    pub(crate) name: String,
    /// The shapes of what its first call returns.
    pub(crate) outputs: Vec<Shape>,
    pub(crate) parameters: usize,
    /// What gradients change of it, unless it is frozen.
    pub(crate) trainable: Vec<Weight>,
    /// What is frozen and thawed with it: all of it but what was built frozen, in places without a name.
    pub(super) freezable: Vec<Weight>,
    weights: Vec<Weight>,
}

/// One call of a layer. All values, inputs first, stand in one list.
#[derive(Debug)]
pub(super) struct Step {
    layer: usize,
    inputs: Vec<usize>,
    pub(super) outputs: Vec<Shape>,
    /// The layer before does its work.
    is_fused: bool,
}

impl From<Architecture> for Graph {
    fn from(architecture: Architecture) -> Graph {
        Graph { architecture, ..Graph::default() }
    }
}

impl Graph {
    /// Builds all layers, each for the outputs of those before.
    pub(crate) fn build(&mut self, weights: &mut WeightBuilder<'_>) -> Result<Vec<Shape>, BuildError> {
        let begin = weights.created();
        let layers = &self.architecture.layers;
        let names = unique_names(layers.iter().map(|node| (node.name.as_deref(), node.layer.class_name())))?;
        self.architecture.check(&names)?;
        self.stages = names.into_iter().map(|name| Stage { name, ..Stage::default() }).collect();
        self.steps = Vec::with_capacity(self.architecture.calls.len());
        let mut shapes: Vec<Shape> = self.architecture.inputs.iter().map(|input| input.shape).collect();
        shapes.iter().try_for_each(check_room_for_batch)?;
        // Where the outputs of each call begin.
        let mut begins = Vec::with_capacity(self.architecture.calls.len());
        for number in 0..self.architecture.calls.len() {
            let call = &self.architecture.calls[number];
            let places = call.inputs.iter().map(|&origin| self.place(origin, &begins));
            let inputs = places.collect::<Result<Vec<_>, _>>()?;
            let given: Vec<Shape> = inputs.iter().map(|&value| shapes[value]).collect();
            let layer = call.layer;
            let outputs = self.build_layer(layer, &given, weights);
            let outputs = outputs.and_then(|outputs| self.check_batch_size(layer).map(|()| outputs));
            let outputs = outputs.map_err(|source| BuildError::Layer {
                number: layer,
                name: self.stages[layer].name.clone(),
                source: Box::new(source),
            })?;
            begins.push(shapes.len());
            shapes.extend(&outputs);
            self.steps.push(Step { layer, inputs, outputs, is_fused: false });
        }
        let outputs = self.architecture.outputs.iter().map(|&origin| self.place(origin, &begins));
        self.outputs = outputs.collect::<Result<_, _>>()?;
        self.fuse(&begins);
        if let Some(trained) = self.trained.take() {
            weights.fill(begin, &trained);
        }
        Ok(self.outputs.iter().map(|&value| shapes[value]).collect())
    }

    /// Builds all layers as part of another network, which gives inputs of these shapes.
    pub(crate) fn build_for(
        &mut self,
        inputs: &[Shape],
        weights: &mut WeightBuilder<'_>,
    ) -> Result<Vec<Shape>, BuildError> {
        self.check_inputs(inputs)?;
        self.build(weights)
    }

    /// Whether samples of these shapes can go in.
    ///
    /// # Errors
    ///
    /// They cannot; the error names the input, both shapes, and the remedy.
    pub(crate) fn check_inputs(&self, samples: &[Shape]) -> Result<(), BuildError> {
        let inputs = &self.architecture.inputs;
        if samples.len() != inputs.len() {
            let names: Vec<&str> = inputs.iter().map(|input| &*input.name).collect();
            let expected = match names[..] {
                [_] => "one input".to_owned(),
                _ => format!("{} inputs ({})", names.len(), names.join(", ")),
            };
            return Err(BuildError::Inputs { expected, given: samples.len() });
        }
        let wrong =
            inputs.iter().zip(samples).enumerate().find(|(_, (input, sample))| input.shape != **sample);
        let Some((number, (input, sample))) = wrong else { return Ok(()) };
        let remedy = if sample.size() == input.shape.size() {
            "; the number of elements is right: reshape the data, or begin with another input shape"
        } else {
            "; check the shape that the model begins with"
        };
        let source =
            BuildError::InputShape { expected: with_batch(&input.shape), given: with_batch(sample), remedy };
        // A chain has one input, which its first layer takes.
        let name = match self.stages.first() {
            Some(first) if self.architecture.is_chain => first.name.clone(),
            _ => input.name.clone(),
        };
        Err(BuildError::Layer { number, name, source: Box::new(source) })
    }

    /// Whether the layers that read an input, given by its number, can work with these numbers.
    ///
    /// # Errors
    ///
    /// One cannot; the error names the layer.
    pub(crate) fn check_input(&self, number: usize, x: TensorView<'_>) -> Result<(), BuildError> {
        for step in &self.steps {
            let layer = &self.architecture.layers[step.layer].layer;
            let reads = step.inputs.iter().enumerate().filter(|(_, value)| **value == number);
            for (input, _) in reads {
                layer.check_input(input, x).map_err(|source| BuildError::Layer {
                    number: step.layer,
                    name: self.stages[step.layer].name.clone(),
                    source: Box::new(source),
                })?;
            }
        }
        Ok(())
    }

    /// The only size of batches that the layers take, if any of them keeps something of each sample.
    pub(crate) fn batch_size(&self) -> Option<usize> {
        self.architecture.layers.iter().find_map(|node| node.layer.batch_size())
    }

    /// Sets what the layers keep from batch to batch to zero.
    pub(crate) fn reset_states(&self, weights: &mut Weights) {
        self.architecture.layers.iter().for_each(|node| node.layer.reset_state(weights));
    }

    /// Whether a layer takes the batches that others take.
    fn check_batch_size(&self, number: usize) -> Result<(), BuildError> {
        // Few layers have one: looking through all others for each layer would take time in the square of the layers.
        let Some(given) = self.architecture.layers[number].layer.batch_size() else { return Ok(()) };
        match self.batch_size() {
            Some(expected) if given != expected => {
                let expected = format!("for batches of {expected}, as in another layer");
                Err(BuildError::option("stateful", expected, given))
            }
            _ => Ok(()),
        }
    }

    /// Whether each layer is called once, with the only output of the one before.
    pub(crate) fn is_linear(&self) -> bool {
        let Architecture { inputs, calls, outputs, layers, .. } = &self.architecture;
        let follows = |(number, call): (usize, &Call)| match call.inputs[..] {
            [Origin::Input(_)] => number == 0,
            [Origin::Call(before, _)] => before + 1 == number,
            _ => false,
        };
        let ends = |origin: &Origin| matches!(origin, Origin::Call(call, _) if call + 1 == calls.len());
        let is_chain = calls.iter().enumerate().all(follows) && outputs.iter().all(ends);
        inputs.len() == 1 && calls.len() == layers.len() && is_chain
    }

    /// What the network is called, if it was given a name.
    pub(crate) fn given_name(&self) -> Option<&str> {
        let Architecture { name, is_chain, .. } = &self.architecture;
        let default = if *is_chain { "sequential" } else { "functional" };
        (!name.is_empty() && name != default).then_some(&**name)
    }

    /// The name of what a value comes from.
    pub(crate) fn name_of(&self, origin: Origin) -> &str {
        match origin {
            Origin::Input(input) => &self.architecture.inputs[input].name,
            Origin::Call(call, _) => &self.stages[self.architecture.calls[call].layer].name,
        }
    }

    /// Where a value stands in the list of all values.
    fn place(&self, origin: Origin, begins: &[usize]) -> Result<usize, BuildError> {
        match origin {
            Origin::Input(input) => Ok(input),
            Origin::Call(call, output) if output < self.steps[call].outputs.len() => {
                Ok(begins[call] + output)
            }
            Origin::Call(call, output) => {
                let Step { layer, outputs, .. } = &self.steps[call];
                Err(BuildError::NoSuchOutput {
                    layer: self.stages[*layer].name.clone(),
                    output,
                    outputs: outputs.len(),
                })
            }
        }
    }

    /// Builds one layer; if it was built before, only to see whether it can take these inputs as well.
    fn build_layer(
        &mut self,
        number: usize,
        inputs: &[Shape],
        weights: &mut WeightBuilder<'_>,
    ) -> Result<Vec<Shape>, BuildError> {
        let (node, stage) = (&mut self.architecture.layers[number], &mut self.stages[number]);
        let is_first = stage.outputs.is_empty();
        let mut existing = (!is_first).then(|| stage.weights.clone().into_iter());
        let mut created = Vec::new();
        let mut builder = weights.layer(&stage.name, node.trainable, existing.as_mut(), &mut created);
        let outputs = node.layer.build_several(inputs, &mut builder)?;
        outputs.iter().try_for_each(check_room_for_batch)?;
        if is_first {
            weights.note(&created);
            stage.parameters = created.iter().map(|&weight| weights.spec(weight).shape.size()).sum();
            stage.trainable = created.clone();
            stage.trainable.retain(|&weight| weights.spec(weight).trainable);
            stage.freezable = created.clone();
            stage.freezable.retain(|&weight| !weights.spec(weight).frozen);
            stage.weights = created;
            stage.outputs = outputs.clone();
        }
        Ok(outputs)
    }

    /// Lets layers take over the work of those behind them.
    fn fuse(&mut self, begins: &[usize]) {
        let mut calls = vec![0; self.stages.len()];
        self.steps.iter().for_each(|step| calls[step.layer] += 1);
        let readers = self.only_readers(begins);
        for (number, &value) in begins.iter().enumerate() {
            let (Some(next), false) = (readers[value], self.steps[number].is_fused) else { continue };
            let (layer, after) = (self.steps[number].layer, self.steps[next].layer);
            let is_simple = |step: &Step| step.outputs.len() == 1 && step.inputs.len() == 1;
            if !is_simple(&self.steps[number])
                || !is_simple(&self.steps[next])
                || calls[layer] + calls[after] > 2
            {
                continue;
            }
            if let Ok([node, after]) = self.architecture.layers.get_disjoint_mut([layer, after]) {
                self.steps[next].is_fused = node.layer.fuse(&*after.layer);
            }
        }
    }

    /// For each value the only call that reads it, if it is just one.
    fn only_readers(&self, begins: &[usize]) -> Vec<Option<usize>> {
        let values =
            begins.last().zip(self.steps.last()).map_or(0, |(begin, step)| begin + step.outputs.len());
        let mut readers = vec![Vec::new(); values];
        for (number, step) in self.steps.iter().enumerate() {
            step.inputs.iter().for_each(|&value| readers[value].push(number));
        }
        // The outputs are read by somebody outside.
        self.outputs.iter().for_each(|&value| readers[value].clear());
        readers.iter().map(|readers| if let [only] = readers[..] { Some(only) } else { None }).collect()
    }

    /// Records all calls.
    pub(crate) fn call<'t>(&self, inputs: &VarList<'t>) -> VarList<'t> {
        let tape = inputs.tape();
        let mut values = tape.list();
        inputs.iter().for_each(|input| values.push(input));
        for step in &self.steps {
            let mut given = tape.list();
            step.inputs.iter().for_each(|&value| given.push(values.get(value)));
            if step.is_fused {
                values.push(given.get(0));
                continue;
            }
            let layer = &self.architecture.layers[step.layer].layer;
            let mask = given.iter().next().and_then(Var::mask).filter(|_| layer.supports_masking());
            let returned = layer.call_several(&given);
            let (name, expected) = (&self.stages[step.layer].name, step.outputs.len());
            assert_eq!(returned.len(), expected, "{name} returns as many values as it was built for");
            returned.iter().for_each(|value| values.push(masked(value, mask)));
        }
        let mut outputs = tape.list();
        self.outputs.iter().for_each(|&value| outputs.push(values.get(value)));
        outputs
    }
}

/// A value with the mask of what it was computed from, unless it has its own, or its time axis is gone.
fn masked<'t>(value: Var<'t>, mask: Option<Var<'t>>) -> Var<'t> {
    match mask {
        Some(mask) if value.mask().is_none() && value.shape().axes().starts_with(mask.shape().axes()) => {
            value.with_mask(Some(mask))
        }
        _ => value,
    }
}

/// Whether the shape of a sample leaves room for the batch axis, and can be at all.
fn check_room_for_batch(sample: &Shape) -> Result<(), BuildError> {
    Shape::new(sample.axes())?;
    if sample.rank() < MAX_RANK {
        return Ok(());
    }
    Err(BuildError::Other(format!(
        "samples of shape {sample} leave no room for the batch axis: with it a tensor has at most {MAX_RANK} axes"
    )))
}
