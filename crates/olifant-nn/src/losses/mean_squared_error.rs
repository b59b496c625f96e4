//! The mean of the squared errors.

use olifant_core::Var;
use serde::{Deserialize, Serialize};

use super::alignment::same_rank;
use crate::Loss;

/// The mean of the squared errors: L = mean (t − p)².
///
/// # Shapes
///
/// Targets and predictions `[batch, …, outputs]`, result `[batch, …]`; a last axis of size 1 may be missing in either.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::MeanSquaredError};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[0.0, 1.0, 0.0, 0.0], shape: [2, 2].into() });
/// let y_pred = tape.input(TensorView { data: &[1.0, 1.0, 1.0, 0.0], shape: [2, 2].into() });
/// let loss = MeanSquaredError::new().call(y_true, y_pred);
/// loss.with_value(|value| assert_eq!(value.data, [0.5, 0.5]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MeanSquaredError {}

impl MeanSquaredError {
    /// The loss; it has no options.
    pub fn new() -> MeanSquaredError {
        MeanSquaredError::default()
    }
}

#[typetag::serde(name = "mean_squared_error")]
impl Loss for MeanSquaredError {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let (y_true, y_pred) = same_rank(y_true, y_pred);
        (y_true - y_pred).square().mean(-1)
    }
}
