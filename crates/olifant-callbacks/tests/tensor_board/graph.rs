//! Graphs of layers with several inputs and outputs, shared layers, and networks inside.

use ndarray::Array2;
use olifant_callbacks::TensorBoard;
use olifant_nn::{
    Activation, CallOn, Functional, Input, Named, Sequential, SharedLayer,
    layers::{Add, Dense},
    losses::MeanSquaredError,
    optimizers::Sgd,
};
use olifant_train::Compile;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    event_reader::{files, graphs, records},
    subject::options,
};

/// The network of `keras/tensor_board_graph.py`.
fn graph_of_two_inputs() -> Functional {
    let (left, right, a) = (Input::named("left", [4]), Input::named("right", [4]), Input::named("a", [3]));
    let tower = Sequential::new([4]).add(Dense::new(3).activation(Activation::Relu)).named("tower");
    let tower = SharedLayer::new(tower);
    let x = Dense::new(3).named("inner").on(&a);
    let block = Functional::new(&a, [&Add::new().named("sum").on([&x, &a]), &x]).named("block");
    let [first, second] = block.on_several(&tower.on(&left));
    let total = Add::new().named("total").on([&first, &tower.on(&right), &second]);
    let score = Dense::new(1).named("score").trainable(false).on(&total);
    Functional::new([&left, &right], [&score, &total])
}

/// The files that training it for an epoch leaves.
fn run_of_two_inputs() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let mut model =
        graph_of_two_inputs().seed(1).compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap();
    let (x, [y, z]) = (Array2::<f32>::zeros((4, 4)), [1, 3].map(|units| Array2::<f32>::zeros((4, units))));
    let mut callback = TensorBoard::new(directory.path());
    model.fit([&x, &x], [&y, &z], options().epochs(1).callback(&mut callback)).unwrap();
    directory
}

/// Whether ours is Keras's as far as it says the same, however deep.
#[track_caller]
fn assert_same_model(ours: &Value, keras: &Value) {
    for path in ["/module", "/class_name", "/registered_name", "/name", "/inbound_nodes", "/build_config"]
        .into_iter()
        .chain(["/config/name", "/config/trainable", "/config/batch_shape", "/config/build_input_shape"])
        .chain(["/config/units", "/config/activation", "/config/input_layers", "/config/output_layers"])
    {
        let mut expected = keras.pointer(path).cloned();
        // Networks are called without a mask.
        if let (Some(Value::Array(calls)), "/inbound_nodes") = (&mut expected, path) {
            calls.iter_mut().for_each(|call| call["kwargs"] = json!({}));
        }
        assert_eq!(ours.pointer(path), expected.as_ref(), "{path} of {}", keras["config"]["name"]);
    }
    let layers = |model: &Value| model["config"]["layers"].as_array().cloned().unwrap_or_default();
    assert_eq!(layers(ours).len(), layers(keras).len());
    layers(ours).iter().zip(&layers(keras)).for_each(|(ours, keras)| assert_same_model(ours, keras));
}

#[test]
fn a_graph_of_layers_is_that_of_keras_with_the_networks_inside() {
    let keras: Value = serde_json::from_str(include_str!("../keras/tensor_board_graph.json")).unwrap();
    let directory = run_of_two_inputs();
    let records = records(&directory.path().join("train"));
    assert_same_model(&serde_json::from_slice(&records[0].strings[0]).unwrap(), &keras["graph"]);
}

#[test]
fn the_page_of_graphs_shows_networks_inside_by_their_names() {
    let directory = run_of_two_inputs();
    let node = |name: &str, class: &str, input: &[&str]| {
        let scoped = |name: &str| format!("functional/{name}");
        (scoped(name), class.to_string(), input.iter().copied().map(scoped).collect())
    };
    let layers = vec![
        node("left", "InputLayer", &[]),
        node("right", "InputLayer", &[]),
        node("tower/input_layer", "InputLayer", &["left", "right"]),
        node("tower/dense", "Dense", &["tower/input_layer"]),
        node("block/a", "InputLayer", &["tower/dense"]),
        node("block/inner", "Dense", &["block/a"]),
        node("block/sum", "Add", &["block/inner", "block/a"]),
        node("total", "Add", &["block/sum", "tower/dense", "block/inner"]),
        node("score", "Dense", &["total"]),
    ];
    assert_eq!(graphs(&files(&directory.path().join("train"))[0]), [layers]);
}
