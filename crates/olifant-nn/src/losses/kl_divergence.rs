//! How far one distribution is from another.

use olifant_core::Var;
use serde::{Deserialize, Serialize};

use super::{EPSILON, alignment::same_rank};
use crate::Loss;

/// The Kullback–Leibler divergence: L = Σ t ln(t / p), with t and p clipped to [10⁻⁷, 1].
///
/// # Shapes
///
/// Targets and predictions `[batch, …, classes]`, result `[batch, …]`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::KLDivergence};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[0.5, 0.5], shape: [1, 2].into() });
/// let y_pred = tape.input(TensorView { data: &[0.25, 0.75], shape: [1, 2].into() });
/// let loss = KLDivergence::new().call(y_true, y_pred);
/// loss.with_value(|value| assert!((value.data[0] - 0.1438).abs() < 1e-4));
/// ```
///
/// # References
///
/// Kullback and Leibler (1951), *On Information and Sufficiency*, <https://doi.org/10.1214/aoms/1177729694>.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct KLDivergence {}

impl KLDivergence {
    /// The loss; it has no options.
    pub fn new() -> KLDivergence {
        KLDivergence::default()
    }
}

#[typetag::serde(name = "kl_divergence")]
impl Loss for KLDivergence {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let (y_true, y_pred) = same_rank(y_true, y_pred);
        let (t, p) = (y_true.clip(EPSILON, 1.0), y_pred.clip(EPSILON, 1.0));
        (t * (t / p).log()).sum(-1)
    }
}
