//! The hinge loss of maximum-margin classifiers.

use olifant_core::Var;
use serde::{Deserialize, Serialize};

use super::alignment::same_rank;
use crate::Loss;

/// The hinge loss of maximum-margin classifiers: L = mean max(1 − t p, 0).
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
/// use olifant_nn::{Loss, losses::Hinge};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[0.0, 1.0], shape: [1, 2].into() });
/// let y_pred = tape.input(TensorView { data: &[-0.5, 2.0], shape: [1, 2].into() });
/// let loss = Hinge::new().call(y_true, y_pred);
/// loss.with_value(|value| assert_eq!(value.data, [0.25]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Hinge {}

impl Hinge {
    /// The loss; it has no options.
    pub fn new() -> Hinge {
        Hinge::default()
    }
}

#[typetag::serde(name = "hinge")]
impl Loss for Hinge {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let (y_true, y_pred) = same_rank(y_true, y_pred);
        margin_errors(y_true, y_pred).mean(-1)
    }
}

/// max(1 − t p, 0), with targets 0 and 1 read as −1 and 1.
pub(super) fn margin_errors<'t>(y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
    let are_bits = y_true.with_value(|targets| targets.data.iter().all(|&t| t == 0.0 || t == 1.0));
    let signs = if are_bits { 2.0 * y_true - 1.0 } else { y_true };
    (1.0 - signs * y_pred).maximum(0.0)
}
