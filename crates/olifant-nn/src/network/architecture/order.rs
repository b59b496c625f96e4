//! The order in which Keras lists inputs and layers: the farther from the outputs, the earlier.

use std::cmp::Reverse;

use super::{Architecture, Call, Origin};

/// What a network's graph connects: what a summary has a row for, and a picture a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vertex {
    /// The input of this number.
    Input(usize),
    /// The layer of this number.
    Layer(usize),
}

/// How many calls lie between something and the farthest output that needs it.
struct Depths {
    inputs: Vec<usize>,
    layers: Vec<usize>,
    calls: Vec<usize>,
}

impl Architecture {
    /// Inputs and layers in Keras's order.
    pub(crate) fn vertices(&self) -> Vec<Vertex> {
        let depths = self.depths();
        let mut vertices = self.traversal();
        vertices.sort_by_key(|vertex| {
            Reverse(match *vertex {
                Vertex::Input(input) => depths.inputs[input],
                Vertex::Layer(layer) => depths.layers[layer],
            })
        });
        vertices
    }

    /// Puts layers and calls into Keras's order, in which weights are created and listed.
    pub(crate) fn sort(&mut self) {
        let depths = self.depths();
        let order: Vec<usize> = self.vertices().into_iter().filter_map(Vertex::layer).collect();
        let place = inverse(&order);
        let mut calls: Vec<usize> = (0..self.calls.len()).collect();
        calls.sort_by_key(|&call| (Reverse(depths.calls[call]), place[self.calls[call].layer]));
        let call_place = inverse(&calls);
        let moved = |origin: &Origin| match *origin {
            Origin::Call(call, output) => Origin::Call(call_place[call], output),
            input => input,
        };
        self.calls = calls
            .iter()
            .map(|&call| {
                let Call { layer, inputs } = &self.calls[call];
                Call { layer: place[*layer], inputs: inputs.iter().map(moved).collect() }
            })
            .collect();
        self.outputs = self.outputs.iter().map(moved).collect();
        let mut layers: Vec<_> = std::mem::take(&mut self.layers).into_iter().map(Some).collect();
        self.layers = order.iter().filter_map(|&layer| layers[layer].take()).collect();
    }

    fn depths(&self) -> Depths {
        let mut depths = Depths {
            inputs: vec![0; self.inputs.len()],
            layers: vec![0; self.layers.len()],
            calls: vec![0; self.calls.len()],
        };
        for (number, Call { layer, inputs }) in self.calls.iter().enumerate().rev() {
            // A layer that is called several times stands where its first call does.
            let depth = depths.calls[number].max(depths.layers[*layer]);
            (depths.calls[number], depths.layers[*layer]) = (depth, depth);
            for origin in inputs {
                let before = match *origin {
                    Origin::Input(input) => &mut depths.inputs[input],
                    Origin::Call(call, _) => &mut depths.calls[call],
                };
                *before = (*before).max(depth + 1);
            }
        }
        depths
    }

    /// Inputs and layers as they are met on the way from the outputs back, depth first.
    fn traversal(&self) -> Vec<Vertex> {
        let mut seen = vec![false; self.calls.len()];
        let mut vertices = Vec::new();
        let mut ahead: Vec<Origin> = self.outputs.iter().rev().copied().collect();
        let (mut input_listed, mut layer_listed) =
            (vec![false; self.inputs.len()], vec![false; self.layers.len()]);
        while let Some(origin) = ahead.pop() {
            match origin {
                Origin::Input(input) => {
                    if !std::mem::replace(&mut input_listed[input], true) {
                        vertices.push(Vertex::Input(input));
                    }
                }
                Origin::Call(call, _) if !std::mem::replace(&mut seen[call], true) => {
                    let Call { layer, inputs } = &self.calls[call];
                    if !std::mem::replace(&mut layer_listed[*layer], true) {
                        vertices.push(Vertex::Layer(*layer));
                    }
                    ahead.extend(inputs.iter().rev());
                }
                Origin::Call(..) => {}
            }
        }
        let rest = (0..self.layers.len()).filter(|&layer| !layer_listed[layer]).map(Vertex::Layer);
        vertices.extend(rest.collect::<Vec<_>>());
        vertices
    }
}

impl Vertex {
    fn layer(self) -> Option<usize> {
        match self {
            Vertex::Layer(layer) => Some(layer),
            Vertex::Input(_) => None,
        }
    }
}

/// Where each number stands in an order.
fn inverse(order: &[usize]) -> Vec<usize> {
    let mut place = vec![0; order.len()];
    order.iter().enumerate().for_each(|(position, &number)| place[number] = position);
    place
}
