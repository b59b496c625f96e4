//! The model as TensorBoard's graph of layers.

use olifant_core::Shape;
use olifant_nn::{Layer, Network};
use serde_json::{Map, Value, json};

use super::messages::{Graph, Node};

const INPUT: &str = "input_layer";

/// JSON in the form of Keras's `to_json`: name, class, options and input shape of each layer, in order.
///
/// Options have Keras's names, as ours do; a layer that cannot be written has none.
pub(super) fn keras_model(network: &Network) -> String {
    let input = with_batch(network.input());
    let input_layer = json!({
        "batch_shape": input, "dtype": "float32", "sparse": false, "ragged": false, "name": INPUT, "optional": false,
    });
    let mut layers = vec![envelope("keras.layers", "InputLayer", input_layer)];
    let frozen: Vec<&str> = network.frozen_layers().collect();
    let mut shape = input.clone();
    for (name, layer, output) in network.layers() {
        let mut entry =
            envelope("keras.layers", layer.class_name(), config(name, layer, !frozen.contains(&name)));
        entry["build_config"] = json!({ "input_shape": shape });
        layers.push(entry);
        shape = with_batch(output);
    }
    let config = json!({
        "name": network.name(), "trainable": true, "dtype": policy(), "layers": layers, "build_input_shape": input,
    });
    let mut model = envelope("keras", "Sequential", config);
    model["build_config"] = json!({ "input_shape": input });
    model.to_string()
}

/// Which layer gets its inputs from which.
pub(super) fn layers(network: &Network) -> Graph {
    let scoped = |name: &str| format!("{}/{name}", network.name());
    let mut graph =
        Graph { node: vec![Node { name: scoped(INPUT), op: "InputLayer".into(), input: Vec::new() }] };
    let mut input = scoped(INPUT);
    for (name, layer, _) in network.layers() {
        let name = scoped(name);
        let input = std::mem::replace(&mut input, name.clone());
        graph.node.push(Node { name, op: layer.class_name().into(), input: vec![input] });
    }
    graph
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
