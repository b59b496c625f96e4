//! Graphs of layers: what flows where, and what is refused.
#![allow(clippy::unwrap_used)]

use olifant_core::{Float, Mode, Shape, Tape, TensorView, Var, Workspace};

use crate::{
    BuildError, CallOn, Filling, Functional, Input, Named, Network, Sequential, SharedLayer, Trainable,
    layers::{Add, Dense, Flatten, Multiply, TimeDistributed},
};

/// The outputs of a network for inputs of ones, two samples each.
fn outputs(network: &Network) -> Vec<Vec<Float>> {
    let tape = Tape::record(Workspace::default(), network.weights(), Mode::Inference);
    let mut inputs = tape.list();
    for (number, (_, shape)) in network.inputs().enumerate() {
        let shape = shape.with_batch(2);
        let data = vec![number as Float + 1.0; shape.size()];
        inputs.push(tape.input(TensorView { data: &data, shape }));
    }
    let read = |y: Var<'_>| y.with_value(|y| y.data.to_vec());
    network.call_several(&inputs).iter().map(read).collect()
}

fn names(network: &Network) -> Vec<&str> {
    network.weights().iter().map(|(_, spec)| &*spec.name).collect()
}

/// Two inputs, a shared layer, a residual, two outputs.
fn two_by_two() -> Functional {
    let (a, b) = (Input::named("a", [4]), Input::named("b", [4]));
    let shared = SharedLayer::new(Dense::new(3).named("shared"));
    let (x, y) = (shared.on(&a), shared.on(&b));
    let sum = Add::new().on([&x, &y]);
    let product = Multiply::new().on([&sum, &x]);
    Functional::new(
        [&a, &b],
        [&Dense::new(1).named("one").on(&product), &Dense::new(2).named("two").on(&sum)],
    )
}

#[test]
fn values_flow_along_the_graph() {
    let network = two_by_two().build(7).unwrap();
    assert_eq!(
        names(&network),
        ["shared/kernel", "shared/bias", "one/kernel", "one/bias", "two/kernel", "two/bias"]
    );
    let found: Vec<_> = network.outputs().collect();
    assert_eq!(found, [("one", Shape::from([1])), ("two", Shape::from([2]))]);
    let weight = |name: &str| network.weights().get(network.weights().find(name).unwrap()).data;
    let shared = |x: Float, unit: usize| -> Float {
        weight("shared/kernel").iter().skip(unit).step_by(3).map(|&w| x * w).sum()
    };
    let (x, y): (Vec<Float>, Vec<Float>) = (0..3).map(|unit| (shared(1.0, unit), shared(2.0, unit))).unzip();
    let one: Float = (0..3).map(|i| (x[i] + y[i]) * x[i] * weight("one/kernel")[i]).sum();
    let values = outputs(&network);
    assert!((values[0][0] - one).abs() < 1e-5 && (values[0][1] - one).abs() < 1e-5, "{values:?}, {one}");
    let two: Float = (0..3).map(|i| (x[i] + y[i]) * weight("two/kernel")[2 * i + 1]).sum();
    assert!((values[1][1] - two).abs() < 1e-5);
}

#[test]
fn a_graph_comes_back_from_json() {
    let network = two_by_two().build(7).unwrap();
    let json = network.architecture().unwrap();
    let copy = Network::from_architecture(&json, Filling::Initial(7)).unwrap();
    assert_eq!(copy.architecture().unwrap(), json);
    assert_eq!((names(&copy), outputs(&copy)), (names(&network), outputs(&network)));
}

#[test]
fn networks_are_layers() {
    let chain = || Sequential::new([4]).add(Dense::new(3)).add(Dense::new(2));
    let input = Input::new([4]);
    let block = Functional::new(&input, &Add::new().on([&Dense::new(4).on(&input), &input]));
    let network = Sequential::new([2, 2]).add(Flatten::new()).add(block).add(chain()).build(3).unwrap();
    let expected = ["functional/dense/kernel", "functional/dense/bias", "sequential/dense/kernel"];
    assert_eq!(names(&network)[..3], expected);
    let json = network.architecture().unwrap();
    let copy = Network::from_architecture(&json, Filling::Initial(3)).unwrap();
    assert_eq!(outputs(&copy), outputs(&network));
    let error = Sequential::new([5]).add(chain()).build(0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "layer 0 (sequential): layer 0 (input_layer): expects inputs of shape [batch, 4] but was given [batch, 5]; \
         check the shape that the model begins with"
    );
}

#[test]
fn a_nested_network_is_shared_with_all_its_weights() {
    let (a, b) = (Input::new([4]), Input::new([4]));
    let tower = SharedLayer::new(Sequential::new([4]).add(Dense::new(3)).add(Dense::new(2)));
    let network = Functional::new([&a, &b], &Add::new().on([&tower.on(&a), &tower.on(&b)])).build(0).unwrap();
    assert_eq!(names(&network).len(), 4);
    let layers: Vec<_> = network.layers().map(|(name, ..)| name).collect();
    assert_eq!(layers, ["sequential", "add"]);
}

#[test]
fn layers_inside_a_nested_network_may_be_frozen() {
    let tower = Sequential::new([4]).add(Dense::new(3).trainable(false)).add(Dense::new(2));
    let mut network = Sequential::new([4]).add(tower).build(0).unwrap();
    let mut trained_after = |layer: &str, trainable| {
        network.set_trainable(layer, trainable).unwrap();
        network.weights().trainable_parameters()
    };
    assert_eq!(trained_after("sequential/dense_1", true), 3 * 2 + 2);
    assert_eq!(trained_after("sequential", false), 0);
    assert_eq!(trained_after("sequential/dense", true), 4 * 3 + 3);
    assert_eq!(trained_after("sequential", true), 4 * 3 + 3 + 3 * 2 + 2);
    let error = network.set_trainable("sequential/dens", true).unwrap_err().to_string();
    let expected =
        r#"no layer is called "sequential/dens": known: sequential, sequential/dense, sequential/dense_1; "#;
    assert!(error.starts_with(expected) && error.ends_with("did you mean `sequential/dense`?"), "{error}");
    for unknown in ["dense", "sequential/", "sequential/dense/kernel"] {
        assert!(network.is_trainable(unknown).is_err(), "{unknown}");
    }
}

#[test]
fn layers_of_networks_inside_wrappers_may_be_built_frozen() {
    let tower = Sequential::new([4]).add(Dense::new(3).trainable(false)).add(Dense::new(2));
    let network = Sequential::new([5, 4]).add(TimeDistributed::new(tower)).build(0).unwrap();
    assert_eq!(network.weights().trainable_parameters(), 3 * 2 + 2);
}

#[test]
fn a_trained_network_is_distributed_over_time_with_its_weights() {
    let base = || Sequential::new([4]).add(Dense::new(3)).build(7).unwrap();
    let steps = TimeDistributed::new(base().into_layer().trainable(false));
    let network = Sequential::new([5, 4]).add(steps).build(1).unwrap();
    assert_eq!(network.weights().trainable_parameters(), 0);
    let kernel = |network: &Network| {
        let (weight, _) = network.weights().iter().next().unwrap();
        network.weights().get(weight).data.to_vec()
    };
    assert_eq!(kernel(&network), kernel(&base()));
}

#[test]
fn a_network_inside_is_called_by_its_name() {
    let chain = || Sequential::new([4]).add(Dense::new(4));
    let network = chain().add(chain().name("encoder")).add(chain()).add(chain().named("x")).build(0).unwrap();
    assert_eq!(network.layer_names().collect::<Vec<_>>(), ["dense", "encoder", "sequential", "x"]);
}

#[test]
fn a_trained_network_keeps_its_weights_as_a_layer() {
    let trained = || {
        let mut base = two_by_two().name("base").build(7).unwrap();
        base.weights_mut().trainable_mut().iter_mut().for_each(|weight| *weight *= 1.5);
        base
    };
    let (base, before) = (trained(), outputs(&trained()));
    let (a, b) = (Input::new([4]), Input::new([4]));
    let [one, two] = base.into_layer().on_several([&a, &b]);
    let network = Functional::new([&a, &b], [&one, &two]).build(99).unwrap();
    assert_eq!(outputs(&network), before);
    assert_eq!(names(&network)[0], "base/shared/kernel");

    // Called twice it still has one set of weights, and those of others do not depend on it.
    let base = SharedLayer::new(trained().into_layer().trainable(false));
    let (first, second) = (base.on_several::<2>([&a, &b]), base.on_several::<2>([&b, &a]));
    let last = Add::new().on([&first[1], &second[1]]);
    let network = Functional::new([&a, &b], [&Dense::new(1).on(&last), &first[0]]).build(3).unwrap();
    assert_eq!(outputs(&network)[1], before[0]);
    assert_eq!(network.weights().trainable_parameters(), 2 + 1);
    let json = network.architecture().unwrap();
    let copy = Network::from_architecture(&json, Filling::Initial(3)).unwrap();
    assert_eq!(copy.frozen_layers(), network.frozen_layers(), "weights are in files, not in descriptions");
    assert_ne!(outputs(&copy), outputs(&network));
}

#[test]
fn a_shared_layer_takes_only_inputs_of_one_shape() {
    let (a, b) = (Input::new([4]), Input::new([5]));
    let shared = SharedLayer::new(Dense::new(3));
    let error = Functional::new([&a, &b], [&shared.on(&a), &shared.on(&b)]).build(0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "layer 0 (dense): called again, it would need dense/kernel of shape [5, 3], but it has one of shape [4, 3]: \
         give inputs of the same shape, or a layer of their own"
    );
}

#[test]
fn what_is_not_connected_is_named() {
    let (a, b) = (Input::named("a", [4]), Input::named("b", [4]));
    let sum = Add::new().on([&a, &b]);
    let error = Functional::new(&a, &sum).build(0).unwrap_err().to_string();
    assert_eq!(
        error,
        "output Add depends on input b, which is none of the model's inputs: a; add it to them"
    );
    let y = Dense::new(1).on(&a);
    let error = Functional::new([&a, &b], &y).build(0).unwrap_err().to_string();
    assert_eq!(error, "input b is not used: no output depends on it; leave it out");
    let error = Functional::new(&Dense::new(2).on(&a), &a).build(0).unwrap_err();
    assert_eq!(error, BuildError::NotAnInput { number: 0 });
}

#[test]
fn a_layer_belongs_to_one_model() {
    let a = Input::new([4]);
    let y = Dense::new(1).on(&a);
    Functional::new(&a, &y).build(0).unwrap();
    for input in [&a, &Input::new([4])] {
        assert_eq!(Functional::new(input, &y).build(0).unwrap_err(), BuildError::LayerOfAnotherModel);
    }
}

#[test]
fn outputs_that_do_not_exist_are_refused() {
    let a = Input::new([4]);
    let [_, second] = Dense::new(1).on_several(&a);
    let error = Functional::new(&a, &second).build(0).unwrap_err().to_string();
    assert_eq!(error, "layer dense has 1 outputs: there is no output 1, counted from 0");
}

#[test]
fn names_are_unique_among_inputs_and_layers() {
    let a = Input::named("x", [4]);
    let error = Functional::new(&a, &Dense::new(1).named("x").on(&a)).build(0).unwrap_err();
    assert_eq!(error, BuildError::DuplicateName { name: "x".into() });
}

#[test]
fn descriptions_that_make_no_sense_are_refused() {
    let network = two_by_two().build(7).unwrap();
    let json = network.architecture().unwrap();
    let read = |from: &str, to: &str| {
        assert!(json.contains(from), "{json}");
        Network::from_architecture(&json.replace(from, to), Filling::Initial(0)).unwrap_err().to_string()
    };
    let cycle = read(r#"{"layer":0,"inputs":[{"input":0}]}"#, r#"{"layer":0,"inputs":[{"call":[3,0]}]}"#);
    assert_eq!(cycle, "layer shared is part of a cycle: its inputs must be computed before it");
    assert!(read(r#"{"input":1}"#, r#"{"input":9}"#).contains("there is no input 9"));
    assert!(read(r#"{"layer":1,"#, r#"{"layer":99,"#).contains("there is no layer 99"));
    assert!(read(r#""outputs":[{"call":["#, r#""outputs":[{"call":[77"#).contains("there is no call 77"));
}

#[test]
fn a_long_chain_of_symbols_is_dropped_without_a_deep_stack() {
    let input = Input::new([1]);
    let mut x = Flatten::new().on(&input);
    for _ in 0..100_000 {
        x = Flatten::new().on(&x);
    }
    assert_eq!(Functional::new(&input, &x).build(0).unwrap().layers().len(), 100_001);
}
