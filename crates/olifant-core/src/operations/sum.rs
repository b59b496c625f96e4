//! Sums over axes.

use crate::{
    Axes, Operation, Shape, ShapeError, Var,
    axes::Reduction,
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
};

/// y = Σ x over some axes
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum {
    axes: Axes,
    keepdims: bool,
}

impl Operation for Sum {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        Reduction::new(inputs.get(0).shape, self.axes).map(|reduction| reduction.output_shape(self.keepdims))
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let x = step.inputs.get(0);
        Reduction::known(x.shape, self.axes).plan(step.team).sum_to_first(x.data, GradientMut { data: step.output, add: false });
    }

    /// ∂L/∂x = ∂L/∂y, stretched along the reduced axes.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let Some(GradientMut { data, add }) = gradients.get(0) else { return };
        let x = step.inputs.get(0);
        let plan = Reduction::known(x.shape, self.axes).plan(step.team);
        if add {
            plan.map(step.output_gradient, x.data, data, 1, |dx, dy, _| *dx += dy);
        } else {
            plan.map(step.output_gradient, x.data, data, 1, |dx, dy, _| *dx = dy);
        }
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
