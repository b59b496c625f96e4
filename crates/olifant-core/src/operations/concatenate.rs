//! Joining values along an axis.

use crate::{
    Operation, Shape, ShapeError, Var, VarList,
    axes::{Around, resolve},
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
};

/// y = all inputs, one behind the other along an axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Concatenate {
    axis: isize,
}

impl Concatenate {
    /// For each input, how long its blocks are and where they start in the blocks of the result.
    fn blocks<'a>(&self, inputs: Inputs<'a>) -> impl Iterator<Item = (usize, usize, usize)> + use<'a> {
        let axis = resolve(self.axis, inputs.get(0).shape).expect("the axis was checked before");
        let mut next = 0;
        (0..inputs.len()).map(move |input| {
            let len = Around::new(inputs.get(input).shape, axis).block();
            next += len;
            (input, next - len, len)
        })
    }

    /// The length of a block of the result.
    fn block(&self, inputs: Inputs<'_>) -> usize {
        self.blocks(inputs).map(|(_, _, len)| len).sum()
    }
}

impl Operation for Concatenate {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let first = inputs.get(0).shape;
        let axis = resolve(self.axis, first)?;
        let mut total = first[axis];
        for input in 1..inputs.len() {
            let shape = inputs.get(input).shape;
            if shape.rank() != first.rank() || shape.with_axis(axis, first[axis]) != first {
                return Err(ShapeError::Mismatch(format!(
                    "concatenate: shapes {first} and {shape} may differ along axis {axis} only"
                )));
            }
            total += shape[axis];
        }
        Ok(first.with_axis(axis, total))
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let block = self.block(step.inputs).max(1);
        for (input, start, len) in self.blocks(step.inputs) {
            let x = step.inputs.get(input).data.chunks_exact(len.max(1));
            for (y, x) in step.output.chunks_exact_mut(block).zip(x) {
                y[start..start + len].copy_from_slice(x);
            }
        }
    }

    /// Each input gets its part of ∂L/∂y.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let block = self.block(step.inputs).max(1);
        for (input, start, len) in self.blocks(step.inputs) {
            let Some(dx) = gradients.get(input) else { continue };
            let dy = step.output_gradient.chunks_exact(block);
            for (data, dy) in dx.data.chunks_exact_mut(len.max(1)).zip(dy) {
                GradientMut { data, add: dx.add }.write_from(dy[start..start + len].iter().copied());
            }
        }
    }
}

impl<'t> Var<'t> {
    /// All values, one behind the other along an axis; negative axes count from the last.
    ///
    /// # Panics
    ///
    /// There is no value, or the shapes differ along another axis.
    #[track_caller]
    pub fn concatenate(values: &[Var<'t>], axis: isize) -> Var<'t> {
        let Some(first) = values.first() else { panic!("concatenate needs at least one value") };
        first.tape.operate(Concatenate { axis }, values)
    }
}

impl<'t> VarList<'t> {
    /// As [`Var::concatenate`].
    ///
    /// # Panics
    ///
    /// There is no value, or the shapes differ along another axis.
    #[track_caller]
    pub fn concatenate(&self, axis: isize) -> Var<'t> {
        assert!(!self.is_empty(), "concatenate needs at least one value");
        self.tape().operate_on_all(Concatenate { axis }, self.iter())
    }
}
