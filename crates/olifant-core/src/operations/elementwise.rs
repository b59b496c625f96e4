//! What all functions of single numbers share: walking over the elements, and broadcasting.

use std::fmt;

use crate::{
    Float, Operation, Shape, ShapeError,
    kernels::{broadcast::Broadcast, dispatch::vectorised},
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
};

/// y = f(x) for each element.
pub(crate) trait UnaryFunction: fmt::Debug + Copy + Send + Sync {
    /// f(x)
    fn value(self, x: Float) -> Float;
    /// f′(x); `y` is f(x), which is often enough to know.
    fn slope(self, x: Float, y: Float) -> Float;
}

/// y = f(a, b) for each pair of elements, broadcast to a common shape.
pub(crate) trait BinaryFunction: fmt::Debug + Copy + Send + Sync {
    /// f(a, b)
    fn value(self, a: Float, b: Float) -> Float;
    /// ∂f/∂a and ∂f/∂b
    fn slopes(self, a: Float, b: Float) -> (Float, Float);
}

/// The operation that applies a [`UnaryFunction`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unary<F>(pub(crate) F);

impl<F: UnaryFunction> Operation for Unary<F> {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        Ok(inputs.get(0).shape)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let (function, x, output) = (self.0, step.inputs.get(0).data, step.output);
        vectorised(
            #[inline(always)]
            || output.iter_mut().zip(x).for_each(|(y, &x)| *y = function.value(x)),
        );
    }

    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let Some(GradientMut { data, add }) = gradients.get(0) else { return };
        let (function, x, y, dy) =
            (self.0, step.inputs.get(0).data, step.output.data, &*step.output_gradient);
        vectorised(
            #[inline(always)]
            || {
                let terms = data.iter_mut().zip(x).zip(y).zip(dy);
                if add {
                    terms.for_each(|(((dx, &x), &y), &dy)| *dx += dy * function.slope(x, y));
                } else {
                    terms.for_each(|(((dx, &x), &y), &dy)| *dx = dy * function.slope(x, y));
                }
            },
        );
    }
}

/// The operation that applies a [`BinaryFunction`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binary<F>(pub(crate) F);

impl<F: BinaryFunction> Operation for Binary<F> {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        inputs.get(0).shape.broadcast(&inputs.get(1).shape)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let (function, a, b, output) = (self.0, step.inputs.get(0), step.inputs.get(1), step.output);
        let plan = Broadcast::new(a.shape, b.shape);
        vectorised(
            #[inline(always)]
            || plan.map(a.data, b.data, output, |a, b| function.value(a, b)),
        );
    }

    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let (function, a, b, dy) = (self.0, step.inputs.get(0), step.inputs.get(1), &*step.output_gradient);
        let plan = Broadcast::new(a.shape, b.shape);
        // An operand that was stretched gets the sum over its copies.
        if let Some(mut da) = gradients.get(0) {
            let da = da.accumulator();
            vectorised(
                #[inline(always)]
                || plan.add_to_first(a.data, b.data, dy, da, |a, b| function.slopes(a, b).0),
            );
        }
        if let Some(mut db) = gradients.get(1) {
            let db = db.accumulator();
            vectorised(
                #[inline(always)]
                || plan.swapped().add_to_first(b.data, a.data, dy, db, |b, a| function.slopes(a, b).1),
            );
        }
    }
}
