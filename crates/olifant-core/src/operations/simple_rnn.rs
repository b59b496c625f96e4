//! The plain recurrent network, all time steps in one operation.

use crate::{
    Float, Var,
    operations::recurrent::{
        Cell, Recurrent, RecurrentActivation, RecurrentOptions, RecurrentResult, RecurrentWeights, RowStep,
    },
};

/// h ← a(x·K + h·R + b), with the activation a. The output replaces its pre-activation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SimpleRnnCell {
    activation: RecurrentActivation,
}

/// A plain recurrent network over all time steps.
pub(crate) type SimpleRnn = Recurrent<SimpleRnnCell>;

impl Cell for SimpleRnnCell {
    const NAME: &'static str = "simple_rnn";
    const GATES: usize = 1;
    const STATES: usize = 1;
    const KEPT: usize = 0;

    #[inline(always)]
    fn advance(&self, gates: &mut [Float], _: &mut [Float], states: &mut [Float]) {
        self.activation.apply(gates);
        states.copy_from_slice(gates);
    }

    #[inline(always)]
    fn retreat(&self, step: RowStep<'_>, states: &mut [Float], gates: &mut [Float], _: &mut [Float]) {
        gates.copy_from_slice(states);
        self.activation.multiply_slopes(gates, step.gates);
        states.fill(0.0);
    }
}

impl<'t> Var<'t> {
    /// A plain recurrent network over the time steps of x: h ← tanh(x·K + h·R + b), which is the output of each step.
    ///
    /// # Shapes
    ///
    /// x `[batch, time, features]`, kernel K `[features, units]`, recurrent kernel R `[units, units]`, bias `[units]`;
    /// the state is h, `[batch, units]`. There is no gate for `recurrent_activation`.
    ///
    /// # Panics
    ///
    /// The shapes do not fit.
    #[track_caller]
    pub fn simple_rnn(
        self,
        weights: RecurrentWeights<'t>,
        options: RecurrentOptions<'_, 't>,
    ) -> RecurrentResult<'t> {
        Recurrent::record(SimpleRnnCell { activation: options.activation }, self, weights, options)
    }
}
