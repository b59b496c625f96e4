//! Means over axes.

use crate::{
    Axes, Float, Operation, Shape, ShapeError, Var,
    axes::Reduction,
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
};

/// y = Σ x / n over some axes with n elements
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mean {
    axes: Axes,
    keepdims: bool,
}

impl Operation for Mean {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        Reduction::new(inputs.get(0).shape, self.axes).map(|reduction| reduction.output_shape(self.keepdims))
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let x = step.inputs.get(0);
        let reduction = Reduction::known(x.shape, self.axes);
        let share = 1.0 / reduction.count() as Float;
        reduction.plan(step.team).sum_to_first(x.data, GradientMut { data: step.output, add: false });
        step.output.iter_mut().for_each(|y| *y *= share);
    }

    /// ∂L/∂x = ∂L/∂y / n, stretched along the reduced axes.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let Some(GradientMut { data, add }) = gradients.get(0) else { return };
        let x = step.inputs.get(0);
        let reduction = Reduction::known(x.shape, self.axes);
        let share = 1.0 / reduction.count() as Float;
        let plan = reduction.plan(step.team);
        if add {
            plan.map(step.output_gradient, x.data, data, 1, |dx, dy, _| *dx += dy * share);
        } else {
            plan.map(step.output_gradient, x.data, data, 1, |dx, dy, _| *dx = dy * share);
        }
    }
}

impl<'t> Var<'t> {
    /// The mean over the given axes, which disappear. The mean of no elements is NaN.
    ///
    /// # Panics
    ///
    /// An axis does not exist.
    #[track_caller]
    pub fn mean(self, axes: impl Into<Axes>) -> Var<'t> {
        self.tape.operate(Mean { axes: axes.into(), keepdims: false }, &[self])
    }

    /// The mean over the given axes, which stay with size 1.
    ///
    /// # Panics
    ///
    /// An axis does not exist.
    #[track_caller]
    pub fn mean_keepdims(self, axes: impl Into<Axes>) -> Var<'t> {
        self.tape.operate(Mean { axes: axes.into(), keepdims: true }, &[self])
    }

    /// The mean over all axes but the first: one number per sample, as a loss needs.
    ///
    /// # Shapes
    ///
    /// Input `[batch, …]`, result `[batch]`.
    ///
    /// # Panics
    ///
    /// The value is a scalar.
    #[track_caller]
    pub fn mean_per_sample(self) -> Var<'t> {
        let rank = self.shape().rank();
        assert!(rank > 0, "a scalar has no samples to take the mean of");
        let list = std::array::from_fn(|axis| axis as isize + 1);
        self.tape.operate(Mean { axes: Axes::These { list, count: rank - 1 }, keepdims: false }, &[self])
    }
}
