//! When the values of batches are written.

/// When a [`TensorBoard`](crate::TensorBoard) writes the values of a batch; those of an epoch it always writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpdateFreq {
    /// Never.
    #[default]
    Epoch,
    /// After each batch.
    Batch,
    /// After each batch whose number, from 1 over all epochs, can be divided by this.
    Batches(usize),
}

impl UpdateFreq {
    pub(super) fn is_due(self, batch: u64) -> bool {
        match self {
            UpdateFreq::Epoch => false,
            UpdateFreq::Batch => true,
            UpdateFreq::Batches(batches) => batch.is_multiple_of(batches as u64),
        }
    }
}

impl From<usize> for UpdateFreq {
    fn from(batches: usize) -> UpdateFreq {
        UpdateFreq::Batches(batches)
    }
}
