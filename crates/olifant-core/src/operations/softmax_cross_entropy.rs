//! Softmax and cross-entropy in one, from logits.

use super::softmax::softmax_row;
use crate::{
    Operation, Shape, ShapeError, Var,
    operation::{BackwardStep, ForwardStep, InputGradients, Inputs},
};

/// y = log Σⱼ e^(xⱼ) · Σⱼ tⱼ − Σⱼ tⱼ xⱼ for each row of logits x and targets t.
///
/// Targets are either a row of probabilities, or one class index, which stands for a row with a single 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SoftmaxCrossEntropy;

impl SoftmaxCrossEntropy {
    /// Whether targets are class indices: they have one axis less than the logits, or a last axis of size 1.
    fn is_sparse(logits: Shape, targets: Shape) -> bool {
        targets.size() * logits.axes()[logits.rank() - 1] == logits.size() && targets != logits
    }
}

impl Operation for SoftmaxCrossEntropy {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let (logits, targets) = (inputs.get(0).shape, inputs.get(1).shape);
        let classes = logits.last_axis()?;
        let rows = Shape::new(&logits.axes()[..logits.rank() - 1])?;
        let mut column = rows;
        column.push(1);
        if targets == logits || targets == rows || targets == column {
            return Ok(rows);
        }
        Err(ShapeError::Mismatch(format!(
            "cross-entropy of {classes} classes needs targets of shape {logits} (probabilities) or {rows} (class indices), \
             but was given {targets}"
        )))
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let (x, targets) = (step.inputs.get(0), step.inputs.get(1));
        let classes = x.row_len();
        let sparse = Self::is_sparse(x.shape, targets.shape);
        step.cache.resize(x.data.len(), 0.0);
        for (row, x) in x.rows().enumerate() {
            let (max, sum) = softmax_row(x, &mut step.cache[row * classes..][..classes]);
            let log_sum = max + sum.ln();
            step.output[row] = if sparse {
                log_sum - x[targets.data[row] as usize]
            } else {
                let targets = &targets.data[row * classes..][..classes];
                targets.iter().zip(x).map(|(t, x)| t * (log_sum - x)).sum()
            };
        }
    }

    /// ∂L/∂xᵢ = (softmax(x)ᵢ Σⱼ tⱼ − tᵢ) ∂L/∂y. Targets get no gradient.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let (x, targets) = (step.inputs.get(0), step.inputs.get(1));
        let Some(mut dx) = gradients.get(0) else { return };
        let classes = x.row_len();
        let sparse = Self::is_sparse(x.shape, targets.shape);
        let rows = dx.accumulator().chunks_exact_mut(classes).zip(step.cache.chunks_exact(classes));
        for (row, ((dx, probabilities), dy)) in rows.zip(step.output_gradient.iter()).enumerate() {
            if sparse {
                dx.iter_mut().zip(probabilities).for_each(|(dx, p)| *dx += p * dy);
                dx[targets.data[row] as usize] -= dy;
            } else {
                let targets = &targets.data[row * classes..][..classes];
                let total: crate::Float = targets.iter().sum();
                let terms = dx.iter_mut().zip(probabilities).zip(targets);
                terms.for_each(|((dx, p), t)| *dx += (p * total - t) * dy);
            }
        }
    }
}

impl<'t> Var<'t> {
    /// The cross-entropy between softmax(self) and `targets`, one number per row; numerically safe.
    ///
    /// `targets` are probabilities of the shape of the logits, or class indices with one axis less (or a last axis of 1).
    /// They get no gradient.
    ///
    /// # Shapes
    ///
    /// Logits `[…, classes]`; result `[…]`.
    ///
    /// # Panics
    ///
    /// The shapes do not fit, or a class index is not below the number of classes.
    #[track_caller]
    pub fn softmax_cross_entropy(self, targets: Var<'t>) -> Var<'t> {
        self.tape.operate(SoftmaxCrossEntropy, &[self, targets])
    }
}
