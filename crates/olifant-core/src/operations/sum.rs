//! Sums over axes.

use crate::{
    Axes, Operation, Shape, ShapeError, Var,
    axes::Reduction,
    operation::{BackwardStep, ForwardStep, InputGradients, Inputs},
};

/// y = Σ x over some axes
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum {
    axes: Axes,
    keepdims: bool,
}

impl Operation for Sum {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        Reduction::new(inputs.get(0).shape, self.axes).map(|plan| plan.output_shape(self.keepdims))
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let x = step.inputs.get(0);
        step.output.fill(0.0);
        Reduction::known(x.shape, self.axes).for_each(|from, to| step.output[to] += x.data[from]);
    }

    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let Some(mut dx) = gradients.get(0) else { return };
        let dx = dx.accumulator();
        Reduction::known(step.inputs.get(0).shape, self.axes)
            .for_each(|from, to| dx[from] += step.output_gradient[to]);
    }
}

impl<'t> Var<'t> {
    /// Σ x over the given axes, which disappear.
    ///
    /// # Panics
    ///
    /// An axis does not exist.
    #[track_caller]
    pub fn sum(self, axes: impl Into<Axes>) -> Var<'t> {
        self.tape.operate(Sum { axes: axes.into(), keepdims: false }, &[self])
    }

    /// Σ x over the given axes, which stay with size 1.
    ///
    /// # Panics
    ///
    /// An axis does not exist.
    #[track_caller]
    pub fn sum_keepdims(self, axes: impl Into<Axes>) -> Var<'t> {
        self.tape.operate(Sum { axes: axes.into(), keepdims: true }, &[self])
    }
}
