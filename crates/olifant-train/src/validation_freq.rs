//! After which epochs a model is validated.

/// After which epochs a model is validated: a number, or a list.
///
/// # Examples
///
/// ```
/// use olifant_train::FitOptions;
///
/// let every_other = FitOptions::new().epochs(10).validation_freq(2);
/// let three_of_them = FitOptions::new().epochs(10).validation_freq([1, 5, 10]);
/// # let _ = (every_other, three_of_them);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValidationFreq {
    /// After every so many epochs.
    Every(usize),
    /// After these epochs, counted from 1.
    Epochs(Vec<usize>),
}

impl ValidationFreq {
    /// Whether an epoch, counted from 0, is validated.
    pub(crate) fn is_due(&self, epoch: usize) -> bool {
        match self {
            ValidationFreq::Every(freq) => (epoch + 1).is_multiple_of(*freq),
            ValidationFreq::Epochs(epochs) => epochs.contains(&(epoch + 1)),
        }
    }

    /// The smallest number given, which must not be 0.
    pub(crate) fn smallest(&self) -> usize {
        match self {
            ValidationFreq::Every(freq) => *freq,
            ValidationFreq::Epochs(epochs) => epochs.iter().copied().min().unwrap_or(1),
        }
    }
}

impl From<usize> for ValidationFreq {
    fn from(freq: usize) -> ValidationFreq {
        ValidationFreq::Every(freq)
    }
}

impl From<Vec<usize>> for ValidationFreq {
    fn from(epochs: Vec<usize>) -> ValidationFreq {
        ValidationFreq::Epochs(epochs)
    }
}

impl<const N: usize> From<[usize; N]> for ValidationFreq {
    fn from(epochs: [usize; N]) -> ValidationFreq {
        ValidationFreq::Epochs(epochs.to_vec())
    }
}
