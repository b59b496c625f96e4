//! Axes in another order.

use crate::{
    Axes, Float, Operation, Shape, ShapeError, Var,
    axes::resolve,
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
    shape::MAX_RANK,
};

/// y with yᵢ₀ᵢ₁… = x with its axes in another order: axis k of the result is axis `axes[k]` of x.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transpose {
    axes: Axes,
}

impl Transpose {
    /// Which axis of x each axis of the result is.
    fn order(&self, shape: Shape) -> Result<[usize; MAX_RANK], ShapeError> {
        let rank = shape.rank();
        let mut order = [0; MAX_RANK];
        match self.axes {
            Axes::All => (0..rank).for_each(|axis| order[axis] = rank - 1 - axis),
            Axes::These { list, count } => {
                let mut seen = [false; MAX_RANK];
                for (place, &axis) in list[..count].iter().enumerate() {
                    order[place] = resolve(axis, shape)?;
                    seen[order[place]] = true;
                }
                if count != rank || seen[..rank].contains(&false) {
                    let axes = &list[..count];
                    return Err(ShapeError::Mismatch(format!(
                        "transpose: axes {axes:?} do not name each of the {rank} axes of shape {shape} once"
                    )));
                }
            }
        }
        Ok(order)
    }

    /// Calls `visit(position in the result, position in x, step in x, length)` for each row of the result.
    #[inline(always)]
    fn for_each_row(&self, shape: Shape, mut visit: impl FnMut(usize, usize, usize, usize)) {
        let order = self.order(shape).expect("the axes were checked when the shape of the output was");
        let strides = shape.strides();
        let mut axes = [(1, 0); MAX_RANK + 1];
        for (place, &axis) in order[..shape.rank()].iter().enumerate() {
            axes[place + 1] = (shape[axis], strides[axis]);
        }
        let (&mut (row, step), outer) = axes[..=shape.rank()].split_last_mut().expect("there is one at least");
        let mut counters = [0; MAX_RANK];
        let mut from = 0;
        for to in (0..shape.size()).step_by(row.max(1)) {
            visit(to, from, step, row);
            for (counter, &mut (size, step)) in counters.iter_mut().zip(outer.iter_mut().rev()) {
                *counter += 1;
                from += step;
                if *counter < size {
                    break;
                }
                *counter = 0;
                from -= size * step;
            }
        }
    }
}

impl Operation for Transpose {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let shape = inputs.get(0).shape;
        let order = self.order(shape)?;
        let mut output = Shape::SCALAR;
        order[..shape.rank()].iter().for_each(|&axis| output.push(shape[axis]));
        Ok(output)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let x = step.inputs.get(0);
        self.for_each_row(x.shape, |to, from, stride, len| {
            let y = &mut step.output[to..to + len];
            if stride == 1 {
                return y.copy_from_slice(&x.data[from..from + len]);
            }
            y.iter_mut().enumerate().for_each(|(i, y)| *y = x.data[from + i * stride]);
        });
    }

    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let Some(GradientMut { data, add }) = gradients.get(0) else { return };
        self.for_each_row(step.inputs.get(0).shape, |to, from, stride, len| {
            if stride == 1 {
                let data = &mut data[from..from + len];
                return GradientMut { data, add }.write_from(step.output_gradient[to..to + len].iter().copied());
            }
            for (i, dy) in step.output_gradient[to..to + len].iter().enumerate() {
                let dx: &mut Float = &mut data[from + i * stride];
                *dx = if add { *dx + dy } else { *dy };
            }
        });
    }
}

impl<'t> Var<'t> {
    /// The axes in another order: axis k of the result is axis `axes[k]` of this value.
    ///
    /// [`Axes::All`] reverses them. A product with a transposed matrix needs no transposition:
    /// see [`matmul_transposed`](Var::matmul_transposed).
    ///
    /// # Panics
    ///
    /// `axes` does not name every axis once.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Mode, Shape, Tape, Weights, Workspace};
    ///
    /// let weights = Weights::default();
    /// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    /// let images = tape.input_with([8, 28, 30, 3], |x| x.fill(0.0));
    /// assert_eq!(images.transpose([0, 3, 1, 2]).shape(), Shape::from([8, 3, 28, 30]));
    /// ```
    #[track_caller]
    pub fn transpose(self, axes: impl Into<Axes>) -> Var<'t> {
        self.tape.operate(Transpose { axes: axes.into() }, &[self])
    }
}
