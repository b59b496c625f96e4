//! The square of the hinge loss.

use olifant_core::Var;
use serde::{Deserialize, Serialize};

use super::{alignment::same_rank, hinge::margin_errors};
use crate::Loss;

/// The square of the hinge loss: L = mean max(1 − t p, 0)².
///
/// Targets are −1 or 1; if all targets of a batch are 0 or 1, they are read as −1 and 1.
///
/// # Shapes
///
/// Targets and predictions `[batch, …, outputs]`, result `[batch, …]`; a last axis of size 1 may be missing in either.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::SquaredHinge};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[0.0, 1.0], shape: [1, 2].into() });
/// let y_pred = tape.input(TensorView { data: &[-0.5, 2.0], shape: [1, 2].into() });
/// let loss = SquaredHinge::new().call(y_true, y_pred);
/// loss.with_value(|value| assert_eq!(value.data, [0.125]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SquaredHinge {}

impl SquaredHinge {
    /// The loss; it has no options.
    pub fn new() -> SquaredHinge {
        SquaredHinge::default()
    }
}

#[typetag::serde(name = "squared_hinge")]
impl Loss for SquaredHinge {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let (y_true, y_pred) = same_rank(y_true, y_pred);
        margin_errors(y_true, y_pred).square().mean(-1)
    }
}
