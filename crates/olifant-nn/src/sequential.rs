//! Building a network as a chain of layers.

use olifant_core::{Shape, TensorView, Var, VarList};
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, Filling, Layer, Network, WeightBuilder,
    network::{Architecture, Graph, Node},
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
    graph: Graph,
    #[serde(skip)]
    seed: Option<u64>,
}

impl Sequential {
    /// A chain that begins with samples of this shape, without the batch axis.
    pub fn new(input: impl Into<Shape>) -> Sequential {
        Sequential { graph: Architecture::chain(input.into()).into(), seed: None }
    }

    /// Appends a layer.
    #[allow(clippy::should_implement_trait)] // Keras's word; nobody expects `model + layer`.
    pub fn add(mut self, layer: impl Into<Node>) -> Sequential {
        self.graph.architecture.push(layer.into());
        self
    }

    /// What the model is called; `sequential` if not set.
    pub fn name(mut self, name: impl Into<String>) -> Sequential {
        self.graph.architecture.name = name.into();
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
        Network::build(self.graph, Filling::Initial(seed))
    }
}

#[typetag::serde(name = "sequential")]
impl Layer for Sequential {
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        Ok(self.build_several(&[*input], weights)?[0])
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.call_several(&x.tape().list_of(&[x])).get(0)
    }

    fn build_several(
        &mut self,
        inputs: &[Shape],
        weights: &mut WeightBuilder<'_>,
    ) -> Result<Vec<Shape>, BuildError> {
        self.graph.build_for(inputs, weights)
    }

    fn call_several<'t>(&self, inputs: &VarList<'t>) -> VarList<'t> {
        self.graph.call(inputs)
    }

    fn check_input(&self, x: TensorView<'_>) -> Result<(), BuildError> {
        self.graph.check_numbers(&[x])
    }

    fn batch_size(&self) -> Option<usize> {
        self.graph.batch_size()
    }
}
