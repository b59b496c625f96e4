//! From symbols to an architecture: finding all layers on the way from the outputs back.

use std::{collections::HashMap, sync::Arc};

use super::symbol::{LayerCall, SharedLayer, Symbol, SymbolOrigin};
use crate::{
    BuildError,
    network::{Architecture, Call, NamedShape, Origin, unique_names},
};

/// The layers between inputs and outputs in Keras's order, each with its name.
pub(super) fn collect(inputs: &[Symbol], outputs: &[Symbol]) -> Result<Architecture, BuildError> {
    let mut collection = Collection::new(inputs)?;
    let outputs = outputs.iter().map(|output| collection.add(output)).collect::<Result<_, _>>()?;
    let Collection { inputs, layers, calls, .. } = collection;
    let mut architecture = Architecture {
        name: "functional".into(),
        is_chain: false,
        inputs,
        layers: layers.iter().map(SharedLayer::take).collect::<Result<_, _>>()?,
        calls,
        outputs,
    };
    // Names are counted in the order of the description, whatever the order of the layers will be.
    let inputs = architecture.inputs.iter().map(|input| (Some(&*input.name), "InputLayer"));
    let layers = architecture.layers.iter().map(|node| (node.name.as_deref(), node.layer.class_name()));
    let names = unique_names(inputs.chain(layers))?.split_off(architecture.inputs.len());
    architecture.layers.iter_mut().zip(names).for_each(|(node, name)| node.name = Some(name));
    architecture.sort();
    Ok(architecture)
}

/// What was found so far.
struct Collection {
    inputs: Vec<NamedShape>,
    layers: Vec<SharedLayer>,
    calls: Vec<Call>,
    /// The number of each layer.
    layer_numbers: HashMap<*const (), usize>,
    /// The number of each input and call.
    origins: HashMap<*const SymbolOrigin, Origin>,
}

impl Collection {
    fn new(inputs: &[Symbol]) -> Result<Collection, BuildError> {
        let given = inputs.iter().enumerate().map(|(number, symbol)| match &*symbol.origin {
            SymbolOrigin::Input { name, shape } => Ok((name.as_deref(), *shape)),
            SymbolOrigin::Call(_) => Err(BuildError::NotAnInput { number }),
        });
        let given = given.collect::<Result<Vec<_>, _>>()?;
        let names = unique_names(given.iter().map(|(name, _)| (*name, "InputLayer")))?;
        let shapes = given.iter().map(|(_, shape)| *shape);
        let origins = inputs.iter().enumerate();
        Ok(Collection {
            inputs: names.into_iter().zip(shapes).map(|(name, shape)| NamedShape { name, shape }).collect(),
            layers: Vec::new(),
            calls: Vec::new(),
            layer_numbers: HashMap::new(),
            origins: origins.map(|(number, input)| (key(input), Origin::Input(number))).collect(),
        })
    }

    /// Adds everything that a symbol depends on, what comes first before the rest.
    ///
    /// # Errors
    ///
    /// It depends on an input that is not among the model's.
    fn add(&mut self, output: &Symbol) -> Result<Origin, BuildError> {
        let mut ahead = vec![output];
        while let Some(&symbol) = ahead.last() {
            if self.origins.contains_key(&key(symbol)) {
                ahead.pop();
                continue;
            }
            let SymbolOrigin::Call(call) = &*symbol.origin else {
                return Err(self.disconnected(output, symbol)?);
            };
            // Backwards, so that the first is looked at first.
            let before = ahead.len();
            ahead.extend(call.inputs.iter().rev().filter(|input| !self.origins.contains_key(&key(input))));
            if ahead.len() == before {
                ahead.pop();
                let number = self.record(call);
                self.origins.insert(key(symbol), Origin::Call(number, 0));
            }
        }
        Ok(self.origin(output))
    }

    /// Appends a call whose inputs are known; returns its number.
    fn record(&mut self, call: &LayerCall) -> usize {
        let next = self.layers.len();
        let layer = *self.layer_numbers.entry(call.layer.key()).or_insert(next);
        if layer == next {
            self.layers.push(call.layer.clone());
        }
        let inputs = call.inputs.iter().map(|input| self.origin(input)).collect();
        self.calls.push(Call { layer, inputs });
        self.calls.len() - 1
    }

    /// Where a symbol that is known comes from.
    fn origin(&self, symbol: &Symbol) -> Origin {
        match self.origins[&key(symbol)] {
            Origin::Call(call, _) => Origin::Call(call, symbol.output),
            input => input,
        }
    }

    /// What to say of an input that is missing.
    ///
    /// # Errors
    ///
    /// Another model has the output's layer: that has to be said first.
    fn disconnected(&self, output: &Symbol, input: &Symbol) -> Result<BuildError, BuildError> {
        let name = |symbol: &Symbol| match &*symbol.origin {
            SymbolOrigin::Input { name: Some(name), .. } => Ok(name.clone()),
            SymbolOrigin::Input { shape, .. } => Ok(format!("of shape {shape}")),
            SymbolOrigin::Call(call) => call.layer.description(),
        };
        let names: Vec<&str> = self.inputs.iter().map(|input| &*input.name).collect();
        let (output, input) = (name(output)?, name(input)?);
        Ok(BuildError::Disconnected { output, input, inputs: names.join(", ") })
    }
}

/// Tells origins apart.
fn key(symbol: &Symbol) -> *const SymbolOrigin {
    Arc::as_ptr(&symbol.origin)
}
