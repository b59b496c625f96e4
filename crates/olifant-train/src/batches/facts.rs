//! What data is, in a few words and numbers: so that an interrupted run does not go on with other data.

use std::io::{self, Write};

use olifant_core::{Team, Tensor};
use serde_json::{Value, json};

use super::{Batches, SampleList};
use crate::{FitError, Model, saving::write_numbers};

/// How many samples are read at a time.
const PIECE: usize = 256;

/// How many samples are looked at where reading all of them would take too long: those that are not in memory.
const SPREAD: usize = 256;

/// Why there are no facts about a stream.
pub(crate) const STREAM: &str = "a stream cannot be resumed: its samples come once";

impl Batches<'_> {
    /// Sizes, shapes and checksums.
    ///
    /// Of data in memory every number counts; of other data so many samples, spread evenly from the first to the last.
    pub(crate) fn facts(&self, model: &Model) -> Result<Value, FitError> {
        if self.is_stream() {
            return Err(io::Error::other(STREAM).into());
        }
        let class_weight = self.class_weight.map(|weights| {
            let mut weights: Vec<_> = weights.iter().collect();
            weights.sort_unstable_by_key(|(class, _)| **class);
            weights
        });
        Ok(json!({
            "samples": self.samples(),
            "batch_size": self.batch_size,
            "x": self.facts_of(&self.x, model)?,
            "y": self.facts_of(&self.y, model)?,
            "sample_weight": self.sample_weight.map(|weights| weights.facts(model.team())).transpose()?,
            "class_weight": class_weight.map(|weights| format!("{weights:?}")),
        }))
    }

    /// Of one array its own facts, of several a list.
    fn facts_of(&self, lists: &[SampleList<'_>], model: &Model) -> Result<Value, FitError> {
        let mut facts = lists.iter().map(|list| list.facts(model.team())).collect::<Result<Vec<_>, _>>()?;
        Ok(if facts.len() == 1 { facts.remove(0) } else { Value::Array(facts) })
    }
}

impl SampleList<'_> {
    fn facts(&self, team: &Team) -> Result<Value, FitError> {
        Ok(json!({
            "samples": self.len,
            "shape": self.shape.to_string(),
            "checksum": format!("{:08x}", self.checksum(team)?),
        }))
    }

    fn checksum(&self, team: &Team) -> Result<u32, FitError> {
        let spread = |number: usize| number * (self.len - 1) / (SPREAD - 1);
        let indices: Vec<usize> = if self.in_memory() || self.len <= SPREAD {
            (0..self.len).collect()
        } else {
            (0..SPREAD).map(spread).collect()
        };
        let (mut checksum, mut samples) = (Checksum::default(), Tensor::default());
        for indices in indices.chunks(PIECE) {
            self.read(indices, &mut samples, Some(team))?;
            write_numbers(samples.data(), &mut checksum)?;
        }
        Ok(checksum.0.finalize())
    }
}

/// The CRC-32 of what is written.
#[derive(Default)]
struct Checksum(crc32fast::Hasher);

impl Write for Checksum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
