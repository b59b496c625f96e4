//! The largest number of each window.

use super::pooling::Pooling;
use crate::{
    Operation, Shape, ShapeError, Var,
    operation::{BackwardStep, ForwardStep, InputGradients, Inputs},
};

/// y = max x over the places that a window sees, for each channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MaxPool(Pooling);

impl Operation for MaxPool {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        self.0.output_shape(inputs.get(0).shape)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let x = step.inputs.get(0);
        self.0.known(x.shape).max(x.data, step.output, step.team);
    }

    /// The first of the largest numbers gets the window's gradient.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let Some(dx) = gradients.get(0) else { return };
        let x = step.inputs.get(0);
        self.0.known(x.shape).max_gradient(x.data, step.output.data, step.output_gradient, dx, step.team);
    }
}

impl<'t> Var<'t> {
    /// The largest number of each window, channel by channel. NaN stays NaN.
    ///
    /// # Shapes
    ///
    /// x `[batch, …, channels]` with one to three axes in the middle, result `[batch, …, channels]`.
    ///
    /// # Panics
    ///
    /// The windows do not fit.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Mode, Pooling, Tape, Weights, Workspace};
    ///
    /// let weights = Weights::default();
    /// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    /// let x = tape.input_with([1, 4, 1], |x| x.copy_from_slice(&[3.0, 1.0, 2.0, 5.0]));
    /// assert_eq!(x.max_pool(Pooling::new(&[2])).with_value(|y| y.data.to_vec()), [3.0, 5.0]);
    /// assert_eq!(x.average_pool(Pooling::new(&[2])).with_value(|y| y.data.to_vec()), [2.0, 3.5]);
    /// ```
    #[track_caller]
    pub fn max_pool(self, pooling: Pooling) -> Var<'t> {
        self.tape.operate(MaxPool(pooling), &[self])
    }
}
