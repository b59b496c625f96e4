//! Building a network as a chain of layers.

use olifant_core::{Shape, TensorView, VarList, Weights};
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, Filling, Layer, Network, WeightBuilder,
    network::{Architecture, Description, Node, network_description},
};

/// A chain of layers, to be built or compiled. It is a layer itself, and can be part of another network.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Activation, Sequential, layers::{Dense, Flatten}};
///
/// let network = Sequential::new([28, 28])
///     .add(Flatten::new())
///     .add(Dense::new(300).activation(Activation::Relu))
///     .add(Dense::new(10).activation(Activation::Softmax))
///     .build(42)?;
/// println!("{}", network.summary());
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequential {
    pub(crate) description: Description,
}

impl Sequential {
    /// A chain that begins with samples of this shape, without the batch axis.
    pub fn new(input: impl Into<Shape>) -> Sequential {
        Sequential { description: Ok(Architecture::chain(input.into())).into() }
    }

    /// Appends a layer.
    #[allow(clippy::should_implement_trait)] // Keras's word; nobody expects `model + layer`.
    pub fn add(mut self, layer: impl Into<Node>) -> Sequential {
        self.description.graph.architecture.push(layer.into());
        self
    }
}

network_description!(Sequential, "sequential");
