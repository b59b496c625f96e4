//! The largest element along axes.

use super::{elementwise::BinaryFunction, maximum::Maximum};
use crate::{
    Axes, Float, Operation, Shape, ShapeError, Var,
    axes::Reduction,
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
};

/// y = max x over some axes; elements that share the largest value share the gradient, as in Keras.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Max {
    axes: Axes,
    keepdims: bool,
}

impl Operation for Max {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        Reduction::new(inputs.get(0).shape, self.axes).map(|reduction| reduction.output_shape(self.keepdims))
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let x = step.inputs.get(0);
        let plan = Reduction::known(x.shape, self.axes).plan(step.team);
        let y = step.output;
        y.fill(Float::NEG_INFINITY);
        plan.fold_to_first(x.data, GradientMut { data: y, add: true }, Float::NEG_INFINITY, |a, b| Maximum.value(a, b));
        // How many elements share each maximum, for the backward pass.
        step.cache.resize(y.len(), 0.0);
        let counts = GradientMut { data: step.cache, add: false };
        plan.add_to_first(y, x.data, x.data, counts, 1, |_, y, x| if x == y { 1.0 } else { 0.0 });
    }

    /// ∂L/∂x = ∂L/∂y / n for the n elements that are the largest, else 0.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let Some(mut dx) = gradients.get(0) else { return };
        let (x, y, dx) = (step.inputs.get(0), step.output.data, dx.accumulator());
        Reduction::known(x.shape, self.axes).plan(step.team).for_each(|result, element, _| {
            if x.data[element] == y[result] {
                dx[element] += step.output_gradient[result] / step.cache[result];
            }
        });
    }
}

impl<'t> Var<'t> {
    /// The largest element along the given axes, which disappear. NaN stays NaN; the largest of no elements is −∞.
    ///
    /// # Panics
    ///
    /// An axis does not exist.
    #[track_caller]
    pub fn max(self, axes: impl Into<Axes>) -> Var<'t> {
        self.tape.operate(Max { axes: axes.into(), keepdims: false }, &[self])
    }

    /// The largest element along the given axes, which stay with size 1. NaN stays NaN.
    ///
    /// # Panics
    ///
    /// An axis does not exist.
    #[track_caller]
    pub fn max_keepdims(self, axes: impl Into<Axes>) -> Var<'t> {
        self.tape.operate(Max { axes: axes.into(), keepdims: true }, &[self])
    }
}
