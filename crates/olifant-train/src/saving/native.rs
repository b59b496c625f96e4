//! Olifant's own format: a header in bincode, then all numbers as little-endian `f32`.
//!
//! First come the weights in the header's order, then for each slot of the optimizer its numbers for the trainable ones.
//! Since version 2, a model in the midst of its training is followed by its [`Snapshot`] in bincode.

use std::{
    borrow::Cow,
    io::{self, Write},
    path::Path,
};

use olifant_core::{Float, Weights};
use serde::{Deserialize, Serialize};

use super::{
    container,
    description::Description,
    numbers::{self, Numbers},
    stored_weight::{StoredWeight, restore, restore_slots},
};
use crate::{LoadError, Model, SaveError, Snapshot};

/// What a file says about its numbers. The order of the fields is the format: a change of it is a new version.
#[derive(Debug, Serialize, Deserialize)]
struct Header<'a> {
    /// Only whole models have it.
    #[serde(borrow)]
    model: Option<ModelHeader<'a>>,
    #[serde(borrow)]
    weights: Vec<WeightHeader<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ModelHeader<'a> {
    #[serde(borrow)]
    description: Description<'a>,
    /// How many steps the optimizer has made.
    calls: u64,
    learning_rate: f64,
    /// The names of all slots, those that options ask for included.
    #[serde(borrow)]
    slots: Vec<&'a str>,
}

#[derive(Debug, Serialize, Deserialize)]
struct WeightHeader<'a> {
    name: &'a str,
    shape: Vec<usize>,
    trainable: bool,
}

pub(super) fn save_model(model: &Model, path: &Path) -> Result<(), SaveError> {
    save(model, &[], path)
}

pub(super) fn save_checkpoint(model: &Model, snapshot: &Snapshot, path: &Path) -> Result<(), SaveError> {
    save(model, &encode(snapshot, path, "state of training")?, path)
}

/// Saves a model, and behind its numbers what there is of its training.
fn save(model: &Model, training: &[u8], path: &Path) -> Result<(), SaveError> {
    let (state, weights) = (model.optimizer_state(), model.network().weights());
    let header = Header {
        model: Some(ModelHeader {
            description: Description::of(model, path)?,
            calls: state.calls(),
            learning_rate: f64::from(model.learning_rate()),
            slots: state.slot_names().to_vec(),
        }),
        weights: weight_headers(weights),
    };
    let trainable = || weights.iter().filter(|(_, spec)| spec.trainable);
    write(path, &header, |out| {
        write_weights(weights, out)?;
        for slot in state.slots() {
            for (_, spec) in trainable() {
                numbers::write(&slot[spec.range()], out)?;
            }
        }
        out.write_all(training)
    })
}

pub(super) fn save_weights(model: &Model, path: &Path) -> Result<(), SaveError> {
    let weights = model.network().weights();
    let header = Header { model: None, weights: weight_headers(weights) };
    write(path, &header, |out| write_weights(weights, out))
}

pub(super) fn load_model(path: &Path) -> Result<Model, LoadError> {
    Ok(load_checkpoint(path)?.0)
}

pub(super) fn load_checkpoint(path: &Path) -> Result<(Model, Option<Snapshot>), LoadError> {
    let payload = container::read(path)?;
    let (header, stored, training) = parse(path, &payload)?;
    let Some(header) = header.model else {
        return Err(LoadError::WeightsOnly { path: path.to_owned() });
    };
    let mut model = header.description.build(path, payload.len())?;
    restore(path, &stored, model.weights_mut())?;
    let mut state = model.optimizer_state().clone();
    if !state.restore_slot_names(&header.slots) {
        let (expected, given) = (state.slot_names(), header.slots);
        let reason = format!("the optimizer keeps the slots {expected:?}, but the file has {given:?}");
        return Err(LoadError::damaged(path, reason));
    }
    restore_slots(path, &stored, model.network().weights(), &mut state)?;
    state.set_calls(header.calls);
    state.set_learning_rate(header.learning_rate as Float);
    *model.optimizer_state_mut() = state;
    Ok((model, snapshot(path, training)?))
}

fn snapshot(path: &Path, training: &[u8]) -> Result<Option<Snapshot>, LoadError> {
    if training.is_empty() {
        return Ok(None);
    }
    match binary::decode(training) {
        Ok((snapshot, [])) => Ok(Some(snapshot)),
        Ok((_, rest)) => Err(LoadError::damaged(path, format!("{} bytes belong to nothing", rest.len()))),
        Err(reason) => {
            Err(LoadError::damaged(path, format!("its state of training cannot be read: {reason}")))
        }
    }
}

pub(super) fn load_weights(path: &Path, weights: &mut Weights) -> Result<(), LoadError> {
    let payload = container::read(path)?;
    let (_, stored, _) = parse(path, &payload)?;
    restore(path, &stored, weights)
}

fn weight_headers(weights: &Weights) -> Vec<WeightHeader<'_>> {
    let specs = weights.iter().map(|(_, spec)| spec);
    specs
        .map(|spec| WeightHeader {
            name: &spec.name,
            shape: spec.shape.axes().to_vec(),
            trainable: spec.trainable,
        })
        .collect()
}

fn write(
    path: &Path,
    header: &Header<'_>,
    numbers: impl Fn(&mut dyn Write) -> io::Result<()>,
) -> Result<(), SaveError> {
    let header = encode(header, path, "description")?;
    container::write(path, |out| {
        out.write_all(&header)?;
        numbers(out)
    })?;
    Ok(())
}

fn encode(value: &impl Serialize, path: &Path, part: &'static str) -> Result<Vec<u8>, SaveError> {
    binary::encode(value).map_err(|reason| SaveError::Describe { path: path.to_owned(), part, reason })
}

fn write_weights(weights: &Weights, out: &mut dyn Write) -> io::Result<()> {
    weights.iter().try_for_each(|(weight, _)| numbers::write(weights.get(weight).data, out))
}

/// The header, each weight with its numbers, and what comes after them.
type Parts<'a> = (Header<'a>, Vec<StoredWeight<'a>>, &'a [u8]);

/// Takes the payload apart.
fn parse<'a>(path: &Path, payload: &'a [u8]) -> Result<Parts<'a>, LoadError> {
    let unreadable = |reason| LoadError::damaged(path, format!("its header cannot be read: {reason}"));
    let (header, mut rest): (Header<'_>, _) = binary::decode(payload).map_err(unreadable)?;
    let slots = header.model.as_ref().map_or(0, |model| model.slots.len());
    let mut take = |header: &WeightHeader<'_>| {
        let size = header.shape.iter().try_fold(4_usize, |size, &axis| size.checked_mul(axis));
        let (numbers, others) = size.and_then(|size| rest.split_at_checked(size)).ok_or_else(|| {
            let (name, shape) = (header.name, &header.shape);
            LoadError::damaged(path, format!("the numbers of `{name}` {shape:?} are missing"))
        })?;
        rest = others;
        Ok(Numbers::F32(numbers))
    };
    let mut stored = Vec::new();
    for weight in &header.weights {
        let (name, shape) = (Cow::Borrowed(weight.name), weight.shape.clone());
        stored.push(StoredWeight { name, shape, numbers: take(weight)?, slots: Vec::new() });
    }
    for _ in 0..slots {
        for (header, stored) in header.weights.iter().zip(&mut stored).filter(|(header, _)| header.trainable)
        {
            stored.slots.push(take(header)?);
        }
    }
    if header.model.is_none() && !rest.is_empty() {
        return Err(LoadError::damaged(path, format!("{} bytes belong to no weight", rest.len())));
    }
    Ok((header, stored, rest))
}

/// The only place that calls bincode.
mod binary {
    use bincode::config::{Configuration, Limit, LittleEndian, Varint, standard};
    use serde::{Deserialize, Serialize};

    /// What a value may take at most, in the file and in memory, whatever lengths it claims.
    const LIMIT: usize = 1 << 30;

    fn configuration() -> Configuration<LittleEndian, Varint, Limit<LIMIT>> {
        standard().with_limit::<LIMIT>()
    }

    pub(super) fn encode(value: &impl Serialize) -> Result<Vec<u8>, String> {
        let bytes = bincode::serde::encode_to_vec(value, configuration());
        let bytes = bytes.map_err(|error| error.to_string())?;
        if bytes.len() > LIMIT {
            return Err(format!("it takes {} bytes, but at most {LIMIT} can be read back", bytes.len()));
        }
        Ok(bytes)
    }

    /// The value, and the bytes after it.
    pub(super) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<(T, &'a [u8]), String> {
        let (value, length) = bincode::serde::borrow_decode_from_slice(bytes, configuration())
            .map_err(|error| error.to_string())?;
        Ok((value, &bytes[length..]))
    }
}

#[cfg(test)]
mod tests {
    use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Adam};

    use super::*;
    use crate::Compile;

    fn loaded(header: &[u8], numbers: usize) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.weights.olifant");
        container::write(&path, |out| {
            out.write_all(header)?;
            out.write_all(&vec![0; numbers])
        })
        .unwrap();
        let mut weights = Weights::default();
        weights.add("w", [3], true);
        let message = match load_weights(&path, &mut weights) {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.to_string(),
        };
        message.replace(&*path.to_string_lossy(), "…")
    }

    fn header(weights: &[(&'static str, &[usize])]) -> Vec<u8> {
        let weights = weights.iter().map(|&(name, shape)| WeightHeader {
            name,
            shape: shape.to_vec(),
            trainable: true,
        });
        binary::encode(&Header { model: None, weights: weights.collect() }).unwrap()
    }

    #[test]
    fn claims_of_an_intact_frame_are_not_trusted() {
        let damaged = |reason: &str| {
            format!("cannot load `…`: the file is damaged: {reason}; copy it again or take an older one")
        };
        assert_eq!(loaded(&header(&[("w", &[3])]), 12), "ok");
        assert_eq!(loaded(&header(&[("w", &[3])]), 11), damaged("the numbers of `w` [3] are missing"));
        assert_eq!(loaded(&header(&[("w", &[3])]), 14), damaged("2 bytes belong to no weight"));
        for shape in [[1 << 60, 1], [1 << 40, 1 << 40]] {
            let reason = format!("the numbers of `w` {shape:?} are missing");
            assert_eq!(loaded(&header(&[("w", &shape)]), 12), damaged(&reason));
        }
        assert_eq!(loaded(&header(&[("w", &[3]), ("w", &[3])]), 24), damaged("it holds `w` twice"));
    }

    #[test]
    fn slots_that_the_optimizer_does_not_keep_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("m.olifant");
        let network = Sequential::new([2]).add(Dense::new(1));
        let adam = Adam::new(0.1).use_ema(true);
        let model = network.compile(adam, MeanSquaredError::new(), ()).unwrap();
        let message = |slots: &[&'static str]| {
            save_model(&model, &path).unwrap();
            let payload = container::read(&path).unwrap();
            let (mut header, numbers): (Header<'_>, _) = binary::decode(&payload).unwrap();
            header.model.as_mut().unwrap().slots = slots.to_vec();
            let header = binary::encode(&header).unwrap();
            container::write(&path, |out| {
                out.write_all(&header)?;
                out.write_all(numbers)
            })
            .unwrap();
            load_model(&path)
                .map_or_else(|error| error.to_string(), |model| format!("{}", model.has_ema_weights()))
        };
        assert_eq!(message(&["momentum", "velocity", "average"]), "false");
        assert_eq!(message(&["momentum", "velocity", "weights"]), "true");
        let other = message(&["momentum", "average", "velocity"]);
        let expected = "the optimizer keeps the slots [\"momentum\", \"velocity\", \"average\"], \
                        but the file has [\"momentum\", \"average\", \"velocity\"]";
        assert!(other.contains(expected), "{other}");
    }

    #[test]
    fn lengths_within_the_header_take_no_memory() {
        // No model; then 2^60 weights, or one weight with a name of 2^60 bytes.
        let huge = [&[253][..], &(1_u64 << 60).to_le_bytes()].concat();
        for claim in [[&[0][..], &huge].concat(), [&[0, 1][..], &huge].concat()] {
            let message = loaded(&claim, 100);
            assert!(message.contains("damaged: its header cannot be read"), "{message}");
        }
    }
}
