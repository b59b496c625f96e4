//! What can go wrong in the trainer, in words that say what to do.

use std::path::PathBuf;

use olifant_core::{Shape, ShapeError};
use olifant_nn::{BuildError, TargetError};

use crate::{LoadError, SaveError, atomic_file::remedy};

/// Why `fit`, `evaluate` or `predict` could not be done, or not to the end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// An option is outside its range.
    #[error("{option} must be {expected}, but is {given}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// What would be right.
        expected: String,
        /// What was given.
        given: String,
    },
    /// No samples at all.
    #[error("{array} holds no samples: give at least one")]
    Empty {
        /// Which array.
        array: String,
    },
    /// Arrays of different length.
    #[error(
        "{first} has {first_samples} samples but {second} has {second_samples}: each sample needs one of each"
    )]
    Lengths {
        /// Which array.
        first: String,
        /// Its length.
        first_samples: usize,
        /// Which other array.
        second: String,
        /// Its length.
        second_samples: usize,
    },
    /// More or fewer arrays than the model has inputs or outputs.
    #[error("the model takes {expected} for {what}, but was given {given}")]
    Arrays {
        /// `x`, `y` or `sample_weight`.
        what: &'static str,
        /// How many it takes, in words.
        expected: String,
        /// How many there are.
        given: usize,
    },
    /// A model with several outputs, where one is asked for.
    #[error("the model has {count} outputs ({names}): use predict_several or predict_several_with")]
    SeveralOutputs {
        /// How many there are.
        count: usize,
        /// Their names.
        names: String,
    },
    /// A model whose states go on with each batch, where it may only be read.
    #[error(
        "layer {layer} is stateful, so that each batch changes the model: use {instead}, which may change it"
    )]
    Stateful {
        /// The layer's name.
        layer: String,
        /// The method that moves the states on.
        instead: &'static str,
    },
    /// Batches of another size than a stateful layer keeps states for.
    #[error(
        "layer {layer} is stateful, for batches of {expected}, but {samples} samples in batches of {batch_size} \
         do not come in such batches: set batch_size to {expected}, and leave out samples that fill no batch"
    )]
    BatchSize {
        /// The layer's name.
        layer: String,
        /// The size it takes.
        expected: usize,
        /// The size there is.
        batch_size: usize,
        /// How many samples there are.
        samples: usize,
    },
    /// NaN or infinity in the data.
    #[error(
        "row {row} of {array} contains {value}: replace or drop what is not a finite number before training"
    )]
    NotFinite {
        /// Which array.
        array: String,
        /// The row, from 0.
        row: usize,
        /// What is there.
        value: f32,
    },
    /// Weights of samples that do not fit the losses.
    #[error("sample_weight of shape {given} does not fit losses of shape {expected}, one for each sample")]
    SampleWeight {
        /// The weights' shape, batch axis in front.
        given: Shape,
        /// The losses' shape.
        expected: Shape,
    },
    /// A weight that the model does not have.
    #[error("the model has no weight {given:?}: {known}")]
    UnknownWeight {
        /// The name.
        given: String,
        /// The names there are, and which of them may be meant.
        known: String,
    },
    /// An array that is no weight of the model.
    #[error("weight {name} has shape {expected}, but was given an array of shape {given:?}{remedy}")]
    WeightShape {
        /// The weight.
        name: String,
        /// Its shape.
        expected: Shape,
        /// The array's.
        given: Vec<usize>,
        /// What to do, starting with `; `, or empty.
        remedy: &'static str,
    },
    /// More or fewer arrays than the model has weights.
    #[error("the model has {expected} weights, but was given {given} arrays: give one for each of {names}")]
    WeightCount {
        /// How many there are.
        expected: usize,
        /// How many were given.
        given: usize,
        /// The names of all weights.
        names: String,
    },
    /// Samples or the model's shape do not fit.
    #[error(transparent)]
    Build(Box<BuildError>),
    /// Data of an impossible shape.
    #[error(transparent)]
    Shape(Box<ShapeError>),
    /// Targets that the loss cannot use.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Targets or predictions that a metric cannot use.
    #[error("metric {metric}: {source}")]
    Metric {
        /// The metric's name.
        metric: String,
        /// Why.
        source: TargetError,
    },
    /// Data that could not be read.
    #[error("the data could not be read: {source}")]
    Read {
        /// Why.
        #[from]
        source: std::io::Error,
    },
    /// A run cannot be resumed, because something is not as it was.
    #[error(
        "cannot resume from `{}`: {what} was {was}, but is {now}; \
         go on with what the run began with, or remove the file to begin anew",
        path.display()
    )]
    Resume {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: String,
        /// What it was when the file was written.
        was: String,
        /// What it is.
        now: String,
    },
    /// The run to be resumed cannot be read.
    #[error(transparent)]
    Load(Box<LoadError>),
    /// A callback interrupted training, to be resumed later.
    #[error("interrupted in epoch {} after {} batches: call fit again in the same way to go on", epoch + 1, batch)]
    Interrupted {
        /// The epoch, from 0.
        epoch: usize,
        /// How many of its batches were trained.
        batch: usize,
    },
    /// A callback failed.
    #[error("callback {callback}: {source}")]
    Callback {
        /// Its name.
        callback: String,
        /// Why.
        source: CallbackError,
    },
}

impl FitError {
    /// An option outside its range.
    pub(crate) fn option(
        option: &'static str,
        expected: impl Into<String>,
        given: impl ToString,
    ) -> FitError {
        FitError::Option { option, expected: expected.into(), given: given.to_string() }
    }
}

/// Why a callback could not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// An option is outside its range.
    #[error("{option} must be {expected}, but is {given}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// What would be right.
        expected: String,
        /// What was given.
        given: String,
    },
    /// A name that will never be in the logs.
    #[error("{what} {given:?} will never be in the logs: {known}")]
    UnknownLog {
        /// What the name is for: `monitor`, a field of a file name, ….
        what: String,
        /// The name.
        given: String,
        /// The names there will be, and which of them may be meant.
        known: String,
    },
    /// Somebody else sets the learning rate already.
    #[error("the learning rate is set by {owner} already: use only one of them")]
    LearningRateOwner {
        /// Who.
        owner: String,
    },
    /// A file could not be read or written.
    #[error("cannot read or write `{}`: {source}{}", path.display(), remedy(path, source))]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Training or evaluating from within a callback failed.
    #[error(transparent)]
    Fit(Box<FitError>),
    /// The model could not be saved.
    #[error(transparent)]
    Save(Box<SaveError>),
    /// The model could not be loaded.
    #[error(transparent)]
    Load(Box<LoadError>),
    /// Any other reason, in words or as an error of the callback's own.
    #[error(transparent)]
    Other(#[from] Box<dyn std::error::Error + Send + Sync>),
}

impl CallbackError {
    /// A reason in words.
    pub fn new(reason: impl Into<String>) -> CallbackError {
        CallbackError::Other(reason.into().into())
    }

    /// An option outside its range.
    pub fn option(option: &'static str, expected: impl Into<String>, given: impl ToString) -> CallbackError {
        CallbackError::Option { option, expected: expected.into(), given: given.to_string() }
    }
}

// Boxed, so that a `Result` stays small where nothing went wrong.
impl From<BuildError> for FitError {
    fn from(error: BuildError) -> FitError {
        FitError::Build(Box::new(error))
    }
}

impl From<ShapeError> for FitError {
    fn from(error: ShapeError) -> FitError {
        FitError::Shape(Box::new(error))
    }
}

impl From<LoadError> for FitError {
    fn from(error: LoadError) -> FitError {
        FitError::Load(Box::new(error))
    }
}

impl From<FitError> for CallbackError {
    fn from(error: FitError) -> CallbackError {
        CallbackError::Fit(Box::new(error))
    }
}

impl From<SaveError> for CallbackError {
    fn from(error: SaveError) -> CallbackError {
        CallbackError::Save(Box::new(error))
    }
}

impl From<LoadError> for CallbackError {
    fn from(error: LoadError) -> CallbackError {
        CallbackError::Load(Box::new(error))
    }
}
