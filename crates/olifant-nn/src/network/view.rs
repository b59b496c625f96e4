//! Looking at a network's graph from outside: its layers, what connects them, and the networks among them.

use std::fmt;

use olifant_core::Shape;

use super::{Graph, Origin, Vertex, graph_of};
use crate::Layer;

/// The graph of a network, or of one that is a layer of another, to be looked at.
///
/// # Examples
///
/// ```
/// use olifant_nn::{CallOn, Functional, Input, layers::{Add, Dense}};
///
/// let input = Input::new([4]);
/// let output = Add::new().on([&Dense::new(4).on(&input), &input]);
/// let network = Functional::new(&input, &output).build(0)?;
/// let layers: Vec<_> = network.graph().layers().collect();
/// let connections: Vec<String> = layers[1].calls[0].iter().map(ToString::to_string).collect();
/// assert_eq!((layers[1].name, connections.join(", ")), ("add", "dense[0][0], input_layer[0][0]".into()));
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GraphView<'a> {
    graph: &'a Graph,
}

/// A layer of a graph.
#[derive(Clone, Debug)]
pub struct LayerView<'a> {
    /// What the network calls it.
    pub name: &'a str,
    /// The layer itself.
    pub layer: &'a dyn Layer,
    /// Whether it is trained; of a network, what was last said of all of it.
    pub trainable: bool,
    /// How many numbers its weights have.
    pub parameters: usize,
    /// The shapes of what its first call returns, without the batch axis.
    pub outputs: &'a [Shape],
    /// What each of its calls is given.
    pub calls: Vec<Vec<Connection<'a>>>,
}

/// A value that a layer is given, or that a network returns. Shown as in Keras: `dense[0][1]`, call and output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection<'a> {
    /// Where it comes from.
    pub from: Vertex,
    /// The name of that.
    pub name: &'a str,
    /// Which call of the layer gives it, from 0.
    pub call: usize,
    /// Which output of that call it is, from 0.
    pub output: usize,
    /// Its shape without the batch axis.
    pub shape: Shape,
}

impl<'a> GraphView<'a> {
    pub(crate) fn new(graph: &'a Graph) -> GraphView<'a> {
        GraphView { graph }
    }

    /// The network's name.
    pub fn name(self) -> &'a str {
        &self.graph.architecture.name
    }

    /// Whether it was described as a chain, by [`Sequential`](crate::Sequential).
    pub fn is_chain(self) -> bool {
        self.graph.architecture.is_chain
    }

    /// The inputs: their names, and the shapes of their samples.
    pub fn inputs(self) -> impl ExactSizeIterator<Item = (&'a str, Shape)> {
        self.graph.architecture.inputs.iter().map(|input| (&*input.name, input.shape))
    }

    /// The layers by their numbers, in the order in which their weights were created.
    pub fn layers(self) -> impl ExactSizeIterator<Item = LayerView<'a>> {
        let Graph { architecture, stages, .. } = self.graph;
        let mut calls = vec![Vec::new(); stages.len()];
        let numbers = self.numbers_of_calls();
        for call in &architecture.calls {
            let given = call.inputs.iter().map(|&origin| self.connection(origin, &numbers));
            calls[call.layer].push(given.collect());
        }
        architecture.layers.iter().zip(stages).zip(calls).map(|((node, stage), calls)| LayerView {
            name: &stage.name,
            layer: &*node.layer,
            trainable: node.trainable,
            parameters: stage.parameters,
            outputs: &stage.outputs,
            calls,
        })
    }

    /// What the network returns.
    pub fn outputs(self) -> Vec<Connection<'a>> {
        let numbers = self.numbers_of_calls();
        self.graph.architecture.outputs.iter().map(|&origin| self.connection(origin, &numbers)).collect()
    }

    /// Inputs and layers in Keras's order: the farther from the outputs, the earlier.
    pub fn vertices(self) -> Vec<Vertex> {
        self.graph.architecture.vertices()
    }

    /// For each call of the network, which call of its layer it is.
    fn numbers_of_calls(self) -> Vec<usize> {
        let mut so_far = vec![0; self.graph.stages.len()];
        let calls = self.graph.architecture.calls.iter();
        calls
            .map(|call| {
                so_far[call.layer] += 1;
                so_far[call.layer] - 1
            })
            .collect()
    }

    fn connection(self, origin: Origin, numbers: &[usize]) -> Connection<'a> {
        let name = self.graph.name_of(origin);
        let Graph { architecture, steps, .. } = self.graph;
        match origin {
            Origin::Input(input) => {
                let shape = architecture.inputs[input].shape;
                Connection { from: Vertex::Input(input), name, call: 0, output: 0, shape }
            }
            Origin::Call(call, output) => Connection {
                from: Vertex::Layer(architecture.calls[call].layer),
                name,
                call: numbers[call],
                output,
                shape: steps[call].outputs[output],
            },
        }
    }
}

impl<'a> LayerView<'a> {
    /// What is in the layer, if it is a network.
    pub fn network(&self) -> Option<GraphView<'a>> {
        graph_of(self.layer).map(GraphView::new)
    }
}

impl fmt::Display for Connection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}][{}]", self.name, self.call, self.output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        CallOn, Functional, Input, Named, Sequential, SharedLayer,
        layers::{Add, Dense},
    };

    #[test]
    fn a_view_shows_calls_of_shared_networks_and_what_is_in_them() {
        let (a, b) = (Input::named("a", [4]), Input::named("b", [4]));
        let tower = SharedLayer::new(Sequential::new([4]).add(Dense::new(3)).named("tower"));
        let sum = Add::new().named("sum").on([&tower.on(&a), &tower.on(&b)]);
        let network = Functional::new([&a, &b], &sum).build(0).unwrap();
        let graph = network.graph();
        assert!(!graph.is_chain() && graph.name() == "functional");
        assert_eq!(graph.inputs().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "b"]);
        let [tower, sum] = &graph.layers().collect::<Vec<_>>()[..] else { panic!() };
        let shown = |calls: &[Vec<Connection<'_>>]| {
            calls.iter().map(|given| given.iter().map(ToString::to_string).collect()).collect::<Vec<Vec<_>>>()
        };
        assert_eq!(shown(&tower.calls), [["a[0][0]"], ["b[0][0]"]]);
        assert_eq!(shown(&sum.calls), [["tower[0][0]", "tower[1][0]"]]);
        assert_eq!(sum.calls[0][1].shape, Shape::from([3]));
        assert_eq!((tower.parameters, tower.trainable, tower.outputs), (15, true, &[Shape::from([3])][..]));
        let inside = tower.network().unwrap();
        assert!(inside.is_chain() && sum.network().is_none());
        assert_eq!(inside.layers().map(|layer| layer.name).collect::<Vec<_>>(), ["dense"]);
        assert_eq!(inside.outputs()[0].to_string(), "dense[0][0]");
        let order = [Vertex::Input(0), Vertex::Input(1), Vertex::Layer(0), Vertex::Layer(1)];
        assert_eq!(graph.vertices(), order);
    }
}
