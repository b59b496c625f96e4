//! Choosing between two operands, element by element.

use crate::{
    Operation, Shape, ShapeError, Var,
    kernels::broadcast::Broadcast,
    operation::{BackwardStep, ForwardStep, InputGradients, Inputs},
    var::Operand,
};

/// y = a where the condition is not 0, else b; all three are broadcast to a common shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Select;

impl Operation for Select {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        inputs.get(0).shape.broadcast(&inputs.get(1).shape)?.broadcast(&inputs.get(2).shape)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let [condition, a, b] = [0, 1, 2].map(|input| step.inputs.get(input));
        let shape = self.output_shape(&step.inputs).expect("the shapes were checked before");
        let plan = Broadcast::onto(step.team, condition.shape, b.shape, shape);
        plan.map(condition.data, b.data, step.output, 1, |y, _, b| *y = b);
        let plan = Broadcast::onto(step.team, condition.shape, a.shape, shape);
        plan.map(condition.data, a.data, step.output, 1, |y, condition, a| {
            *y = if condition != 0.0 { a } else { *y };
        });
    }

    /// The gradient goes to the operand that was chosen; the condition gets none.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let [condition, a, b] = [0, 1, 2].map(|input| step.inputs.get(input));
        let dy = &*step.output_gradient;
        if let Some(da) = gradients.get(1) {
            let plan = Broadcast::onto(step.team, a.shape, condition.shape, step.output.shape);
            let term = |dy, _, condition| if condition != 0.0 { dy } else { 0.0 };
            plan.add_to_first(a.data, condition.data, dy, da, 1, term);
        }
        if let Some(db) = gradients.get(2) {
            let plan = Broadcast::onto(step.team, b.shape, condition.shape, step.output.shape);
            let term = |dy, _, condition| if condition != 0.0 { 0.0 } else { dy };
            plan.add_to_first(b.data, condition.data, dy, db, 1, term);
        }
    }
}

impl<'t> Var<'t> {
    /// `a` where this value is not 0, else `b`: Keras's `where`, with this value as the condition.
    ///
    /// All three are broadcast. The condition gets no gradient; one that is NaN is not 0.
    ///
    /// # Panics
    ///
    /// The shapes do not fit together.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Mode, Tape, Tensor, Weights, Workspace};
    /// use ndarray::array;
    ///
    /// let weights = Weights::default();
    /// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    /// let x = tape.input(Tensor::from_array(&array![-2.0, 3.0])?.view());
    /// let leaky = x.greater(0.0).select(x, 0.5 * x);
    /// assert_eq!(leaky.with_value(|y| y.data.to_vec()), [-1.0, 3.0]);
    /// # Ok::<(), olifant_core::ShapeError>(())
    /// ```
    #[doc(alias = "where")]
    #[track_caller]
    pub fn select(self, a: impl Operand<'t>, b: impl Operand<'t>) -> Var<'t> {
        self.tape.operate(Select, &[self, a.on(self.tape), b.on(self.tape)])
    }
}
