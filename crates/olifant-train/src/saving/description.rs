//! A model in words: everything but its numbers, as JSON with stable names.

use std::{borrow::Cow, path::Path};

use olifant_nn::{Filling, Network, Optimizer};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{LoadError, Model, SaveError, compiled_losses::CompiledLosses, metric_list::MetricList};

/// What a model is made of. Each part is JSON of its own: binary formats cannot hold what has to name its type.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Description<'a> {
    #[serde(borrow)]
    architecture: Cow<'a, str>,
    #[serde(borrow)]
    optimizer: Cow<'a, str>,
    #[serde(borrow)]
    loss: Cow<'a, str>,
    #[serde(borrow)]
    metrics: Cow<'a, str>,
    seed: u64,
}

impl Description<'static> {
    /// Puts a model into words, and makes sure that they can be read again.
    pub(super) fn of(model: &Model, path: &Path) -> Result<Description<'static>, SaveError> {
        let architecture = model.network().architecture().map_err(|error| SaveError::Describe {
            path: path.to_owned(),
            part: "architecture",
            reason: error.to_string(),
        })?;
        Ok(Description {
            architecture: architecture.into(),
            optimizer: json::<Box<dyn Optimizer>>(path, "optimizer", model.optimizer())?.into(),
            loss: json::<CompiledLosses>(path, "loss", model.compiled_losses())?.into(),
            metrics: json::<MetricList>(path, "metrics", model.metric_list())?.into(),
            seed: model.seed(),
        })
    }
}

impl Description<'_> {
    /// A model of this description, whose weights are zeros: at most as many as the file has bytes.
    pub(super) fn build(&self, path: &Path, bytes: usize) -> Result<Model, LoadError> {
        let error = |source| LoadError::Build { path: path.to_owned(), source: Box::new(source) };
        let network = Network::from_architecture(&self.architecture, Filling::Zeros { at_most: bytes })
            .map_err(error)?;
        let optimizer = part(path, "optimizer", &self.optimizer)?;
        let loss = part(path, "loss", &self.loss)?;
        let metrics = part(path, "metrics", &self.metrics)?;
        Model::new(network, self.seed, optimizer, loss, metrics).map_err(error)
    }
}

/// A part as JSON. It is read back at once: a file that nobody can load would show too late.
fn json<T: DeserializeOwned>(
    path: &Path,
    part: &'static str,
    value: &(impl Serialize + ?Sized),
) -> Result<String, SaveError> {
    let words = serde_json::to_string(value);
    let read_back = words.and_then(|json| serde_json::from_str::<T>(&json).map(|_| json));
    let path = path.to_owned();
    read_back.map_err(|error| SaveError::Describe { path, part, reason: error.to_string() })
}

fn part<T: DeserializeOwned>(path: &Path, part: &'static str, json: &str) -> Result<T, LoadError> {
    serde_json::from_str(json).map_err(|error| {
        let mut reason = error.to_string();
        if reason.contains("unknown variant") {
            reason +=
                "; if it is of your own making, mention its crate in this program: `use its_crate as _;`";
        }
        LoadError::Part { path: path.to_owned(), part, reason }
    })
}
