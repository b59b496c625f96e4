//! Sigmoid and binary cross-entropy in one, from logits.

use super::elementwise::BinaryFunction;
use crate::{Float, Var, kernels::functions};

/// y = max(x, 0) − x t + ln(1 + e^−|x|) for logits x and targets t,
/// which is −t ln σ(x) − (1 − t) ln(1 − σ(x)) without its overflows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SigmoidCrossEntropy;

impl BinaryFunction for SigmoidCrossEntropy {
    const COST: usize = 20;

    #[inline(always)]
    fn value(self, x: Float, t: Float) -> Float {
        functions::softplus(x) - x * t
    }

    /// ∂y/∂x = σ(x) − t. Targets get no gradient.
    #[inline(always)]
    fn slopes(self, x: Float, t: Float) -> (Float, Float) {
        (functions::sigmoid(x) - t, 0.0)
    }
}

impl<'t> Var<'t> {
    /// The binary cross-entropy between sigmoid(self) and `targets`, element by element; numerically safe.
    ///
    /// Targets are probabilities. They get no gradient.
    ///
    /// # Panics
    ///
    /// The targets have another shape.
    #[track_caller]
    pub fn sigmoid_cross_entropy(self, targets: Var<'t>) -> Var<'t> {
        let (logits, given) = (self.shape(), targets.shape());
        assert!(
            logits == given,
            "binary cross-entropy of logits of shape {logits} needs targets of the same shape, but was given {given}"
        );
        self.tape.operate(SigmoidCrossEntropy, &[self, targets])
    }
}
