//! Describing a network of any shape: several inputs and outputs, branches, layers that are used twice.

mod collection;
mod symbol;

use olifant_core::{Shape, Var, VarList};
use serde::{Deserialize, Serialize};

use self::collection::collect;
pub use self::symbol::{CallOn, Input, IntoSymbols, SharedLayer, Symbol};
use crate::{BuildError, Filling, Layer, Network, WeightBuilder, network::Graph};

/// A network described by what flows from its inputs to its outputs, to be built or compiled.
/// It is a layer itself, and can be part of another network.
///
/// A layer is called [`on`](CallOn::on) one value or several, and gives the next.
/// Shapes are checked when the network is built.
///
/// # Errors
///
/// When built: an input that no output depends on, an output that depends on another input, and what layers refuse.
///
/// # Examples
///
/// A residual block:
///
/// ```
/// use olifant_nn::{Activation, CallOn, Functional, Input, layers::{Add, Dense}};
///
/// let input = Input::new([16]);
/// let x = Dense::new(32).activation(Activation::Relu).on(&input);
/// let x = Dense::new(16).on(&x);
/// let output = Add::new().on([&x, &input]);
/// let network = Functional::new(&input, &output).build(42)?;
/// println!("{}", network.summary());
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Functional {
    graph: Graph,
    /// What was wrong with the description; building says so.
    #[serde(skip)]
    error: Option<BuildError>,
    #[serde(skip)]
    seed: Option<u64>,
}

impl Functional {
    /// The network that leads from some inputs to some outputs: one of each (`&x`), or an array `[&a, &b]`.
    pub fn new(inputs: impl IntoSymbols, outputs: impl IntoSymbols) -> Functional {
        match collect(&inputs.into_symbols(), &outputs.into_symbols()) {
            Ok(architecture) => Functional { graph: architecture.into(), error: None, seed: None },
            Err(error) => Functional { graph: Graph::default(), error: Some(error), seed: None },
        }
    }

    /// What the model is called; `functional` if not set.
    pub fn name(mut self, name: impl Into<String>) -> Functional {
        self.graph.architecture.name = name.into();
        self
    }

    /// The number that all randomness of the model follows from; drawn from the operating system if not set.
    pub fn seed(mut self, seed: u64) -> Functional {
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
    /// Inputs and outputs that are not connected, the first layer that does not suit its inputs,
    /// or whose options are outside their ranges.
    pub fn build(self, seed: u64) -> Result<Network, BuildError> {
        match self.error {
            Some(error) => Err(error),
            None => Network::build(self.graph, Filling::Initial(seed)),
        }
    }
}

#[typetag::serde(name = "functional")]
impl Layer for Functional {
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        Ok(self.build_several(&[*input], weights)?[0])
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.call_several(&x.tape().list_of(&[x])).get(0)
    }

    fn outputs(&self) -> usize {
        self.graph.architecture.outputs.len()
    }

    fn build_several(
        &mut self,
        inputs: &[Shape],
        weights: &mut WeightBuilder<'_>,
    ) -> Result<Vec<Shape>, BuildError> {
        match &self.error {
            Some(error) => Err(error.clone()),
            None => self.graph.build_for(inputs, weights),
        }
    }

    fn call_several<'t>(&self, inputs: &VarList<'t>) -> VarList<'t> {
        self.graph.call(inputs)
    }

    fn batch_size(&self) -> Option<usize> {
        self.graph.batch_size()
    }
}

#[cfg(test)]
mod tests;
