//! A network that is described: it is built by itself, or as a layer of another.

use std::any::Any;

use serde::{Deserialize, Serialize};

use super::{Architecture, Graph};
use crate::{BuildError, Functional, Layer, Sequential};

/// What is known of a network before it is built.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Description {
    pub(crate) graph: Graph,
    /// What was wrong with the description; building says so.
    #[serde(skip)]
    error: Option<BuildError>,
    #[serde(skip)]
    pub(crate) seed: Option<u64>,
}

impl From<Graph> for Description {
    fn from(graph: Graph) -> Description {
        Description { graph, error: None, seed: None }
    }
}

impl From<Result<Architecture, BuildError>> for Description {
    fn from(architecture: Result<Architecture, BuildError>) -> Description {
        match architecture {
            Ok(architecture) => Graph::from(architecture).into(),
            Err(error) => Description { graph: Graph::default(), error: Some(error), seed: None },
        }
    }
}

impl Description {
    /// Whether nothing was wrong with the description.
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        self.error.clone().map_or(Ok(()), Err)
    }
}

/// The graph of a layer that is a network.
pub(crate) fn graph_of(layer: &dyn Layer) -> Option<&Graph> {
    let layer: &dyn Any = layer;
    let sequential = layer.downcast_ref::<Sequential>().map(|network| &network.description);
    let description = sequential.or(layer.downcast_ref::<Functional>().map(|network| &network.description));
    description.map(|description| &description.graph)
}

/// The graph of a layer that is a network, to be changed.
pub(crate) fn graph_of_mut(layer: &mut dyn Layer) -> Option<&mut Graph> {
    let layer: &mut dyn Any = layer;
    let description = if layer.is::<Sequential>() {
        layer.downcast_mut::<Sequential>().map(|network| &mut network.description)
    } else {
        layer.downcast_mut::<Functional>().map(|network| &mut network.description)
    };
    description.map(|description| &mut description.graph)
}

/// Writes `name`, `seed`, `given_seed` and `build` of both kinds of description, and that they are layers.
macro_rules! network_description {
    ($Network:ident, $name:literal) => {
        impl $Network {
            #[doc = concat!("What the model is called; `", $name, "` if not set.")]
            ///
            /// As a layer of another network it is called the same; [`named`](crate::Named::named), which all layers have,
            /// gives it another name there.
            pub fn name(mut self, name: impl Into<String>) -> $Network {
                self.description.graph.architecture.name = name.into();
                self
            }

            /// The number that all randomness of the model follows from; drawn from the operating system if not set.
            pub fn seed(mut self, seed: u64) -> $Network {
                self.description.seed = Some(seed);
                self
            }

            /// The seed, if one was set.
            pub fn given_seed(&self) -> Option<u64> {
                self.description.seed
            }

            /// Creates the weights.
            ///
            /// # Errors
            ///
            /// Inputs and outputs that are not connected, the first layer that does not suit its inputs,
            /// or whose options are outside their ranges.
            pub fn build(self, seed: u64) -> Result<Network, BuildError> {
                self.description.check()?;
                Network::build(self.description.graph, Filling::Initial(seed))
            }
        }

        #[typetag::serde(name = $name)]
        impl Layer for $Network {
            crate::layer::one_input!();

            fn outputs(&self) -> usize {
                self.description.graph.architecture.outputs.len()
            }

            fn build_several(
                &mut self,
                inputs: &[Shape],
                weights: &mut WeightBuilder<'_>,
            ) -> Result<Vec<Shape>, BuildError> {
                self.description.check()?;
                self.description.graph.build_for(inputs, weights)
            }

            fn call_several<'t>(&self, inputs: &VarList<'t>) -> VarList<'t> {
                self.description.graph.call(inputs)
            }

            fn check_input(&self, number: usize, x: TensorView<'_>) -> Result<(), BuildError> {
                self.description.graph.check_input(number, x)
            }

            fn batch_size(&self) -> Option<usize> {
                self.description.graph.batch_size()
            }

            fn reset_state(&self, weights: &mut Weights) {
                self.description.graph.reset_states(weights);
            }
        }
    };
}

pub(crate) use network_description;
