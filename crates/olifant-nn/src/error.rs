//! What can be wrong with the description of a model.

use olifant_core::{Shape, ShapeError};

/// Why a network could not be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A layer was given something it cannot work with.
    #[error("layer {number} ({name}): {source}")]
    Layer {
        /// The layer's position in its network, from 0.
        number: usize,
        /// The layer's name.
        name: String,
        /// What is wrong.
        source: Box<BuildError>,
    },
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
    /// Inputs have the wrong number of axes.
    #[error("expects inputs of shape {expected} but was given {given}{remedy}")]
    InputShape {
        /// What would be right, for example `[batch, features]`.
        expected: String,
        /// What was given, with the batch axis in front.
        given: String,
        /// What to do, starting with `; `, or empty.
        remedy: &'static str,
    },
    /// A layer was given more or fewer inputs than it has.
    #[error("expects {expected} but was given {given}")]
    Inputs {
        /// What would be right, for example `at least 2 inputs`.
        expected: String,
        /// How many there were.
        given: usize,
    },
    /// A layer needs its own result.
    #[error("layer {layer} is part of a cycle: its inputs must be computed before it")]
    Cycle {
        /// The layer's name.
        layer: String,
    },
    /// An input that leads to no output.
    #[error("input {name} is not used: no output depends on it; leave it out")]
    UnusedInput {
        /// The input's name.
        name: String,
    },
    /// An output that depends on more than the inputs of its model.
    #[error(
        "output {output} depends on input {input}, which is none of the model's inputs: {inputs}; add it to them"
    )]
    Disconnected {
        /// The name of the layer that the output comes from.
        output: String,
        /// The missing input's name.
        input: String,
        /// The names of the inputs there are.
        inputs: String,
    },
    /// A layer that another model was made of.
    #[error(
        "a layer is part of another model already: describe it anew for this one, with a layer of its own"
    )]
    LayerOfAnotherModel,
    /// An input of a model that is the result of a layer.
    #[error("input {number} of the model is the result of a layer: a model begins with `Input::new(shape)`")]
    NotAnInput {
        /// Which of the inputs, from 0.
        number: usize,
    },
    /// A value that a layer does not return.
    #[error("layer {layer} has {outputs} outputs: there is no output {output}, counted from 0")]
    NoSuchOutput {
        /// The layer's name.
        layer: String,
        /// The number that was asked for.
        output: usize,
        /// How many there are.
        outputs: usize,
    },
    /// A layer that is called several times with inputs that cannot share its weights.
    #[error(
        "called again, it would need {weight} of shape {needed}, but it has one of shape {shape}: give inputs of the same shape, or a layer of their own"
    )]
    SharedWeight {
        /// The weight's name.
        weight: String,
        /// Its shape.
        shape: String,
        /// The shape it would need to have.
        needed: String,
    },
    /// A number in the data that is no id.
    #[error("row {row} contains the {what} {value}: ids are whole numbers from 0 to below {below}")]
    Id {
        /// What it should be, for example `id`.
        what: &'static str,
        /// The row, from 0.
        row: usize,
        /// What is there, as text.
        value: String,
        /// How many ids there are.
        below: usize,
    },
    /// Two layers of a network have the same name.
    #[error("two layers are called {name:?}: names must be unique within a model")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A layer that the network does not have.
    #[error("no layer is called {given:?}: {known}")]
    UnknownLayer {
        /// The name.
        given: String,
        /// The names there are, and which of them may be meant.
        known: String,
    },
    /// A file describes a larger network than it holds weights for.
    #[error("the network has more than the {at_most} numbers that there is data for")]
    TooManyParameters {
        /// How many numbers there may be.
        at_most: usize,
    },
    /// A weight that the machine has no memory for.
    #[error("a weight of shape {shape} does not fit into the memory of this machine: use fewer units")]
    Memory {
        /// Its shape.
        shape: Shape,
    },
    /// A network without layers.
    #[error("a network needs at least one layer: add one before compiling")]
    NoLayers,
    /// Shapes do not fit.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The description of a network could not be read back.
    #[error("the architecture cannot be read: {reason}")]
    Architecture {
        /// What the parser says, and what to do.
        reason: String,
    },
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

impl BuildError {
    /// An option outside its range.
    pub fn option(option: &'static str, expected: impl Into<String>, given: impl ToString) -> BuildError {
        BuildError::Option { option, expected: expected.into(), given: given.to_string() }
    }

    /// The same, if it names a row of a batch whose rows stand elsewhere in the data: `rows` says where.
    pub fn in_rows(self, rows: &[usize]) -> BuildError {
        self.in_row(|row| rows.get(row).copied().unwrap_or(row))
    }

    /// The same, if it names a row of something made of the rows of a batch: `of` says of which.
    pub(crate) fn in_row(mut self, of: impl FnOnce(usize) -> usize) -> BuildError {
        let mut error = &mut self;
        while let BuildError::Layer { source, .. } = error {
            error = source;
        }
        if let BuildError::Id { row, .. } = error {
            *row = of(*row);
        }
        self
    }

    /// An option outside its range, unless it `is_right`.
    pub(crate) fn check_option(
        option: &'static str,
        expected: &str,
        given: impl ToString,
        is_right: bool,
    ) -> Result<(), BuildError> {
        if is_right { Ok(()) } else { Err(BuildError::option(option, expected, given)) }
    }
}

/// A shape as a user reads it: `[batch, 28, 28]`.
pub fn with_batch(shape: &Shape) -> String {
    let axes: Vec<String> = shape.axes().iter().map(|axis| format!(", {axis}")).collect();
    format!("[batch{}]", axes.concat())
}
