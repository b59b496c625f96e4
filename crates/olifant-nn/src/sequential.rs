//! Building a network as a chain of layers.

use olifant_core::Shape;

use crate::{
    BuildError, Filling, Network,
    network::{Architecture, Node},
};

/// A chain of layers, to be built or compiled.
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
#[derive(Debug)]
pub struct Sequential {
    architecture: Architecture,
    seed: Option<u64>,
}

impl Sequential {
    /// A chain that begins with samples of this shape, without the batch axis.
    pub fn new(input: impl Into<Shape>) -> Sequential {
        let architecture =
            Architecture { name: "sequential".into(), input: input.into(), layers: Vec::new() };
        Sequential { architecture, seed: None }
    }

    /// Appends a layer.
    #[allow(clippy::should_implement_trait)] // Keras's word; nobody expects `model + layer`.
    pub fn add(mut self, layer: impl Into<Node>) -> Sequential {
        self.architecture.layers.push(layer.into());
        self
    }

    /// What the model is called; `sequential` if not set.
    pub fn name(mut self, name: impl Into<String>) -> Sequential {
        self.architecture.name = name.into();
        self
    }

    /// The number that all randomness of the model follows from; drawn from the operating system if not set.
    pub fn seed(mut self, seed: u64) -> Sequential {
        self.seed = Some(seed);
        self
    }

    /// The seed, if one was set.
    pub fn given_seed(&self) -> Option<u64> {
        self.seed
    }

    /// Creates the weights.
    ///
    /// # Errors
    ///
    /// The first layer that does not suit its inputs, or whose options are outside their ranges.
    pub fn build(self, seed: u64) -> Result<Network, BuildError> {
        Network::build(self.architecture, Filling::Initial(seed))
    }
}
