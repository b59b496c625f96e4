//! What can go wrong with files of models, in words that say what to do.

use std::{
    io,
    path::{Path, PathBuf},
};

use olifant_nn::BuildError;

use crate::WriteError;

/// Why a model or its weights could not be saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// The file's extension names no format, or one for something else.
    #[error("cannot save {what} as `{}`: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What was to be saved.
        what: &'static str,
        /// What is wrong with the extension, and those that are right.
        reason: String,
    },
    /// A part of the model cannot be put into words, or its words could not be read again.
    #[error("cannot save the model as `{}`: its {part} would not come back from the file: {reason}", path.display())]
    Describe {
        /// The file.
        path: PathBuf,
        /// Which part.
        part: &'static str,
        /// Why.
        reason: String,
    },
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Why a model or its weights could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file's extension names no format.
    #[error("cannot load `{}`: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with the extension, and those that are right.
        reason: String,
    },
    /// The file could not be read.
    #[error("cannot read `{}`: {source}{}", path.display(), remedy(source))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is something else.
    #[error("cannot load `{}`: expected {expected}, but it is {found}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
        /// What it is, and what to do.
        found: String,
    },
    /// The file was written by a later version of this library.
    #[error(
        "cannot load `{}`: written by a newer Olifant: format {version}, this program reads up to {supported}; update",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
        /// The last version this program knows.
        supported: u32,
    },
    /// Bytes are missing or wrong.
    #[error("cannot load `{}`: the file is damaged: {reason}; copy it again or take an older one", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A whole model was expected.
    #[error(
        "cannot load `{}` as a model: it holds weights only; compile the model and use `load_weights`",
        path.display()
    )]
    WeightsOnly {
        /// The file.
        path: PathBuf,
    },
    /// A model in the midst of its training was expected.
    #[error(
        "cannot resume from `{}`: it holds a model that is not in the midst of its training; \
         load it by `Model::load`, or resume from a file that a callback wrote during `fit`",
        path.display()
    )]
    NoTraining {
        /// The file.
        path: PathBuf,
    },
    /// The network cannot be built, or its options are out of range.
    #[error("cannot build the model in `{}`: {source}", path.display())]
    Build {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<BuildError>,
    },
    /// The optimizer, the loss or a metric cannot be read.
    #[error("cannot read the {part} in `{}`: {reason}", path.display())]
    Part {
        /// The file.
        path: PathBuf,
        /// Which part.
        part: &'static str,
        /// Why, and what to do.
        reason: String,
    },
    /// A weight has another shape.
    #[error(
        "cannot load the weights in `{}`: `{name}` has shape {expected:?} in the model but {given:?} in the file; \
         build the model as it was when the file was saved",
        path.display()
    )]
    WeightShape {
        /// The file.
        path: PathBuf,
        /// The weight.
        name: String,
        /// Its shape in the model.
        expected: Vec<usize>,
        /// Its shape in the file.
        given: Vec<usize>,
    },
    /// A weight of the model is not in the file, or one of the file not in the model.
    #[error(
        "cannot load the weights in `{}`: {difference}; build the model as it was when the file was saved",
        path.display()
    )]
    WeightNames {
        /// The file.
        path: PathBuf,
        /// The first weight that differs.
        difference: String,
    },
    /// A weight is not made of floating-point numbers of 32 or 64 bits.
    #[error(
        "cannot load the weights in `{}`: `{name}` consists of {given}, expected F32 or F64; convert it first",
        path.display()
    )]
    NumberType {
        /// The file.
        path: PathBuf,
        /// The weight.
        name: String,
        /// The numbers' type, in safetensors' words.
        given: String,
    },
}

impl LoadError {
    pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> LoadError {
        LoadError::Damaged { path: path.to_owned(), reason: reason.into() }
    }

    pub(super) fn read(path: &Path, source: io::Error) -> LoadError {
        LoadError::Read { path: path.to_owned(), source }
    }
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "; check the path",
        _ => "",
    }
}
