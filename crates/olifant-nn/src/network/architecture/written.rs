//! The JSON form of an architecture. A chain is just its layers, as it was before there were graphs.

use olifant_core::Shape;
use serde::{Deserialize, Serialize, Serializer};

use super::{Architecture, Call, NamedShape, Origin};
use crate::network::Node;

/// What is read: a chain, which has an `input`, or a graph, which has the other three.
#[derive(Deserialize)]
pub(super) struct Written {
    name: String,
    input: Option<Shape>,
    #[serde(default)]
    inputs: Vec<NamedShape>,
    layers: Vec<Node>,
    #[serde(default)]
    calls: Vec<Call>,
    #[serde(default)]
    outputs: Vec<Origin>,
}

impl From<Written> for Architecture {
    fn from(written: Written) -> Architecture {
        let Written { name, input, inputs, layers, calls, outputs } = written;
        match input {
            Some(input) => {
                let mut chain = Architecture { name, ..Architecture::chain(input) };
                layers.into_iter().for_each(|layer| chain.push(layer));
                chain
            }
            None => Architecture { name, is_chain: false, inputs, layers, calls, outputs },
        }
    }
}

impl Serialize for Architecture {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Chain<'a> {
            name: &'a str,
            input: Shape,
            layers: &'a [Node],
        }
        #[derive(Serialize)]
        struct Graph<'a> {
            name: &'a str,
            inputs: &'a [NamedShape],
            layers: &'a [Node],
            calls: &'a [Call],
            outputs: &'a [Origin],
        }
        let Architecture { name, is_chain, inputs, layers, calls, outputs } = self;
        match inputs.first().filter(|_| *is_chain) {
            Some(input) => Chain { name, input: input.shape, layers }.serialize(serializer),
            None => Graph { name, inputs, layers, calls, outputs }.serialize(serializer),
        }
    }
}
