//! Layers and how their values flow, together with their weights.

mod architecture;
mod description;
mod freezing;
mod graph;
mod names;
mod node;
mod view;

use olifant_core::{Mode, Shape, Tape, TensorView, Var, VarList, Weights, Workspace};

pub use self::{
    architecture::Vertex,
    freezing::Trainable,
    node::{Named, Node},
    view::{Connection, GraphView, LayerView},
};
pub(crate) use self::{
    architecture::{Architecture, Call, NamedShape, Origin},
    description::{Description, graph_of, graph_of_mut, network_description},
    graph::Graph,
    names::unique_names,
};
use crate::{BuildError, Filling, Functional, Layer, Sequential, Summary, WeightBuilder, layer::Collected};

/// Layers that are built, and the weights they share out among them.
///
/// [`Sequential`](crate::Sequential) builds a chain, [`Functional`](crate::Functional) any graph without cycles.
#[derive(Debug)]
pub struct Network {
    graph: Graph,
    collected: Collected,
    outputs: Vec<Shape>,
}

impl Network {
    /// Builds the layers, each for the outputs of those before.
    pub(crate) fn build(graph: impl Into<Graph>, filling: Filling) -> Result<Network, BuildError> {
        let mut graph = graph.into();
        let mut collected = Collected::default();
        let outputs = graph.build(&mut WeightBuilder::new(&mut collected, filling, &mut Vec::new()))?;
        let mut network = Network { graph, collected, outputs };
        network.apply_freezing();
        Ok(network)
    }

    /// Reads what [`architecture`](Network::architecture) wrote, and builds it.
    ///
    /// # Errors
    ///
    /// The text is damaged, names a layer this program does not know, or describes a network that cannot be built.
    pub fn from_architecture(json: &str, filling: Filling) -> Result<Network, BuildError> {
        let architecture: Architecture = serde_json::from_str(json).map_err(|error| BuildError::Architecture {
            reason: if error.to_string().contains("unknown variant") {
                format!("{error}; if it is a layer of your own, mention its crate in this program: `use its_crate as _;`")
            } else {
                error.to_string()
            },
        })?;
        Network::build(architecture, filling)
    }

    /// The layers and their options as JSON, without the weights.
    ///
    /// # Errors
    ///
    /// A layer of the user's own cannot be written.
    pub fn architecture(&self) -> Result<String, BuildError> {
        serde_json::to_string(&self.graph.architecture).map_err(|error| BuildError::Architecture {
            reason: format!("a layer cannot be written: {error}"),
        })
    }

    /// Records a network with one input and one output; `x` has the batch axis in front.
    ///
    /// # Panics
    ///
    /// The network has several inputs.
    #[track_caller]
    pub fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        assert_eq!(
            self.graph.architecture.inputs.len(),
            1,
            "a network with several inputs is given all of them"
        );
        self.call_several(&x.tape().list_of(&[x])).get(0)
    }

    /// Records the whole network, for any number of inputs and outputs.
    pub fn call_several<'t>(&self, inputs: &VarList<'t>) -> VarList<'t> {
        self.graph.call(inputs)
    }

    /// Records the sum of all penalties on weights that are trained, and of what layers added to the loss when they were
    /// called on this tape, or nothing if there are none: Keras's `sum(model.losses)`. Call the network first.
    pub fn penalty<'t>(&self, tape: &'t Tape<'t>) -> Option<Var<'t>> {
        let added = tape.added_losses();
        let penalties = self.collected.penalties.iter();
        let trained = penalties.filter(|(weight, _)| self.weights().spec(*weight).trainable);
        let of_weights = trained.map(|(weight, regularizer)| regularizer.penalty(tape.weight(*weight)));
        of_weights.chain(added.iter()).reduce(|a, b| a + b)
    }

    /// Puts weights that are trained back to their limits: what follows each update.
    ///
    /// Without constraints nothing happens. With the same workspace each time, nothing is allocated from the second on.
    pub fn apply_constraints(&mut self, workspace: &mut Workspace) {
        if self.collected.constraints.is_empty() {
            return;
        }
        let empty = Workspace::with_team(workspace.team().clone());
        let memory = std::mem::replace(workspace, empty);
        let tape = Tape::record(memory, self.weights(), Mode::Inference);
        for (weight, constraint) in &self.collected.constraints {
            if self.weights().spec(*weight).trainable {
                tape.replace(*weight, constraint.call(tape.weight(*weight)));
            }
        }
        *workspace = tape.finish();
        workspace.commit(self.weights_mut());
    }

    /// Whether any weight has a constraint.
    pub fn has_constraints(&self) -> bool {
        !self.collected.constraints.is_empty()
    }

    /// The network's name.
    pub fn name(&self) -> &str {
        &self.graph.architecture.name
    }

    /// The names of the inputs, and the shapes of their samples.
    pub fn inputs(&self) -> impl ExactSizeIterator<Item = (&str, Shape)> {
        self.graph.architecture.inputs.iter().map(|input| (&*input.name, input.shape))
    }

    /// The outputs: the name of the layer each comes from, and the shape of one prediction.
    pub fn outputs(&self) -> impl ExactSizeIterator<Item = (&str, Shape)> {
        let names = self.graph.architecture.outputs.iter().map(|&origin| self.graph.name_of(origin));
        names.zip(self.outputs.iter().copied())
    }

    /// The shape of one sample that goes in, if there is one input.
    pub fn input(&self) -> Shape {
        self.graph.architecture.inputs.first().map_or(Shape::SCALAR, |input| input.shape)
    }

    /// The shape of one prediction that comes out, if there is one output.
    pub fn output(&self) -> Shape {
        self.outputs.first().copied().unwrap_or(Shape::SCALAR)
    }

    /// The only size of batches that the network takes, if one of its layers keeps something of each sample of a batch
    /// for the next, see [`Layer::batch_size`]. A call with another size panics.
    pub fn batch_size(&self) -> Option<usize> {
        self.graph.batch_size()
    }

    /// Sets what layers keep from batch to batch to zero, see [`Layer::reset_state`].
    pub fn reset_states(&mut self) {
        self.graph.reset_states(&mut self.collected.weights);
    }

    /// The layers in their order: name, layer, and the shape of its (first) output without the batch axis.
    pub fn layers(&self) -> impl ExactSizeIterator<Item = (&str, &dyn Layer, Shape)> {
        let stages = self.graph.architecture.layers.iter().zip(&self.graph.stages);
        stages.map(|(node, stage)| (&*stage.name, &*node.layer, stage.outputs[0]))
    }

    /// A layer that is this network with all it has learnt: what transfer learning begins with.
    ///
    /// Its weights are those of the layer when the network around is built, and that network's from then on.
    /// It has the network's name, if that was given one, and what is frozen stays so.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_nn::{Sequential, layers::Dense};
    ///
    /// let base = Sequential::new([4]).add(Dense::new(8)).name("base").build(1)?;
    /// let network = Sequential::new([4])
    ///     .add(base.into_layer().trainable(false))
    ///     .add(Dense::new(2))
    ///     .build(2)?;
    /// assert_eq!(network.frozen_layers(), ["base", "base/dense"]);
    /// assert_eq!(network.weights().trainable_parameters(), 8 * 2 + 2);
    /// # Ok::<(), olifant_nn::BuildError>(())
    /// ```
    pub fn into_layer(self) -> Node {
        let Network { mut graph, collected, .. } = self;
        graph.trained = Some(collected.weights);
        if graph.architecture.is_chain {
            Sequential { description: graph.into() }.into()
        } else {
            Functional { description: graph.into() }.into()
        }
    }

    /// The network as a graph, to be looked at: what is connected with what, and what is in networks inside.
    pub fn graph(&self) -> GraphView<'_> {
        GraphView::new(&self.graph)
    }

    /// All weights.
    pub fn weights(&self) -> &Weights {
        &self.collected.weights
    }

    /// All weights, to be changed.
    pub fn weights_mut(&mut self) -> &mut Weights {
        &mut self.collected.weights
    }

    /// The table that `println!` shows: layers, shapes, numbers of parameters.
    pub fn summary(&self) -> Summary {
        Summary::new(&self.graph, self.weights())
    }

    /// Whether samples of these shapes can go in, one shape for each input.
    ///
    /// # Errors
    ///
    /// They cannot; the error names the first layer, both shapes, and the remedy.
    pub fn check_inputs(&self, samples: &[Shape]) -> Result<(), BuildError> {
        self.graph.check_inputs(samples)
    }

    /// Whether the layers that read the inputs can work with these numbers, one batch for each input:
    /// an embedding cannot with ids outside its vocabulary.
    ///
    /// # Errors
    ///
    /// One cannot; the error names the layer, the row and the value.
    pub fn check_numbers(&self, inputs: &[TensorView<'_>]) -> Result<(), BuildError> {
        inputs.iter().enumerate().try_for_each(|(number, x)| self.graph.check_input(number, *x))
    }
}

impl AsRef<Network> for Network {
    fn as_ref(&self) -> &Network {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Activation,
        layers::{Dense, Flatten, Reshape},
    };

    #[test]
    fn names_count_within_the_model_and_step_around_the_users() {
        let build = || {
            Sequential::new([4])
                .add(Dense::new(3))
                .add(Dense::new(3).named("dense_1"))
                .add(Dense::new(3))
                .build(0)
                .unwrap()
        };
        for _ in 0..2 {
            let names: Vec<_> = build().graph.stages.into_iter().map(|stage| stage.name).collect();
            assert_eq!(names, ["dense", "dense_1", "dense_2"]);
        }
        let twice = Sequential::new([4]).add(Dense::new(3).named("a")).add(Dense::new(3).named("a"));
        let error = twice.build(0).unwrap_err();
        assert_eq!(error.to_string(), r#"two layers are called "a": names must be unique within a model"#);
    }

    #[test]
    fn layers_are_listed_with_name_and_shape() {
        let network =
            Sequential::new([2, 3]).add(Flatten::new()).add(Dense::new(5).named("head")).build(0).unwrap();
        let layers: Vec<_> =
            network.layers().map(|(name, layer, shape)| (name, layer.class_name(), shape)).collect();
        let expected = [("flatten", "Flatten", Shape::from([6])), ("head", "Dense", Shape::from([5]))];
        assert_eq!(layers, expected);
    }

    #[test]
    fn shapes_without_room_for_a_batch_are_refused() {
        let error = Sequential::new([1; 6]).add(Flatten::new()).build(0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "samples of shape [1, 1, 1, 1, 1, 1] leave no room for the batch axis: with it a tensor has at most 6 axes"
        );
        let error = Sequential::new([4]).add(Reshape::new([1, 1, 1, 1, 2, 2])).build(0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "layer 0 (reshape): samples of shape [1, 1, 1, 1, 2, 2] leave no room for the batch axis: with it a tensor has at most 6 axes"
        );
        let error = Sequential::new([usize::MAX, 2]).add(Flatten::new()).build(0).unwrap_err();
        assert!(error.to_string().contains("more elements than this machine can address"), "{error}");
    }

    #[test]
    fn an_architecture_comes_back_from_json() {
        let network = Sequential::new([2, 3])
            .add(Flatten::new())
            .add(Dense::new(5).activation(Activation::Relu).use_bias(false))
            .build(7)
            .unwrap();
        let json = network.architecture().unwrap();
        let copy = Network::from_architecture(&json, Filling::Initial(7)).unwrap();
        assert_eq!(copy.architecture().unwrap(), json);
        assert_eq!(copy.weights().trainable(), network.weights().trainable());
    }

    #[test]
    fn an_architecture_larger_than_its_file_is_refused_before_memory_is_taken() {
        let network = Sequential::new([10]).add(Dense::new(10)).build(0).unwrap();
        let json = network.architecture().unwrap();
        let build = |json: &str, at_most| Network::from_architecture(json, Filling::Zeros { at_most });
        assert!(build(&json, 110).unwrap().weights().trainable().iter().all(|&weight| weight == 0.0));
        let text = "layer 0 (dense): the network has more than the 109 numbers that there is data for";
        assert_eq!(build(&json, 109).unwrap_err().to_string(), text);
        let huge = json.replace(r#""units":10"#, r#""units":100000000000000"#);
        assert!(build(&huge, 110).is_err());
        let endless = json.replace(r#""units":10"#, &format!(r#""units":{}"#, usize::MAX));
        assert!(build(&endless, 110).is_err());
    }

    #[test]
    fn an_unknown_layer_says_what_to_do() {
        let json = r#"{"name":"x","input":[2],"layers":[{"name":null,"layer":{"layer":"elsewhere/swish"}}]}"#;
        let error = Network::from_architecture(json, Filling::Initial(0)).unwrap_err().to_string();
        assert!(error.contains("elsewhere/swish") && error.contains("use its_crate as _;"), "{error}");
    }

    #[test]
    fn wrong_inputs_are_named_with_both_shapes() {
        let network = Sequential::new([784]).add(Dense::new(3)).build(0).unwrap();
        assert_eq!(
            network.check_inputs(&[Shape::from([28, 28])]).unwrap_err().to_string(),
            "layer 0 (dense): expects inputs of shape [batch, 784] but was given [batch, 28, 28]; \
             the number of elements is right: reshape the data, or begin with another input shape"
        );
        for units in [usize::MAX, 1 << 60] {
            let error = Sequential::new([4]).add(Dense::new(units)).build(0).unwrap_err().to_string();
            assert!(
                error.contains("does not fit into the memory") || error.contains("can address"),
                "{error}"
            );
        }
        let error = Sequential::new([4]).add(Dense::new(2)).add(Dense::new(0)).build(0).unwrap_err();
        assert_eq!(error.to_string(), "layer 1 (dense_1): units must be at least 1, but is 0");
    }
}
