//! Safetensors: weights that Python reads as well, and in the metadata what the model is made of.

use std::{borrow::Cow, collections::HashMap, path::Path};

use olifant_core::{TensorView, Weights};
use safetensors::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize};

use super::{
    description::Description,
    input_file::{InputFile, is_safetensors, kind_of},
    numbers::{self, Numbers},
    stored_weight::{StoredWeight, restore},
};
use crate::{LoadError, Model, SaveError, atomic_file::write_atomically};

const EXPECTED: &str = "a safetensors file";
/// The metadata has one key only: several would come in another order each time, and files differ without need.
const KEY: &str = "olifant";
const VERSION: u32 = 1;

/// The value of [`KEY`], as JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Metadata<'a> {
    format_version: u32,
    #[serde(borrow)]
    model: Description<'a>,
}

pub(super) fn save_model(model: &Model, path: &Path) -> Result<(), SaveError> {
    let metadata = Metadata { format_version: VERSION, model: Description::of(model, path)? };
    let json = serde_json::to_string(&metadata).map_err(|error| SaveError::Describe {
        path: path.to_owned(),
        part: "description",
        reason: error.to_string(),
    })?;
    write(model, path, Some(HashMap::from([(KEY.to_owned(), json)])))
}

pub(super) fn save_weights(model: &Model, path: &Path) -> Result<(), SaveError> {
    write(model, path, None)
}

pub(super) fn load_model(path: &Path) -> Result<Model, LoadError> {
    let bytes = read(path)?;
    let damaged = |error: safetensors::SafeTensorError| LoadError::damaged(path, error.to_string());
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(damaged)?;
    let Some(json) = metadata.metadata().as_ref().and_then(|metadata| metadata.get(KEY)) else {
        return Err(LoadError::WeightsOnly { path: path.to_owned() });
    };
    check_version(path, json)?;
    let metadata: Metadata<'_> = serde_json::from_str(json)
        .map_err(|error| LoadError::damaged(path, format!("its metadata cannot be read: {error}")))?;
    let mut model = metadata.model.build(path, bytes.len())?;
    restore(path, &parse(path, &bytes)?, model.weights_mut())?;
    Ok(model)
}

pub(super) fn load_weights(path: &Path, weights: &mut Weights) -> Result<(), LoadError> {
    let bytes = read(path)?;
    restore(path, &parse(path, &bytes)?, weights)
}

/// Looks at the version alone, as a later one may have other fields.
fn check_version(path: &Path, json: &str) -> Result<(), LoadError> {
    #[derive(Deserialize)]
    struct Version {
        format_version: u32,
    }
    match serde_json::from_str(json) {
        Ok(Version { format_version: version }) if version > VERSION => {
            Err(LoadError::Newer { path: path.to_owned(), version, supported: VERSION })
        }
        _ => Ok(()),
    }
}

fn write(model: &Model, path: &Path, metadata: Option<HashMap<String, String>>) -> Result<(), SaveError> {
    let weights = model.network().weights();
    let tensors = weights.iter().map(|(weight, spec)| (&spec.name, Numeric(weights.get(weight))));
    let bytes = safetensors::serialize(tensors, metadata).map_err(|error| SaveError::Describe {
        path: path.to_owned(),
        part: "description",
        reason: error.to_string(),
    })?;
    write_atomically(path, &bytes)?;
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let mut file = InputFile::open(path, EXPECTED)?;
    let mut bytes = Vec::new();
    file.read(64, &mut bytes)?;
    if !is_safetensors(&bytes) {
        return Err(LoadError::Foreign { path: path.to_owned(), expected: EXPECTED, found: kind_of(&bytes) });
    }
    file.read(file.len.saturating_sub(bytes.len() as u64), &mut bytes)?;
    Ok(bytes)
}

fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<Vec<StoredWeight<'a>>, LoadError> {
    let tensors =
        SafeTensors::deserialize(bytes).map_err(|error| LoadError::damaged(path, error.to_string()))?;
    let stored = tensors.tensors().into_iter().map(|(name, tensor)| {
        let numbers = match tensor.dtype() {
            Dtype::F32 => Numbers::F32(tensor.data()),
            Dtype::F64 => Numbers::F64(tensor.data()),
            other => {
                let given = format!("{other:?}");
                return Err(LoadError::NumberType { path: path.to_owned(), name, given });
            }
        };
        Ok(StoredWeight { name: name.into(), shape: tensor.shape().to_vec(), numbers, slots: Vec::new() })
    });
    stored.collect()
}

/// A weight as safetensors wants to see it.
struct Numeric<'a>(TensorView<'a>);

impl View for Numeric<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        self.0.shape.axes()
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(numbers::to_bytes(self.0.data))
    }

    fn data_len(&self) -> usize {
        self.0.data.len() * 4
    }
}
