//! The mean of each window.

use super::pooling::Pooling;
use crate::{
    Operation, Shape, ShapeError, Var,
    operation::{BackwardStep, ForwardStep, InputGradients, Inputs},
};

/// y = Σ x / n over the n places that a window sees, for each channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AveragePool(Pooling);

impl Operation for AveragePool {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        self.0.output_shape(inputs.get(0).shape)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let x = step.inputs.get(0);
        self.0.known(x.shape).mean(x.data, step.output, step.team);
    }

    /// ∂L/∂x = Σ ∂L/∂y / n over the windows that see x.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let Some(dx) = gradients.get(0) else { return };
        let pool = self.0.known(step.inputs.get(0).shape);
        pool.mean_gradient(step.output_gradient, dx, step.team);
    }
}

impl<'t> Var<'t> {
    /// The mean of each window, channel by channel; see [`Var::max_pool`].
    ///
    /// # Shapes
    ///
    /// x `[batch, …, channels]` with one to three axes in the middle, result `[batch, …, channels]`.
    ///
    /// # Panics
    ///
    /// The windows do not fit.
    #[track_caller]
    pub fn average_pool(self, pooling: Pooling) -> Var<'t> {
        self.tape.operate(AveragePool(pooling), &[self])
    }
}
