//! Softmax and cross-entropy in one, from logits.

use super::softmax::softmax_and_log_sum;
use crate::{
    Float, Operation, Shape, ShapeError, Var,
    axes::check_indices,
    kernels::{dispatch::vectorised, lanes},
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
};

/// y = log Σⱼ e^(xⱼ) · Σⱼ tⱼ − Σⱼ tⱼ xⱼ for each row of logits x and targets t.
///
/// Targets are either a row of probabilities, or one class index, which stands for a row with a single 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SoftmaxCrossEntropy;

/// What an element costs, counted in additions.
const COST: usize = 22;

impl SoftmaxCrossEntropy {
    /// Whether targets, whose shape was checked, are class indices: probabilities have the shape of the logits.
    fn is_sparse(logits: Shape, targets: Shape) -> bool {
        targets != logits
    }
}

impl Operation for SoftmaxCrossEntropy {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let (logits, targets) = (inputs.get(0).shape, inputs.get(1));
        let classes = logits.last_axis()?;
        let rows = Shape::new(&logits.axes()[..logits.rank() - 1])?;
        let mut column = rows;
        column.push(1);
        if classes == 0 || (targets.shape != logits && targets.shape != rows && targets.shape != column) {
            return Err(ShapeError::Mismatch(format!(
                "cross-entropy of {classes} classes needs targets of shape {logits} (probabilities) or {rows} (class indices), \
                 but was given {}",
                targets.shape
            )));
        }
        if Self::is_sparse(logits, targets.shape) {
            check_indices("cross-entropy: class index", targets.data, classes)?;
        }
        Ok(rows)
    }

    /// The backward pass needs the softmax: each row of the cache holds it, and then log Σⱼ e^(xⱼ).
    fn forward(&self, step: ForwardStep<'_>) {
        let (x, targets) = (step.inputs.get(0), step.inputs.get(1));
        let classes = x.row_len();
        step.cache.resize(step.output.len() * (classes + 1), 0.0);
        step.team.for_each_rows(step.cache, classes + 1, classes * COST, &|first, cache: &mut [Float]| {
            vectorised(
                #[inline(always)]
                || {
                    for (cache, x) in cache.chunks_exact_mut(classes + 1).zip(x.rows().skip(first)) {
                        cache[classes] = softmax_and_log_sum(x, &mut cache[..classes]);
                    }
                },
            );
        });
        let log_sums = step.cache.chunks_exact(classes + 1).map(|cache| cache[classes]);
        let rows = step.output.iter_mut().zip(x.rows()).zip(log_sums);
        if Self::is_sparse(x.shape, targets.shape) {
            rows.zip(targets.data).for_each(|(((y, x), log_sum), &class)| *y = log_sum - x[class as usize]);
        } else {
            for (((y, x), log_sum), targets) in rows.zip(targets.data.chunks_exact(classes)) {
                *y = lanes::sum_of_pairs(targets, x, |t, x| t * (log_sum - x));
            }
        }
    }

    /// ∂L/∂xᵢ = (softmax(x)ᵢ Σⱼ tⱼ − tᵢ) ∂L/∂y. Targets get no gradient.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let (x, targets) = (step.inputs.get(0), step.inputs.get(1).data);
        let Some(GradientMut { data, add }) = gradients.get(0) else { return };
        let (cache, dy) = (step.cache, &*step.output_gradient);
        let classes = x.row_len();
        let sparse = Self::is_sparse(x.shape, step.inputs.get(1).shape);
        step.team.for_each_rows(data, classes, classes, &|first, dx: &mut [Float]| {
            for (row, dx) in (first..).zip(dx.chunks_exact_mut(classes)) {
                let (probabilities, dy) = (&cache[row * (classes + 1)..][..classes], dy[row]);
                let mut dx = GradientMut { data: dx, add };
                if sparse {
                    dx.write(|i| probabilities[i] * dy);
                    dx.data[targets[row] as usize] -= dy;
                } else {
                    let targets = &targets[row * classes..][..classes];
                    let total = lanes::sum(targets);
                    dx.write(|i| (probabilities[i] * total - targets[i]) * dy);
                }
            }
        });
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
