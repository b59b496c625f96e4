//! The mean of the absolute errors in per cent of the targets.

use olifant_core::Var;
use serde::{Deserialize, Serialize};

use super::{EPSILON, alignment::same_rank};
use crate::Loss;

/// The mean of the absolute errors in per cent of the targets: L = 100 · mean |t − p| / max(|t|, 10⁻⁷).
///
/// Targets near 0 make it huge.
///
/// # Shapes
///
/// Targets and predictions `[batch, …, outputs]`, result `[batch, …]`; a last axis of size 1 may be missing in either.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::MeanAbsolutePercentageError};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[2.0, 4.0], shape: [1, 2].into() });
/// let y_pred = tape.input(TensorView { data: &[1.0, 5.0], shape: [1, 2].into() });
/// let loss = MeanAbsolutePercentageError::new().call(y_true, y_pred);
/// loss.with_value(|value| assert_eq!(value.data, [37.5]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MeanAbsolutePercentageError {}

impl MeanAbsolutePercentageError {
    /// The loss; it has no options.
    pub fn new() -> MeanAbsolutePercentageError {
        MeanAbsolutePercentageError::default()
    }
}

#[typetag::serde(name = "mean_absolute_percentage_error")]
impl Loss for MeanAbsolutePercentageError {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let (y_true, y_pred) = same_rank(y_true, y_pred);
        100.0 * ((y_true - y_pred) / y_true.abs().maximum(EPSILON)).abs().mean(-1)
    }
}
