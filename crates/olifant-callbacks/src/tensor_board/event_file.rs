//! A file of records that TensorBoard reads while it grows.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use olifant_train::CallbackError;
use prost::Message;
use serde::{Deserialize, Serialize};

use super::messages::{Event, Graph, Summary, Value};
use crate::grown_file::{reopen, written};

/// A file of records. Each is in the file as soon as it is written.
///
/// A record is the length of the data, a checksum of the length, the data, and a checksum of the data.
#[derive(Debug)]
pub(super) struct EventFile {
    path: PathBuf,
    file: File,
    record: Vec<u8>,
}

/// How far a file has got.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Written {
    /// The file, in its directory.
    name: String,
    bytes: u64,
}

impl EventFile {
    /// A new file in this directory, which is made if need be.
    pub(super) fn create(directory: &Path) -> Result<EventFile, CallbackError> {
        fs::create_dir_all(directory).map_err(|source| failed(directory, source))?;
        let stem = format!("events.out.tfevents.{}.{}.{}", now() as u64, host(), std::process::id());
        let mut number = 0;
        loop {
            let path = directory.join(format!("{stem}.{number}.v2"));
            match OpenOptions::new().append(true).create_new(true).open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(failed(&path, error)),
                Ok(file) => {
                    let mut file = EventFile { path, file, record: Vec::new() };
                    file.append(0, |event| event.file_version = Some("brain.Event:2".into()))?;
                    return Ok(file);
                }
            }
        }
    }

    /// A file of an interrupted run, cut back to what it was.
    pub(super) fn reopen(directory: &Path, before: &Written) -> Result<EventFile, CallbackError> {
        // A state from a strange checkpoint must not reach files elsewhere.
        let path = directory.join(Path::new(&before.name).file_name().unwrap_or_default());
        let file = reopen(&path, before.bytes).map_err(|source| failed(&path, source))?;
        Ok(EventFile { path, file, record: Vec::new() })
    }

    /// How far the file has got, which a power cut will not change.
    pub(super) fn written(&self) -> Result<Written, CallbackError> {
        let bytes = written(&self.file).map_err(|source| failed(&self.path, source))?.unwrap_or_default();
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Written { name, bytes })
    }

    /// Adds a value.
    pub(super) fn write(&mut self, step: u64, value: Value) -> Result<(), CallbackError> {
        self.append(step, |event| event.summary = Some(Summary { value: vec![value] }))
    }

    /// Adds the graph that the page of graphs begins with.
    pub(super) fn write_graph(&mut self, graph: &Graph) -> Result<(), CallbackError> {
        self.append(0, |event| event.graph_def = Some(graph.encode_to_vec()))
    }

    fn append(&mut self, step: u64, fill: impl FnOnce(&mut Event)) -> Result<(), CallbackError> {
        let mut event = Event { wall_time: now(), step: step as i64, ..Event::default() };
        fill(&mut event);
        let data = event.encode_to_vec();
        let length = (data.len() as u64).to_le_bytes();
        self.record.clear();
        self.record.extend_from_slice(&length);
        self.record.extend_from_slice(&checksum(&length));
        self.record.extend_from_slice(&data);
        self.record.extend_from_slice(&checksum(&data));
        self.file.write_all(&self.record).map_err(|source| failed(&self.path, source))
    }
}

fn failed(path: &Path, source: io::Error) -> CallbackError {
    CallbackError::File { path: path.to_owned(), source }
}

/// CRC-32C, rotated and shifted so that a checksum of data with checksums in it is still one.
fn checksum(data: &[u8]) -> [u8; 4] {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// What this machine is called, in letters that a file name may have.
fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::env::var("COMPUTERNAME"));
    let name: String = name
        .unwrap_or_default()
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
        .collect();
    if name.is_empty() { "localhost".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_tensorboard() {
        // From tensorboard.compat.tensorflow_stub.pywrap_tensorflow.masked_crc32c, TensorBoard 2.21.0.
        for (data, expected) in [(&b""[..], 0xa282_ead8_u32), (b"123456789", 0xc78a_b0e5)] {
            assert_eq!(checksum(data), expected.to_le_bytes());
        }
    }

    #[test]
    fn a_file_elsewhere_is_not_cut() {
        let directory = tempfile::tempdir().unwrap();
        let (inside, outside) = (directory.path().join("train"), directory.path().join("precious"));
        fs::write(&outside, "precious").unwrap();
        for name in ["../precious", outside.to_str().unwrap()] {
            let error = EventFile::reopen(&inside, &Written { name: name.into(), bytes: 0 }).unwrap_err();
            assert!(error.to_string().contains("train/precious`: the run that was interrupted"), "{error}");
        }
        assert!(EventFile::reopen(&inside, &Written { name: "..".into(), bytes: 0 }).is_err());
        assert_eq!(fs::read_to_string(&outside).unwrap(), "precious");
    }

    #[test]
    fn two_files_of_the_same_second_have_different_names() {
        let directory = tempfile::tempdir().unwrap();
        let files = [(); 3].map(|()| EventFile::create(directory.path()).unwrap().path);
        assert!(files[0] != files[1] && files[1] != files[2] && files[0] != files[2]);
    }
}
