//! The negative log-likelihood of counts.

use olifant_core::Var;
use serde::{Deserialize, Serialize};

use super::{EPSILON, alignment::same_rank};
use crate::Loss;

/// The negative log-likelihood of counts t whose expected number is p, up to a constant: L = mean (p − t ln(p + 10⁻⁷)).
///
/// Predictions must not be negative: let the last layer end in an exponential or a softplus.
///
/// # Shapes
///
/// Targets and predictions `[batch, …, outputs]`, result `[batch, …]`; a last axis of size 1 may be missing in either.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::Poisson};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[0.0, 2.0], shape: [1, 2].into() });
/// let y_pred = tape.input(TensorView { data: &[1.0, 1.0], shape: [1, 2].into() });
/// let loss = Poisson::new().call(y_true, y_pred);
/// loss.with_value(|value| assert!((value.data[0] - 1.0).abs() < 1e-6));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Poisson {}

impl Poisson {
    /// The loss; it has no options.
    pub fn new() -> Poisson {
        Poisson::default()
    }
}

#[typetag::serde(name = "poisson")]
impl Loss for Poisson {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let (y_true, y_pred) = same_rank(y_true, y_pred);
        (y_pred - y_true * (y_pred + EPSILON).log()).mean(-1)
    }
}
