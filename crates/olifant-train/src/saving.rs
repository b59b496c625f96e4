//! Whole models and weights on disk. The extension of the file picks the format.

use std::path::Path;

use crate::{Model, Snapshot};

mod container;
mod description;
mod error;
mod format;
mod input_file;
mod native;
mod numbers;
mod safetensors;
mod stored_weight;

pub use error::{LoadError, SaveError};
use format::{Content, Format};
pub(crate) use numbers::write as write_numbers;

impl Model {
    /// Saves the whole model, so that [`Model::load`] continues exactly where this one stands.
    ///
    /// | extension | what is kept |
    /// |---|---|
    /// | `.olifant` | everything: architecture, weights, loss, metrics, seed, the optimizer and all it remembers |
    /// | `.safetensors` | the same but what the optimizer remembers: its slots, its step counter, a changed learning rate |
    ///
    /// The file is replaced as a whole or not at all: whoever looks, now or after a crash, finds the old or the new.
    ///
    /// # Errors
    ///
    /// The extension is another one, the file cannot be written,
    /// or a layer, loss, metric or optimizer of the user's own cannot be put into words.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::array;
    /// use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Adam};
    /// use olifant_train::{Compile, Model};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("line.olifant");
    /// let model = Sequential::new([1]).add(Dense::new(1)).compile(Adam::new(0.1), MeanSquaredError::new(), ())?;
    /// model.save(&path)?;
    ///
    /// let same = Model::load(&path)?;
    /// let x = array![[1.0], [2.0]];
    /// assert_eq!(same.predict(&x)?, model.predict(&x)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), SaveError> {
        let path = path.as_ref();
        match Format::to_save(path, Content::Model)? {
            Format::Native => native::save_model(self, path),
            Format::Safetensors => safetensors::save_model(self, path),
        }
    }

    /// Reads a model that [`Model::save`] wrote.
    ///
    /// A model from an `.olifant` file trains on to the same bits as the one that was saved.
    /// A model from a `.safetensors` file predicts the same; its optimizer begins anew.
    ///
    /// # Errors
    ///
    /// The file is missing, damaged, of another kind, written by a newer Olifant, or holds weights only;
    /// or it mentions a layer, loss, metric or optimizer of a crate that this program does not:
    /// then say `use their_crate as _;`.
    pub fn load(path: impl AsRef<Path>) -> Result<Model, LoadError> {
        let path = path.as_ref();
        match Format::to_load(path)? {
            Format::Native => native::load_model(path),
            Format::Safetensors => safetensors::load_model(path),
        }
    }

    /// Saves the weights only, by name, as `.weights.olifant` or `.safetensors`.
    ///
    /// The file is replaced as a whole or not at all.
    ///
    /// # Errors
    ///
    /// The extension is another one, or the file cannot be written.
    pub fn save_weights(&self, path: impl AsRef<Path>) -> Result<(), SaveError> {
        let path = path.as_ref();
        match Format::to_save(path, Content::Weights)? {
            Format::Native => native::save_weights(self, path),
            Format::Safetensors => safetensors::save_weights(self, path),
        }
    }

    /// Reads weights by name into this model: from a file of weights, or from a whole model.
    ///
    /// The optimizer keeps what it remembers.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or holds other weights than this model has; the first that differs is named.
    /// The model is then as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
    /// use olifant_train::Compile;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("best.weights.olifant");
    /// let model = |units| {
    ///     Sequential::new([4]).add(Dense::new(units)).compile(Sgd::new(0.1), MeanSquaredError::new(), ())
    /// };
    /// model(3)?.save_weights(&path)?;
    /// model(3)?.load_weights(&path)?;
    ///
    /// let message = model(5)?.load_weights(&path).unwrap_err().to_string();
    /// assert!(message.contains("`dense/kernel` has shape [4, 5] in the model but [4, 3] in the file"), "{message}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load_weights(&mut self, path: impl AsRef<Path>) -> Result<(), LoadError> {
        let path = path.as_ref();
        self.put_weights_back();
        let weights = self.weights_mut();
        match Format::to_load(path)? {
            Format::Native => native::load_weights(path, weights),
            Format::Safetensors => safetensors::load_weights(path, weights),
        }
    }

    /// Whether a file of this name could be saved, as far as that can be known without writing it.
    ///
    /// For callbacks that save much later. The file's directory need not exist yet.
    ///
    /// # Errors
    ///
    /// The extension is none that can hold the whole model (or, if `weights_only`, weights), the path is a directory,
    /// or what should be a directory on the way to it is a file.
    #[doc(hidden)]
    pub fn check_save_path(path: impl AsRef<Path>, weights_only: bool) -> Result<(), SaveError> {
        let path = path.as_ref();
        Format::to_save(path, if weights_only { Content::Weights } else { Content::Model })?;
        crate::atomic_file::check_place(path)?;
        Ok(())
    }
}

/// Whether a file of this name can hold the state of training.
pub(crate) fn can_hold_training(path: &Path) -> bool {
    matches!(Format::to_save(path, Content::Model), Ok(Format::Native))
}

/// Saves a model together with where its training stands. Only one format can.
pub(crate) fn save_checkpoint(model: &Model, snapshot: &Snapshot, path: &Path) -> Result<(), SaveError> {
    match Format::to_save(path, Content::Model)? {
        Format::Native => native::save_checkpoint(model, snapshot, path),
        Format::Safetensors => Err(SaveError::Format {
            path: path.to_owned(),
            what: "the state of training",
            reason: "that format holds models only: use the extension `.olifant`".to_owned(),
        }),
    }
}

/// Reads what [`save_checkpoint`] wrote.
pub(crate) fn load_checkpoint(path: &Path) -> Result<(Model, Snapshot), LoadError> {
    let (model, snapshot) = match Format::to_load(path)? {
        Format::Native => native::load_checkpoint(path)?,
        Format::Safetensors => (safetensors::load_model(path)?, None),
    };
    let snapshot = snapshot.ok_or_else(|| LoadError::NoTraining { path: path.to_owned() })?;
    Ok((model, snapshot))
}
