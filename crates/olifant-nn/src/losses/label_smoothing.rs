//! Targets that are a little less certain.

use olifant_core::{Float, Var};

use crate::BuildError;

/// t (1 − s) + s / classes: a share s of the certainty is spread evenly over the classes.
pub(super) fn smoothed(y_true: Var<'_>, smoothing: Float, classes: usize) -> Var<'_> {
    if smoothing == 0.0 { y_true } else { y_true * (1.0 - smoothing) + smoothing / classes as Float }
}

/// A share is between 0 and 1.
pub(super) fn check_label_smoothing(smoothing: Float) -> Result<(), BuildError> {
    if (0.0..=1.0).contains(&smoothing) {
        return Ok(());
    }
    Err(BuildError::option("label_smoothing", "a number from 0 to 1", smoothing))
}
