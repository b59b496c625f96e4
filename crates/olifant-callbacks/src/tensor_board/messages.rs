//! What stands in an event file: the part of TensorFlow's protocol buffers that TensorBoard reads here.
//!
//! The numbers are those of `event.proto`, `graph.proto`, `summary.proto`, `tensor.proto` and `types.proto`.

use prost::Message;

const DT_FLOAT: i32 = 1;
const DT_DOUBLE: i32 = 2;
const DT_STRING: i32 = 7;

/// One record: the version of the file, a graph, or a value.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    pub(super) wall_time: f64,
    #[prost(int64, tag = "2")]
    pub(super) step: i64,
    #[prost(string, optional, tag = "3")]
    pub(super) file_version: Option<String>,
    /// A [`Graph`], as bytes.
    #[prost(bytes = "vec", optional, tag = "4")]
    pub(super) graph_def: Option<Vec<u8>>,
    #[prost(message, optional, tag = "5")]
    pub(super) summary: Option<Summary>,
}

/// Operations; here they are layers.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Graph {
    #[prost(message, repeated, tag = "1")]
    pub(super) node: Vec<Node>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Node {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) op: String,
    #[prost(string, repeated, tag = "3")]
    pub(super) input: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub(super) value: Vec<Value>,
}

/// A tensor with a name, and which part of TensorBoard shows it.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(message, optional, tag = "8")]
    tensor: Option<Tensor>,
    #[prost(message, optional, tag = "9")]
    metadata: Option<Metadata>,
}

#[derive(Clone, PartialEq, Message)]
struct Tensor {
    #[prost(int32, tag = "1")]
    dtype: i32,
    #[prost(message, optional, tag = "2")]
    tensor_shape: Option<TensorShape>,
    /// Numbers, in little-endian order.
    #[prost(bytes = "vec", tag = "4")]
    tensor_content: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "8")]
    string_val: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct TensorShape {
    #[prost(message, repeated, tag = "2")]
    dim: Vec<Dimension>,
}

#[derive(Clone, PartialEq, Message)]
struct Dimension {
    #[prost(int64, tag = "1")]
    size: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Metadata {
    #[prost(message, optional, tag = "1")]
    plugin_data: Option<PluginData>,
}

#[derive(Clone, PartialEq, Message)]
struct PluginData {
    #[prost(string, tag = "1")]
    plugin_name: String,
    #[prost(bytes = "vec", tag = "2")]
    content: Vec<u8>,
}

impl Value {
    /// A number, in single precision as in Keras's files.
    pub(super) fn scalar(tag: String, value: f64) -> Value {
        let content = (value as f32).to_le_bytes().to_vec();
        Value::new(
            tag,
            "scalars",
            Tensor { dtype: DT_FLOAT, tensor_content: content, ..Tensor::of_shape(&[]) },
        )
    }

    /// Buckets: left edge, right edge, count.
    pub(super) fn histogram(tag: String, buckets: &[[f64; 3]]) -> Value {
        let content = buckets.iter().flatten().flat_map(|number| number.to_le_bytes()).collect();
        let shape = Tensor::of_shape(&[buckets.len(), 3]);
        Value::new(tag, "histograms", Tensor { dtype: DT_DOUBLE, tensor_content: content, ..shape })
    }

    /// Images: width and height as text, then the files.
    pub(super) fn images(tag: String, strings: Vec<Vec<u8>>) -> Value {
        let shape = Tensor::of_shape(&[strings.len()]);
        Value::new(tag, "images", Tensor { dtype: DT_STRING, string_val: strings, ..shape })
    }

    /// A Keras model, as JSON in its first version.
    pub(super) fn keras_model(json: String) -> Value {
        let text = Tensor { dtype: DT_STRING, string_val: vec![json.into_bytes()], ..Tensor::of_shape(&[]) };
        Value::new(
            "keras".into(),
            PluginData { plugin_name: "graph_keras_model".into(), content: b"1".to_vec() },
            text,
        )
    }

    fn new(tag: String, plugin: impl Into<PluginData>, tensor: Tensor) -> Value {
        let metadata = Metadata { plugin_data: Some(plugin.into()) };
        Value { tag, tensor: Some(tensor), metadata: Some(metadata) }
    }
}

impl From<&str> for PluginData {
    fn from(name: &str) -> PluginData {
        PluginData { plugin_name: name.into(), content: Vec::new() }
    }
}

impl Tensor {
    fn of_shape(shape: &[usize]) -> Tensor {
        let dim = shape.iter().map(|&size| Dimension { size: size as i64 }).collect();
        Tensor { tensor_shape: Some(TensorShape { dim }), ..Tensor::default() }
    }
}
