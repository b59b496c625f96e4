//! Layers that training leaves alone.

use std::collections::HashSet;

use olifant_core::Weight;

use super::{Graph, Network, Node, graph::Stage, graph_of, graph_of_mut};
use crate::{BuildError, Layer, known_names};

/// Freezes a layer: training leaves its weights alone, and their penalties do not count.
///
/// For a network that is built there is [`Network::set_trainable`].
///
/// # Examples
///
/// ```
/// use olifant_nn::{Named, Sequential, Trainable, layers::Dense};
///
/// let network = Sequential::new([4])
///     .add(Dense::new(3).trainable(false))
///     .add(Dense::new(2).named("head").trainable(true))
///     .build(0)?;
/// assert_eq!(network.weights().trainable_parameters(), 3 * 2 + 2);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
pub trait Trainable {
    /// The same layer, trained or frozen.
    fn trainable(self, trainable: bool) -> Node;
}

impl<L: Layer> Trainable for L {
    fn trainable(self, trainable: bool) -> Node {
        Node::from(self).trainable(trainable)
    }
}

impl Network {
    /// The names of all layers, in their order.
    pub fn layer_names(&self) -> impl Iterator<Item = &str> {
        self.graph.stages.iter().map(|stage| &*stage.name)
    }

    /// Whether a layer is trained; of a network, what was last said of all of it.
    /// `layer` is its name, or in networks inside its path: `encoder/dense`.
    ///
    /// # Errors
    ///
    /// There is no layer of this name.
    pub fn is_trainable(&self, layer: &str) -> Result<bool, BuildError> {
        let way = self.way(layer)?;
        Ok(self.graph.node(&way).is_some_and(|node| node.trainable))
    }

    /// The layers that are frozen, in their order, by name, or in networks inside by their paths.
    pub fn frozen_layers(&self) -> Vec<String> {
        let mut frozen = Vec::new();
        self.graph.visit("", &mut |path, node| {
            if !node.trainable {
                frozen.push(path.to_owned());
            }
        });
        frozen
    }

    /// Freezes what is frozen in another network of the same layers, and trains what is trained there.
    ///
    /// As with [`set_trainable`](Network::set_trainable), the weights change their places.
    pub fn freeze_like(&mut self, other: &Network) {
        self.graph.freeze_like(&other.graph);
        self.apply_freezing();
    }

    /// Freezes a layer, or trains it again. `layer` is its name, or in networks inside its path: `encoder/dense`.
    ///
    /// As in Keras, it holds for all layers of a network, until something else is said of one of them.
    ///
    /// The weights change their places: what has the layout of [`Weights::trainable`](olifant_core::Weights::trainable)
    /// has to follow, an optimizer's state by [`OptimizerState::rearrange`](crate::OptimizerState::rearrange).
    ///
    /// # Errors
    ///
    /// There is no layer of this name.
    pub fn set_trainable(&mut self, layer: &str, trainable: bool) -> Result<(), BuildError> {
        let way = self.way(layer)?;
        if let Some(node) = self.graph.node_mut(&way) {
            node.set_trainable(trainable);
        }
        self.apply_freezing();
        Ok(())
    }

    /// Moves each weight to the buffer where it belongs, and notes which are frozen.
    pub(super) fn apply_freezing(&mut self) {
        let mut trained: HashSet<Weight> = HashSet::new();
        let weights = &mut self.collected.weights;
        self.graph.visit_stages(&mut |is_trained, stage| {
            stage.freezable.iter().for_each(|&weight| weights.set_frozen(weight, !is_trained));
            if is_trained {
                trained.extend(&stage.trainable);
            }
        });
        if self.weights().iter().any(|(weight, spec)| spec.trainable != trained.contains(&weight)) {
            self.weights_mut().set_trainable(|weight| trained.contains(&weight));
        }
    }

    fn way(&self, layer: &str) -> Result<Vec<usize>, BuildError> {
        self.graph.way(layer).ok_or_else(|| {
            let mut paths = Vec::new();
            self.graph.visit("", &mut |path, _| paths.push(path.to_owned()));
            let known = known_names(layer, paths.iter().map(String::as_str));
            BuildError::UnknownLayer { given: layer.to_owned(), known }
        })
    }
}

impl Graph {
    /// The numbers of the layers that lead to one in networks inside, and its own.
    fn way(&self, path: &str) -> Option<Vec<usize>> {
        self.stages.iter().enumerate().find_map(|(number, stage)| {
            let rest = path.strip_prefix(&*stage.name)?;
            if rest.is_empty() {
                return Some(vec![number]);
            }
            let inside = graph_of(&*self.architecture.layers[number].layer)?;
            Some([vec![number], inside.way(rest.strip_prefix('/')?)?].concat())
        })
    }

    fn node(&self, way: &[usize]) -> Option<&Node> {
        let (&first, rest) = way.split_first()?;
        let node = &self.architecture.layers[first];
        if rest.is_empty() { Some(node) } else { graph_of(&*node.layer)?.node(rest) }
    }

    fn node_mut(&mut self, way: &[usize]) -> Option<&mut Node> {
        let (&first, rest) = way.split_first()?;
        let node = &mut self.architecture.layers[first];
        if rest.is_empty() { Some(node) } else { graph_of_mut(&mut *node.layer)?.node_mut(rest) }
    }

    /// Shows all layers with their paths, those of networks inside behind them.
    fn visit(&self, around: &str, look: &mut dyn FnMut(&str, &Node)) {
        for (node, stage) in self.architecture.layers.iter().zip(&self.stages) {
            let path = format!("{around}{}", stage.name);
            look(&path, node);
            if let Some(inside) = graph_of(&*node.layer) {
                inside.visit(&format!("{path}/"), look);
            }
        }
    }

    fn freeze_like(&mut self, other: &Graph) {
        for (node, model) in self.architecture.layers.iter_mut().zip(&other.architecture.layers) {
            node.trainable = model.trainable;
            if let (Some(inside), Some(model)) = (graph_of_mut(&mut *node.layer), graph_of(&*model.layer)) {
                inside.freeze_like(model);
            }
        }
    }

    /// Shows all layers that are no networks, and whether they are trained.
    fn visit_stages(&self, look: &mut dyn FnMut(bool, &Stage)) {
        for (node, stage) in self.architecture.layers.iter().zip(&self.stages) {
            match graph_of(&*node.layer) {
                // What is said of a network is said of its layers.
                Some(inside) => inside.visit_stages(look),
                None => look(node.trainable, stage),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use olifant_core::{Float, Shape, Var};
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::{Filling, Initializer, Named, Regularizer, Sequential, WeightBuilder, layers::Dense};

    /// Has a weight that is never trained besides one that is.
    #[derive(Debug, Default, Serialize, Deserialize)]
    struct Counting {
        #[serde(skip)]
        factor: Weight,
    }

    #[typetag::serde(name = "freezing_test/counting")]
    impl Layer for Counting {
        fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
            weights.add_state("count", Shape::from([1]), &Initializer::Zeros)?;
            self.factor = weights.add("factor", Shape::from([1]), &Initializer::Ones)?;
            Ok(*input)
        }

        fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
            x * x.tape().weight(self.factor)
        }
    }

    fn network() -> Sequential {
        Sequential::new([4])
            .add(Dense::new(3).trainable(false).named("first"))
            .add(Counting::default())
            .add(Dense::new(2).named("head").trainable(true))
    }

    fn trained(network: &Network) -> Vec<&str> {
        let weights = network.weights().iter();
        weights.filter(|(_, spec)| spec.trainable).map(|(_, spec)| &*spec.name).collect()
    }

    #[test]
    fn frozen_layers_are_built_with_the_same_numbers() {
        let frozen = network().build(7).unwrap();
        assert_eq!(trained(&frozen), ["counting/factor", "head/kernel", "head/bias"]);
        let mut free = frozen;
        let numbers = |network: &Network| {
            let weights = network.weights();
            weights.iter().map(|(weight, _)| weights.get(weight).data.to_vec()).collect::<Vec<_>>()
        };
        let before = numbers(&free);
        free.set_trainable("first", true).unwrap();
        assert_eq!(numbers(&free), before);
        assert_eq!(free.weights().state_parameters(), 1, "what is not trained by nature stays so");
        assert_eq!(free.is_trainable("first"), Ok(true));
    }

    #[test]
    fn the_flag_is_part_of_the_architecture() {
        let mut network = network().build(7).unwrap();
        network.set_trainable("counting", false).unwrap();
        let json = network.architecture().unwrap();
        let copy = Network::from_architecture(&json, Filling::Initial(7)).unwrap();
        assert_eq!(trained(&copy), ["head/kernel", "head/bias"]);
        // As it was written before there was a flag.
        let old = json.replace(r#""trainable":true,"#, "").replace(r#""trainable":false,"#, "");
        assert!(!old.contains("trainable"));
        let copy = Network::from_architecture(&old, Filling::Initial(7)).unwrap();
        assert_eq!(copy.weights().state_parameters(), 1);
    }

    #[test]
    fn a_network_freezes_like_another() {
        let mut network = network().build(7).unwrap();
        assert_eq!(network.frozen_layers(), ["first"]);
        let mut other = self::network().build(8).unwrap();
        other.set_trainable("first", true).unwrap();
        other.set_trainable("head", false).unwrap();
        network.freeze_like(&other);
        assert_eq!(network.frozen_layers(), ["head"]);
        assert_eq!(trained(&network), ["first/kernel", "first/bias", "counting/factor"]);
    }

    #[test]
    fn an_unknown_layer_is_named_with_those_there_are() {
        let mut network = network().build(7).unwrap();
        let error = network.set_trainable("haed", false).unwrap_err().to_string();
        assert_eq!(error, r#"no layer is called "haed": known: first, counting, head; did you mean `head`?"#);
        assert!(network.is_trainable("Head").is_err());
    }

    #[test]
    fn penalties_of_frozen_layers_do_not_count() {
        let penalty = |trainable| {
            let layer = || Dense::new(1).kernel_initializer(Initializer::Ones);
            let network = Sequential::new([2])
                .add(layer().kernel_regularizer(Regularizer::l2(0.5)).trainable(trainable))
                .add(layer().kernel_regularizer(Regularizer::l2(3.0)))
                .build(0)
                .unwrap();
            let mode = olifant_core::Mode::Inference;
            let tape = olifant_core::Tape::record(Default::default(), network.weights(), mode);
            network.penalty(&tape).map(Var::item)
        };
        assert_eq!((penalty(true), penalty(false)), (Some(4.0 as Float), Some(3.0)));
    }
}
