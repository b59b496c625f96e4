//! Checking targets one number at a time.

use olifant_core::{Float, TensorView};

use crate::TargetError;

/// Whether all targets are class indices below `classes`, or the class that is ignored.
pub(super) fn check_class_indices(
    y_true: TensorView<'_>,
    classes: usize,
    ignored: Option<i32>,
) -> Result<(), TargetError> {
    let last = classes.saturating_sub(1);
    let is_class = |label: Float| (0.0..=last as Float).contains(&label) && label.fract() == 0.0;
    let is_ignored = |label: Float| ignored.is_some_and(|class| label == class as Float);
    check_values(
        y_true,
        |label| is_class(label) || is_ignored(label),
        || {
            let or_ignored =
                ignored.map(|class| format!(", or {class}, which is ignored")).unwrap_or_default();
            format!("class indices must be whole numbers from 0 to {last}{or_ignored}")
        },
    )
}

/// Whether all targets are probabilities.
pub(super) fn check_probabilities(y_true: TensorView<'_>) -> Result<(), TargetError> {
    check_values(y_true, |t| (0.0..=1.0).contains(&t), || "targets must be numbers from 0 to 1".into())
}

/// Names the first row with a wrong number.
fn check_values(
    y_true: TensorView<'_>,
    is_right: impl Fn(Float) -> bool,
    expected: impl Fn() -> String,
) -> Result<(), TargetError> {
    let Some(wrong) = y_true.data.iter().position(|&value| !is_right(value)) else { return Ok(()) };
    let numbers_per_row = y_true.shape.without_batch().size().max(1);
    Err(TargetError::Value {
        row: wrong / numbers_per_row,
        value: f64::from(y_true.data[wrong]),
        expected: expected(),
    })
}
