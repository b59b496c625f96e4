//! What a network is made of, before it has weights: layers, and where their inputs come from.

mod order;
mod written;

use olifant_core::Shape;
use serde::{Deserialize, Serialize};

pub use self::order::Vertex;
use super::Node;
use crate::BuildError;

/// Layers, and the calls of them that lead from inputs to outputs. Its JSON form is what files keep.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "written::Written")]
pub(crate) struct Architecture {
    pub(crate) name: String,
    /// Whether it was described as a chain, which has one input and one output.
    pub(crate) is_chain: bool,
    pub(crate) inputs: Vec<NamedShape>,
    pub(crate) layers: Vec<Node>,
    /// In an order in which they can be computed.
    pub(crate) calls: Vec<Call>,
    pub(crate) outputs: Vec<Origin>,
}

/// Something that goes in: its name, and its shape without the batch axis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NamedShape {
    pub(crate) name: String,
    pub(crate) shape: Shape,
}

/// One use of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) layer: usize,
    pub(crate) inputs: Vec<Origin>,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// The input of this number.
    Input(usize),
    /// Of the call of this number, the output of this number.
    Call(usize, usize),
}

impl Architecture {
    /// A chain of layers, still without any.
    pub(crate) fn chain(input: Shape) -> Architecture {
        Architecture {
            name: "sequential".into(),
            is_chain: true,
            inputs: vec![NamedShape { name: "input_layer".into(), shape: input }],
            layers: Vec::new(),
            calls: Vec::new(),
            outputs: vec![Origin::Input(0)],
        }
    }

    /// Appends a layer to a chain.
    pub(crate) fn push(&mut self, layer: Node) {
        self.calls.push(Call { layer: self.layers.len(), inputs: self.outputs.clone() });
        self.outputs = vec![Origin::Call(self.layers.len(), 0)];
        self.layers.push(layer);
    }

    /// Whether every value comes from an input or an earlier call, and every input and layer is used.
    ///
    /// # Errors
    ///
    /// The first that is not, by name. `names` are those of the layers.
    pub(crate) fn check(&self, names: &[String]) -> Result<(), BuildError> {
        if self.layers.is_empty() {
            return Err(BuildError::NoLayers);
        }
        let mut used = vec![false; self.inputs.len()];
        let mut called = vec![false; self.layers.len()];
        for (number, call) in self.calls.iter().enumerate() {
            let name = names.get(call.layer).ok_or_else(|| missing("layer", call.layer))?;
            called[call.layer] = true;
            for origin in &call.inputs {
                match *origin {
                    Origin::Input(input) => {
                        *used.get_mut(input).ok_or_else(|| missing("input", input))? = true
                    }
                    Origin::Call(earlier, _) if earlier >= number => {
                        return Err(BuildError::Cycle { layer: name.clone() });
                    }
                    Origin::Call(..) => {}
                }
            }
        }
        for origin in &self.outputs {
            match *origin {
                Origin::Input(input) => *used.get_mut(input).ok_or_else(|| missing("input", input))? = true,
                Origin::Call(call, _) if call >= self.calls.len() => return Err(missing("call", call)),
                Origin::Call(..) => {}
            }
        }
        if let Some(input) = used.iter().position(|used| !used) {
            return Err(BuildError::UnusedInput { name: self.inputs[input].name.clone() });
        }
        match called.iter().position(|called| !called) {
            Some(layer) => {
                Err(BuildError::Architecture { reason: format!("{} is never called", names[layer]) })
            }
            None => Ok(()),
        }
    }
}

/// A number in the description of a network that stands for nothing.
fn missing(what: &str, number: usize) -> BuildError {
    BuildError::Architecture { reason: format!("there is no {what} {number}") }
}
