//! A layer in a network, with what the network knows of it.

use serde::{Deserialize, Serialize};

use super::{Graph, graph_of, graph_of_mut};
use crate::Layer;

/// A layer in a network: the layer, what the network calls it, and whether it is trained.
#[derive(Debug, Serialize, Deserialize)]
pub struct Node {
    pub(crate) name: Option<String>,
    #[serde(default = "yes")]
    pub(crate) trainable: bool,
    pub(crate) layer: Box<dyn Layer>,
}

fn yes() -> bool {
    true
}

impl<L: Layer> From<L> for Node {
    fn from(layer: L) -> Node {
        let name = graph_of(&layer).and_then(Graph::given_name).map(str::to_owned);
        Node { name, trainable: true, layer: Box::new(layer) }
    }
}

impl Node {
    /// The same layer with a name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Node {
        self.name = Some(name.into());
        self
    }

    /// The same layer, trained or frozen, with all that is in it.
    #[must_use]
    pub fn trainable(mut self, trainable: bool) -> Node {
        self.set_trainable(trainable);
        self
    }

    /// Freezes or thaws the layer; if it is a network, also all layers in it.
    pub(super) fn set_trainable(&mut self, trainable: bool) {
        self.trainable = trainable;
        let inside = graph_of_mut(&mut *self.layer).map(|graph| &mut graph.architecture.layers);
        inside.into_iter().flatten().for_each(|node| node.set_trainable(trainable));
    }
}

/// Gives a layer a name within its model; without one it is called after its type: `dense`, `dense_1`, ….
///
/// A network has a `name` as well, [`Sequential::name`](crate::Sequential::name): what the model is called, in `summary()` and files.
/// A network that becomes a layer keeps that, unless it is `named`; `named` turns it into a layer, which can no longer be compiled.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Named, Sequential, layers::Dense};
///
/// let network = Sequential::new([4]).add(Dense::new(2).named("head")).build(0)?;
/// assert!(network.weights().find("head/kernel").is_some());
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
pub trait Named {
    /// The same layer with a name.
    fn named(self, name: impl Into<String>) -> Node;
}

impl<L: Layer> Named for L {
    fn named(self, name: impl Into<String>) -> Node {
        Node::from(self).named(name)
    }
}
