//! When a callback saves.

/// When a [`ModelCheckpoint`](crate::ModelCheckpoint) or a [`BackupAndRestore`](crate::BackupAndRestore) saves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SaveFreq {
    /// At the end of each epoch.
    #[default]
    Epoch,
    /// Whenever so many batches have been trained since the last time, whatever the epoch.
    /// The logs then hold running values, and none of validation.
    Batches(usize),
}

impl From<usize> for SaveFreq {
    fn from(batches: usize) -> SaveFreq {
        SaveFreq::Batches(batches)
    }
}
