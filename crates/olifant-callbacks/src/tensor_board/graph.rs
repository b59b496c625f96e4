//! The model as TensorBoard's graph of layers.

use olifant_core::Shape;
use olifant_nn::{Connection, GraphView, Layer, LayerView, Network, Vertex};
use serde_json::{Map, Value, json};

use super::messages::{Graph, Node};

/// JSON in the form of Keras's `to_json`: name, class, options and inputs of each layer, in order.
///
/// Options have Keras's names, as ours do; a layer that cannot be written has none.
pub(super) fn keras_model(network: &Network) -> String {
    model(network.graph(), network.name(), true).to_string()
}

/// Which layer gets its inputs from which; those of a network inside have its name before theirs.
pub(super) fn layers(network: &Network) -> Graph {
    let mut graph = Graph { node: Vec::new() };
    add_nodes(&mut graph, network.graph(), network.name(), &[]);
    graph
}

/// A chain or a graph, with all that is in it.
fn model(graph: GraphView<'_>, name: &str, is_trainable: bool) -> Value {
    let inputs: Vec<_> = graph.inputs().collect();
    let views: Vec<_> = graph.layers().collect();
    let layers = graph.vertices().into_iter().map(|vertex| match vertex {
        Vertex::Input(input) => input_layer(inputs[input], graph.is_chain()),
        Vertex::Layer(number) => layer(&views[number], graph.is_chain()),
    });
    let layers: Vec<Value> = layers.collect();
    if graph.is_chain() {
        let input = with_batch(inputs[0].1);
        let config = json!({
            "name": name, "trainable": is_trainable, "dtype": policy(), "layers": layers, "build_input_shape": input,
        });
        let mut model = envelope("keras", "Sequential", config);
        model["build_config"] = json!({ "input_shape": input });
        return model;
    }
    let config = json!({
        "name": name, "trainable": is_trainable, "layers": layers,
        "input_layers": one_or_all(inputs.iter().map(|(name, _)| json!([name, 0, 0]))),
        "output_layers": one_or_all(graph.outputs().iter().map(history)),
    });
    let mut model = envelope("keras.src.models.functional", "Functional", config);
    model["registered_name"] = json!("Functional");
    model["build_config"] = json!({ "input_shape": null });
    model
}

fn input_layer((name, shape): (&str, Shape), is_in_chain: bool) -> Value {
    let config = json!({
        "batch_shape": with_batch(shape), "dtype": "float32", "sparse": false, "ragged": false, "name": name,
        "optional": false,
    });
    let mut entry = envelope("keras.layers", "InputLayer", config);
    if !is_in_chain {
        entry["name"] = json!(name);
        entry["inbound_nodes"] = json!([]);
    }
    entry
}

fn layer(view: &LayerView<'_>, is_in_chain: bool) -> Value {
    let mut entry = match view.network() {
        Some(inside) => model(inside, view.name, view.trainable),
        None => {
            let config = config(view.name, view.layer, view.trainable);
            let mut entry = envelope("keras.layers", view.layer.class_name(), config);
            let shapes = view.calls[0].iter().map(|input| with_batch(input.shape));
            entry["build_config"] = json!({ "input_shape": one_or_all(shapes) });
            entry
        }
    };
    if !is_in_chain {
        entry["name"] = json!(view.name);
        entry["inbound_nodes"] = view.calls.iter().map(|given| call(given)).collect();
    }
    entry
}

/// What a layer is given when it is called: one value, or a list of them.
fn call(given: &[Connection<'_>]) -> Value {
    let tensor = |input: &Connection<'_>| {
        let config =
            json!({ "shape": with_batch(input.shape), "dtype": "float32", "keras_history": history(input) });
        json!({ "class_name": "__keras_tensor__", "config": config })
    };
    json!({ "args": [one_or_all(given.iter().map(tensor))], "kwargs": {} })
}

/// Layer, call and output that a value comes from.
fn history(connection: &Connection<'_>) -> Value {
    json!([connection.name, connection.call, connection.output])
}

/// A single value by itself, several as a list.
fn one_or_all(values: impl Iterator<Item = Value>) -> Value {
    let mut values: Vec<Value> = values.collect();
    if values.len() == 1 { values.remove(0) } else { Value::Array(values) }
}

/// Adds the nodes of a network, whose inputs get theirs from these nodes.
fn add_nodes(nodes: &mut Graph, graph: GraphView<'_>, scope: &str, given: &[Vec<String>]) {
    let views: Vec<_> = graph.layers().collect();
    let source = |connection: &Connection<'_>| match connection.from {
        Vertex::Input(_) => format!("{scope}/{}", connection.name),
        Vertex::Layer(layer) => node_of_output(&views[layer], connection.output, scope),
    };
    for (number, (name, _)) in graph.inputs().enumerate() {
        let input = given.get(number).cloned().unwrap_or_default();
        nodes.node.push(Node { name: format!("{scope}/{name}"), op: "InputLayer".into(), input });
    }
    for view in &views {
        let name = format!("{scope}/{}", view.name);
        match view.network() {
            Some(inside) => {
                let inputs = 0..inside.inputs().len();
                let given = inputs.map(|input| view.calls.iter().map(|call| source(&call[input])).collect());
                add_nodes(nodes, inside, &name, &given.collect::<Vec<_>>());
            }
            None => {
                let input = view.calls.iter().flatten().map(source).collect();
                nodes.node.push(Node { name, op: view.layer.class_name().into(), input });
            }
        }
    }
}

/// The node that an output of a layer comes from: in a network, that of one of its layers or inputs.
fn node_of_output(view: &LayerView<'_>, output: usize, scope: &str) -> String {
    let scope = format!("{scope}/{}", view.name);
    let Some(inside) = view.network() else { return scope };
    let connection = inside.outputs()[output];
    let layer = match connection.from {
        Vertex::Layer(layer) => inside.layers().nth(layer),
        Vertex::Input(_) => None,
    };
    layer.map_or_else(
        || format!("{scope}/{}", connection.name),
        |layer| node_of_output(&layer, connection.output, &scope),
    )
}

/// What stands around everything that has a class.
fn envelope(module: &str, class_name: &str, config: Value) -> Value {
    json!({ "module": module, "class_name": class_name, "config": config, "registered_name": null })
}

fn config(name: &str, layer: &dyn Layer, is_trainable: bool) -> Value {
    let mut config = match serde_json::to_value(layer) {
        Ok(Value::Object(options)) => options,
        _ => Map::new(),
    };
    config.remove("layer");
    config.extend([
        ("name".to_string(), json!(name)),
        ("trainable".to_string(), json!(is_trainable)),
        ("dtype".to_string(), policy()),
    ]);
    Value::Object(config)
}

fn policy() -> Value {
    envelope("keras", "DTypePolicy", json!({ "name": "float32" }))
}

fn with_batch(sample: Shape) -> Value {
    let axes = sample.axes().iter().map(|&axis| json!(axis));
    std::iter::once(Value::Null).chain(axes).collect()
}
