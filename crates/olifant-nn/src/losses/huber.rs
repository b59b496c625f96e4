//! Squared for small errors, absolute for large ones.

use olifant_core::{Float, Var};
use serde::{Deserialize, Serialize};

use super::alignment::same_rank;
use crate::{BuildError, Loss};

/// Squared for small errors, absolute for large ones: L = mean ½q² + δ(|e| − q), with e = t − p and q = min(|e|, δ).
///
/// Outliers pull less than with [`MeanSquaredError`](super::MeanSquaredError).
///
/// # Shapes
///
/// Targets and predictions `[batch, …, outputs]`, result `[batch, …]`; a last axis of size 1 may be missing in either.
///
/// # Defaults
///
/// `delta`: 1, in the unit of the targets.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::Huber};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[0.0, 0.0], shape: [1, 2].into() });
/// let y_pred = tape.input(TensorView { data: &[1.0, 5.0], shape: [1, 2].into() });
/// let loss = Huber::new().delta(2.0).call(y_true, y_pred);
/// loss.with_value(|value| assert_eq!(value.data, [4.25]));
/// ```
///
/// # References
///
/// Huber (1964), *Robust Estimation of a Location Parameter*, <https://doi.org/10.1214/aoms/1177703732>.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Huber {
    delta: Float,
}

impl Default for Huber {
    fn default() -> Huber {
        Huber { delta: 1.0 }
    }
}

impl Huber {
    /// The loss with its default options.
    pub fn new() -> Huber {
        Huber::default()
    }

    /// Where the parabola goes over into a straight line; above 0.
    pub fn delta(mut self, delta: Float) -> Huber {
        self.delta = delta;
        self
    }
}

#[typetag::serde(name = "huber")]
impl Loss for Huber {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let (y_true, y_pred) = same_rank(y_true, y_pred);
        let error = (y_true - y_pred).abs();
        let quadratic = error.minimum(self.delta);
        (0.5 * quadratic.square() + self.delta * (error - quadratic)).mean(-1)
    }

    fn check_options(&self) -> Result<(), BuildError> {
        if self.delta > 0.0 && self.delta.is_finite() {
            return Ok(());
        }
        Err(BuildError::option("delta", "a number above 0", self.delta))
    }
}
