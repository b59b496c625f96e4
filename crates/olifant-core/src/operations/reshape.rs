//! The same numbers under another shape.

use crate::{
    Operation, Shape, ShapeError, Var,
    operation::{BackwardStep, ForwardStep, InputGradients, Inputs},
};

/// y = x, element by element in row-major order, with another shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reshape {
    shape: Shape,
}

impl Operation for Reshape {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let from = inputs.get(0).shape;
        if from.size() == self.shape.size() {
            Ok(self.shape)
        } else {
            Err(ShapeError::Reshape { from, to: self.shape })
        }
    }

    fn forward(&self, step: ForwardStep<'_>) {
        step.output.copy_from_slice(step.inputs.get(0).data);
    }

    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        if let Some(mut dx) = gradients.get(0) {
            dx.write_from(step.output_gradient.iter().copied());
        }
    }
}

impl<'t> Var<'t> {
    /// The same numbers, row by row, under another shape.
    ///
    /// # Panics
    ///
    /// The shape has another number of elements.
    #[track_caller]
    pub fn reshape(self, shape: impl Into<Shape>) -> Var<'t> {
        self.tape.operate(Reshape { shape: shape.into() }, &[self])
    }

    /// All axes but the first made one.
    ///
    /// # Shapes
    ///
    /// Input `[batch, …]`, result `[batch, features]`.
    ///
    /// # Panics
    ///
    /// The value is a scalar.
    #[track_caller]
    pub fn flatten(self) -> Var<'t> {
        let shape = self.shape();
        assert!(shape.rank() > 0, "a scalar cannot be flattened: it has no batch axis");
        self.reshape([shape[0], shape.without_batch().size()])
    }
}
