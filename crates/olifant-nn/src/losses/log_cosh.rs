//! The logarithm of the hyperbolic cosine of the error.

use olifant_core::{Float, Var};
use serde::{Deserialize, Serialize};

use super::alignment::same_rank;
use crate::Loss;

/// The logarithm of the hyperbolic cosine of the error: L = mean ln cosh d with d = p − t, computed as d + ln(1 + e⁻²ᵈ) − ln 2.
///
/// It is about d²/2 for small errors and |d| − ln 2 for large ones.
///
/// # Shapes
///
/// Targets and predictions `[batch, …, outputs]`, result `[batch, …]`; a last axis of size 1 may be missing in either.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::LogCosh};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[0.0, 1.0], shape: [1, 2].into() });
/// let y_pred = tape.input(TensorView { data: &[1.0, 1.0], shape: [1, 2].into() });
/// let loss = LogCosh::new().call(y_true, y_pred);
/// loss.with_value(|value| assert!((value.data[0] - 0.2169).abs() < 1e-4));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LogCosh {}

impl LogCosh {
    /// The loss; it has no options.
    pub fn new() -> LogCosh {
        LogCosh::default()
    }
}

#[typetag::serde(name = "log_cosh")]
impl Loss for LogCosh {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let (y_true, y_pred) = same_rank(y_true, y_pred);
        let error = y_pred - y_true;
        (error + (-2.0 * error).softplus() - Float::ln(2.0)).mean(-1)
    }
}
