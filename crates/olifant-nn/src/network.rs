//! Layers in the order they are called, together with their weights.

mod freezing;

use std::collections::{HashMap, HashSet};

use olifant_core::{MAX_RANK, Shape, Var, Weight, Weights};
use serde::{Deserialize, Serialize};

pub use self::freezing::Trainable;
use crate::{BuildError, Filling, Layer, Regularizer, Summary, WeightBuilder, with_batch};

/// A layer in a network: the layer, what the network calls it, and whether it is trained.
#[derive(Debug, Serialize, Deserialize)]
pub struct Node {
    name: Option<String>,
    #[serde(default = "yes")]
    trainable: bool,
    layer: Box<dyn Layer>,
}

fn yes() -> bool {
    true
}

impl<L: Layer> From<L> for Node {
    fn from(layer: L) -> Node {
        Node { name: None, trainable: true, layer: Box::new(layer) }
    }
}

impl Node {
    /// The same layer with a name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Node {
        self.name = Some(name.into());
        self
    }

    /// The same layer, trained or frozen.
    #[must_use]
    pub fn trainable(mut self, trainable: bool) -> Node {
        self.trainable = trainable;
        self
    }
}

/// Gives a layer a name within its model; without one it is called after its type: `dense`, `dense_1`, ….
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

/// What a network is made of, before it has weights. Its JSON form is what files keep.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Architecture {
    pub(crate) name: String,
    pub(crate) input: Shape,
    pub(crate) layers: Vec<Node>,
}

/// A chain of layers and the weights they share out among them.
///
/// [`Sequential`](crate::Sequential) builds one.
#[derive(Debug)]
pub struct Network {
    architecture: Architecture,
    stages: Vec<Stage>,
    weights: Weights,
    penalties: Vec<(Weight, Regularizer)>,
}

/// What building found out about a layer.
#[derive(Debug)]
struct Stage {
    name: String,
    output: Shape,
    parameters: usize,
    /// What gradients change of it, unless it is frozen.
    trainable: Vec<Weight>,
}

impl Network {
    /// Builds the layers one after the other, each for the outputs of the one before.
    pub(crate) fn build(mut architecture: Architecture, filling: Filling) -> Result<Network, BuildError> {
        if architecture.layers.is_empty() {
            return Err(BuildError::NoLayers);
        }
        check_room_for_batch(&architecture.input)?;
        let names = unique_names(&architecture.layers)?;
        let (mut weights, mut penalties, mut stages) = (Weights::default(), Vec::new(), Vec::new());
        let mut shape = architecture.input;
        for (number, (node, name)) in architecture.layers.iter_mut().zip(names).enumerate() {
            let before = (weights.len(), weights.trainable_parameters() + weights.state_parameters());
            let mut builder =
                WeightBuilder { weights: &mut weights, penalties: &mut penalties, layer: &name, filling };
            let output = node.layer.build(&shape, &mut builder);
            let output = output.and_then(|output| check_room_for_batch(&output).map(|()| output));
            shape = output.map_err(|source| BuildError::Layer {
                number,
                name: name.clone(),
                source: Box::new(source),
            })?;
            let parameters = weights.trainable_parameters() + weights.state_parameters() - before.1;
            let trainable = weights.iter().skip(before.0).filter(|(_, spec)| spec.trainable);
            let trainable = trainable.map(|(weight, _)| weight).collect();
            stages.push(Stage { name, output: shape, parameters, trainable });
        }
        let mut network = Network { architecture, stages, weights, penalties };
        network.apply_freezing();
        Ok(network)
    }

    /// Reads what [`architecture`](Network::architecture) wrote, and builds it.
    ///
    /// # Errors
    ///
    /// The text is damaged, names a layer this program does not know, or describes a network that cannot be built.
    pub fn from_architecture(json: &str, filling: Filling) -> Result<Network, BuildError> {
        let architecture = serde_json::from_str(json).map_err(|error| BuildError::Architecture {
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
        serde_json::to_string(&self.architecture).map_err(|error| BuildError::Architecture {
            reason: format!("a layer cannot be written: {error}"),
        })
    }

    /// Records the whole network; `x` has the batch axis in front.
    pub fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.architecture.layers.iter().fold(x, |x, node| node.layer.call(x))
    }

    /// Records the sum of all penalties on weights that are trained, or nothing if there are none.
    pub fn penalty<'t>(&self, tape: &'t olifant_core::Tape<'t>) -> Option<Var<'t>> {
        let penalties = self.penalties.iter().filter(|(weight, _)| self.weights.spec(*weight).trainable);
        penalties.map(|(weight, regularizer)| regularizer.penalty(tape.weight(*weight))).reduce(|a, b| a + b)
    }

    /// The network's name.
    pub fn name(&self) -> &str {
        &self.architecture.name
    }

    /// The shape of one sample that goes in.
    pub fn input(&self) -> Shape {
        self.architecture.input
    }

    /// The shape of one prediction that comes out.
    pub fn output(&self) -> Shape {
        self.stages.last().map_or(self.architecture.input, |stage| stage.output)
    }

    /// The layers in the order they are called: name, layer, and the shape of its outputs without the batch axis.
    pub fn layers(&self) -> impl ExactSizeIterator<Item = (&str, &dyn Layer, Shape)> {
        let stages = self.architecture.layers.iter().zip(&self.stages);
        stages.map(|(node, stage)| (&*stage.name, &*node.layer, stage.output))
    }

    /// All weights.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// All weights, to be changed.
    pub fn weights_mut(&mut self) -> &mut Weights {
        &mut self.weights
    }

    /// The table that `println!` shows: layers, shapes, numbers of parameters.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::new(self.name(), &self.weights);
        for (node, stage) in self.architecture.layers.iter().zip(&self.stages) {
            summary.layer(&stage.name, node.layer.class_name(), &stage.output, stage.parameters);
        }
        summary
    }

    /// Whether samples of this shape can go in.
    ///
    /// # Errors
    ///
    /// They cannot; the error names the first layer, both shapes, and the remedy.
    pub fn check_input(&self, sample: Shape) -> Result<(), BuildError> {
        if sample == self.input() {
            return Ok(());
        }
        let remedy = if sample.size() == self.input().size() {
            "; the number of elements is right: reshape the data, or begin with another input shape"
        } else {
            "; check the shape that the model begins with"
        };
        let error = BuildError::InputShape {
            expected: with_batch(&self.input()),
            given: with_batch(&sample),
            remedy,
        };
        Err(BuildError::Layer { number: 0, name: self.stages[0].name.clone(), source: Box::new(error) })
    }
}

/// Whether the shape of a sample leaves room for the batch axis, and can be at all.
fn check_room_for_batch(sample: &Shape) -> Result<(), BuildError> {
    Shape::new(sample.axes())?;
    if sample.rank() < MAX_RANK {
        return Ok(());
    }
    Err(BuildError::Other(format!(
        "samples of shape {sample} leave no room for the batch axis: with it a tensor has at most {MAX_RANK} axes"
    )))
}

/// The names of all layers: those the user gave, and for the others the type's name with a number.
fn unique_names(layers: &[Node]) -> Result<Vec<String>, BuildError> {
    let mut taken = HashSet::new();
    for name in layers.iter().filter_map(|node| node.name.as_ref()) {
        if !taken.insert(name.clone()) {
            return Err(BuildError::DuplicateName { name: name.clone() });
        }
    }
    // Each type goes on counting where it stopped: beginning anew would take time in the square of the layers.
    let mut counts: HashMap<String, usize> = HashMap::new();
    let name_of = |node: &Node| {
        if let Some(name) = &node.name {
            return name.clone();
        }
        let stem = snake_case(node.layer.class_name());
        let count = counts.entry(stem.clone()).or_default();
        loop {
            let name = if *count == 0 { stem.clone() } else { format!("{stem}_{count}") };
            *count += 1;
            if taken.insert(name.clone()) {
                return name;
            }
        }
    };
    Ok(layers.iter().map(name_of).collect())
}

/// `MaxPooling2D` becomes `max_pooling2d`, as in Keras.
fn snake_case(class: &str) -> String {
    let letters: Vec<char> = class.chars().collect();
    let mut name = String::new();
    for (i, letter) in letters.iter().enumerate() {
        let after_lowercase = i > 0 && letters[i - 1].is_lowercase();
        let begins_word =
            i > 0 && letters.get(i + 1).is_some_and(|next| next.is_lowercase() || next.is_numeric());
        if letter.is_uppercase() && (after_lowercase || begins_word) {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Activation, Sequential,
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
            let names: Vec<_> = build().stages.into_iter().map(|stage| stage.name).collect();
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
    fn a_hundred_thousand_layers_are_named_at_once() {
        let layers: Vec<Node> = (0..100_000).map(|_| Flatten::new().into()).collect();
        let names = unique_names(&layers).unwrap();
        assert_eq!((names[0].as_str(), names[99_999].as_str()), ("flatten", "flatten_99999"));
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
    fn class_names_turn_into_keras_names() {
        for (class, name) in [
            ("Dense", "dense"),
            ("MaxPooling2D", "max_pooling2d"),
            ("Conv1DTranspose", "conv1d_transpose"),
            ("ReLU", "re_lu"),
            ("LSTM", "lstm"),
        ] {
            assert_eq!(snake_case(class), name);
        }
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
            network.check_input(Shape::from([28, 28])).unwrap_err().to_string(),
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
