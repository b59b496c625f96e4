//! Reads event files as TensorBoard does: checks both checksums of each record, then decodes it.

use std::fs;
use std::path::{Path, PathBuf};

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub struct Event {
    #[prost(double, tag = "1")]
    pub wall_time: f64,
    #[prost(int64, tag = "2")]
    pub step: i64,
    #[prost(string, tag = "3")]
    pub file_version: String,
    #[prost(bytes = "vec", tag = "4")]
    graph: Vec<u8>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

#[derive(Clone, PartialEq, Message)]
struct Graph {
    #[prost(message, repeated, tag = "1")]
    nodes: Vec<Node>,
}

#[derive(Clone, PartialEq, Message)]
struct Node {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    operation: String,
    #[prost(string, repeated, tag = "3")]
    inputs: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    values: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(message, required, tag = "8")]
    tensor: Tensor,
    #[prost(message, required, tag = "9")]
    metadata: Metadata,
}

#[derive(Clone, PartialEq, Message)]
struct Tensor {
    #[prost(int32, tag = "1")]
    dtype: i32,
    #[prost(message, required, tag = "2")]
    shape: Shape,
    #[prost(bytes = "vec", tag = "4")]
    content: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "8")]
    strings: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct Shape {
    #[prost(message, repeated, tag = "2")]
    axes: Vec<Axis>,
}

#[derive(Clone, PartialEq, Message)]
struct Axis {
    #[prost(int64, tag = "1")]
    size: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Metadata {
    #[prost(message, required, tag = "1")]
    plugin: Plugin,
}

#[derive(Clone, PartialEq, Message)]
struct Plugin {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(bytes = "vec", tag = "2")]
    content: Vec<u8>,
}

/// A value in a file, without the time it was written at.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub tag: String,
    pub step: i64,
    pub plugin: String,
    pub plugin_content: String,
    pub dtype: &'static str,
    pub shape: Vec<i64>,
    pub content: Vec<u8>,
    pub strings: Vec<Vec<u8>>,
}

impl Record {
    /// The number of a record that is one.
    pub fn scalar(&self) -> f32 {
        assert_eq!((self.dtype, &*self.shape), ("DT_FLOAT", &[][..]), "{}", self.tag);
        f32::from_le_bytes(self.content[..].try_into().unwrap())
    }

    /// The buckets of a histogram.
    pub fn buckets(&self) -> Vec<[f64; 3]> {
        assert_eq!((self.dtype, &*self.shape), ("DT_DOUBLE", &[30, 3][..]), "{}", self.tag);
        let numbers = self.content.chunks(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()));
        numbers.collect::<Vec<_>>().chunks(3).map(|bucket| bucket.try_into().unwrap()).collect()
    }
}

/// The event files in a directory, by name, which begins with the time.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// All events of a file.
#[track_caller]
pub fn events(file: &Path) -> Vec<Event> {
    let bytes = fs::read(file).unwrap();
    let (mut rest, mut events) = (&bytes[..], Vec::new());
    while !rest.is_empty() {
        let length = u64::from_le_bytes(take(&mut rest, 8).try_into().unwrap());
        assert_eq!(take(&mut rest, 4), checksum(&length.to_le_bytes()), "the length's checksum");
        let data = take(&mut rest, length as usize);
        assert_eq!(take(&mut rest, 4), checksum(data), "the data's checksum");
        events.push(Event::decode(data).unwrap());
    }
    events
}

/// The graphs in a file: name, operation and inputs of each node.
pub fn graphs(file: &Path) -> Vec<Vec<(String, String, Vec<String>)>> {
    let bytes = events(file).into_iter().map(|event| event.graph).filter(|graph| !graph.is_empty());
    let nodes =
        |graph: Graph| graph.nodes.into_iter().map(|node| (node.name, node.operation, node.inputs)).collect();
    bytes.map(|bytes| nodes(Graph::decode(&bytes[..]).unwrap())).collect()
}

/// All values in the files of a directory.
#[track_caller]
pub fn records(directory: &Path) -> Vec<Record> {
    files(directory).iter().flat_map(|file| events(file)).flat_map(records_of).collect()
}

fn records_of(event: Event) -> Vec<Record> {
    let record = |Value { tag, tensor, metadata }: Value| Record {
        tag,
        step: event.step,
        plugin: metadata.plugin.name,
        plugin_content: String::from_utf8(metadata.plugin.content).unwrap(),
        dtype: ["", "DT_FLOAT", "DT_DOUBLE", "", "", "", "", "DT_STRING"][tensor.dtype as usize],
        shape: tensor.shape.axes.iter().map(|axis| axis.size).collect(),
        content: tensor.content,
        strings: tensor.strings,
    };
    event.summary.unwrap_or_default().values.into_iter().map(record).collect()
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    rest.split_off(..length).expect("a whole record")
}

fn checksum(data: &[u8]) -> [u8; 4] {
    let crc = crc32c::crc32c(data);
    crc.rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}
