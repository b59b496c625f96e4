//! Each number replaced by the number of something, as an operation.

use std::{fmt, sync::Arc};

use olifant_core::{
    BackwardStep, Float, ForwardStep, InputGradients, Inputs, Operation, Shape, ShapeError, Var,
};

/// y = f(x) for each number, without a gradient: f jumps.
pub(super) struct Numbering<F> {
    name: &'static str,
    function: F,
}

/// What a number costs, counted in additions.
const COST: usize = 20;

impl<F: Fn(Float) -> Float + Send + Sync + 'static> Numbering<F> {
    /// The operation of this function, to be kept by a layer.
    pub(super) fn operation(name: &'static str, function: F) -> Arc<dyn Operation> {
        Arc::new(Numbering { name, function })
    }
}

/// Records the operation, if the layer was built.
pub(super) fn apply<'t>(operation: Option<&Arc<dyn Operation>>, x: Var<'t>) -> Var<'t> {
    operation.map_or(x, |operation| x.tape().apply(operation, &[x]))
}

impl<F> fmt::Debug for Numbering<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<F: Fn(Float) -> Float + Send + Sync> Operation for Numbering<F> {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        Ok(inputs.get(0).shape)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let x = step.inputs.get(0).data;
        step.team.for_each_rows(step.output, 1, COST, &|first, y: &mut [Float]| {
            y.iter_mut().zip(&x[first..]).for_each(|(y, &x)| *y = (self.function)(x));
        });
    }

    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let _ = step;
        if let Some(mut dx) = gradients.get(0) {
            dx.accumulator();
        }
    }
}
