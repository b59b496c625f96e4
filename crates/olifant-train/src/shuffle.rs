//! In which order samples come.

/// In which order samples come; `true` and `false` are the first two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shuffle {
    /// In a new order in every epoch.
    #[default]
    Samples,
    /// In the order of the data.
    Off,
    /// Each batch has the samples it would have without shuffling, in a new order: Keras's `"batch"`.
    WithinBatches,
}

impl From<bool> for Shuffle {
    fn from(shuffle: bool) -> Shuffle {
        if shuffle { Shuffle::Samples } else { Shuffle::Off }
    }
}
