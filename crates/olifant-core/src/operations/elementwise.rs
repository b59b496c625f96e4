//! What all functions of single numbers share: walking over the elements, and broadcasting.

use std::fmt;

use crate::{
    Float, Operation, Shape, ShapeError,
    kernels::{broadcast::Broadcast, dispatch::vectorised},
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
};

/// y = f(x) for each element.
pub(crate) trait UnaryFunction: fmt::Debug + Copy + Send + Sync {
    /// How many additions one value costs, roughly: whether threads are worth their while depends on it.
    const COST: usize = 1;
    /// f(x)
    fn value(self, x: Float) -> Float;
    /// f′(x); `y` is f(x), which is often enough to know.
    fn slope(self, x: Float, y: Float) -> Float;
}

/// y = f(a, b) for each pair of elements, broadcast to a common shape.
pub(crate) trait BinaryFunction: fmt::Debug + Copy + Send + Sync {
    /// How many additions one value costs, roughly.
    const COST: usize = 1;
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
        let (function, x) = (self.0, step.inputs.get(0).data);
        step.team.for_each_rows(step.output, 1, F::COST, &|start, output: &mut [Float]| {
            vectorised(
                #[inline(always)]
                || {
                    output.iter_mut().zip(&x[start..]).for_each(|(y, &x)| *y = function.value(x));
                },
            );
        });
    }

    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let Some(GradientMut { data, add }) = gradients.get(0) else { return };
        let (function, x, y, dy) =
            (self.0, step.inputs.get(0).data, step.output.data, &*step.output_gradient);
        step.team.for_each_rows(data, 1, F::COST, &|start, data: &mut [Float]| {
            vectorised(
                #[inline(always)]
                || {
                    let terms = x[start..].iter().zip(&y[start..]).zip(&dy[start..]);
                    let terms = terms.map(|((&x, &y), &dy)| dy * function.slope(x, y));
                    GradientMut { data, add }.write_from(terms);
                },
            );
        });
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
        let (function, a, b) = (self.0, step.inputs.get(0), step.inputs.get(1));
        let plan = Broadcast::new(step.team, a.shape, b.shape);
        plan.map(a.data, b.data, step.output, F::COST, |y, a, b| *y = function.value(a, b));
    }

    /// An operand that was stretched gets the sum over its copies.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let (function, a, b, dy) = (self.0, step.inputs.get(0), step.inputs.get(1), &*step.output_gradient);
        let plan = Broadcast::new(step.team, a.shape, b.shape);
        if let Some(da) = gradients.get(0) {
            let term = |dy, a, b| dy * function.slopes(a, b).0;
            plan.add_to_first(a.data, b.data, dy, da, F::COST, term);
        }
        if let Some(db) = gradients.get(1) {
            let term = |dy, b, a| dy * function.slopes(a, b).1;
            plan.swapped().add_to_first(b.data, a.data, dy, db, F::COST, term);
        }
    }
}
