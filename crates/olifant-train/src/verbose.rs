//! How much training tells.

use serde::{Deserialize, Serialize};

/// How much `fit`, `evaluate` and `predict` print to standard output.
///
/// Keras's numbers and booleans convert: 0 and `false` are silent, 1 and `true` the bar, 2 and above the
/// epoch lines.
///
/// # Defaults
///
/// [`Verbose::Auto`].
///
/// # Examples
///
/// ```
/// use olifant_train::Verbose;
///
/// assert_eq!(Verbose::from(2), Verbose::Epochs);
/// assert_eq!(Verbose::from(false), Verbose::Silent);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Verbose {
    /// [`Bar`](Verbose::Bar) when standard output is a terminal, otherwise [`Epochs`](Verbose::Epochs).
    ///
    /// This differs from Keras on purpose: its `"auto"` is a bar everywhere, which fills a log file with a
    /// line per update.
    #[default]
    Auto,
    /// Nothing but the messages of callbacks: Keras's `verbose=0`.
    Silent,
    /// A bar that moves with the batches: Keras's `verbose=1`.
    Bar,
    /// One line per epoch: Keras's `verbose=2`.
    Epochs,
}

impl From<u8> for Verbose {
    fn from(verbose: u8) -> Self {
        match verbose {
            0 => Verbose::Silent,
            1 => Verbose::Bar,
            _ => Verbose::Epochs,
        }
    }
}

impl From<bool> for Verbose {
    fn from(verbose: bool) -> Self {
        if verbose { Verbose::Bar } else { Verbose::Silent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_keras_convert() {
        fn convert(verbose: impl Into<Verbose>) -> Verbose {
            verbose.into()
        }
        let numbers = [convert(0), convert(1), convert(2)];
        assert_eq!(numbers, [Verbose::Silent, Verbose::Bar, Verbose::Epochs]);
        assert_eq!([convert(false), convert(true)], [Verbose::Silent, Verbose::Bar]);
        assert_eq!(convert(Verbose::Auto), Verbose::default());
    }
}
