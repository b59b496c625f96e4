//! How much training tells.

use serde::{Deserialize, Serialize};

/// How much `fit`, `evaluate` and `predict` print.
///
/// # Defaults
///
/// [`Verbose::Auto`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Verbose {
    /// [`Bar`](Verbose::Bar) when standard output is a terminal, otherwise [`Epochs`](Verbose::Epochs).
    ///
    /// Keras's `"auto"` is a bar everywhere, which fills log files with one line per update.
    #[default]
    Auto,
    /// Nothing: Keras's `verbose=0`.
    Silent,
    /// A bar that moves with the batches: Keras's `verbose=1`.
    Bar,
    /// One line per epoch: Keras's `verbose=2`.
    Epochs,
}
