//! The hinge loss for several classes.

use olifant_core::Var;
use serde::{Deserialize, Serialize};

use super::alignment::same_rank;
use crate::Loss;

/// The hinge loss for several classes: L = max(max((1 − t) p) − Σ t p + 1, 0), for one-hot targets t.
///
/// # Shapes
///
/// Targets and predictions `[batch, …, classes]`, result `[batch, …]`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::CategoricalHinge};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[0.0, 1.0, 0.0], shape: [1, 3].into() });
/// let y_pred = tape.input(TensorView { data: &[0.5, 0.75, 0.25], shape: [1, 3].into() });
/// let loss = CategoricalHinge::new().call(y_true, y_pred);
/// loss.with_value(|value| assert_eq!(value.data, [0.75]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CategoricalHinge {}

impl CategoricalHinge {
    /// The loss; it has no options.
    pub fn new() -> CategoricalHinge {
        CategoricalHinge::default()
    }
}

#[typetag::serde(name = "categorical_hinge")]
impl Loss for CategoricalHinge {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let (y_true, y_pred) = same_rank(y_true, y_pred);
        let right = (y_true * y_pred).sum(-1);
        let best_wrong = ((1.0 - y_true) * y_pred).max(-1);
        (best_wrong - right + 1.0).maximum(0.0)
    }
}
