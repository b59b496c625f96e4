//! Checking numbers that stand for words or categories.

use olifant_core::TensorView;

use crate::BuildError;

/// Whether all numbers are ids: whole, and from 0 to below a bound.
///
/// # Errors
///
/// The first that is not, with its row.
pub(super) fn check_ids(what: &'static str, below: usize, x: TensorView<'_>) -> Result<(), BuildError> {
    let is_id = |id: olifant_core::Float| id >= 0.0 && id < below as olifant_core::Float && id.fract() == 0.0;
    match x.data.iter().position(|&id| !is_id(id)) {
        None => Ok(()),
        Some(place) => {
            let row = place / x.shape.without_batch().size().max(1);
            Err(BuildError::Id { what, row, value: x.data[place].to_string(), below })
        }
    }
}
