//! The long short-term memory, all time steps in one operation.

use crate::{
    Float, Var,
    operations::recurrent::{
        Cell, Recurrent, RecurrentActivation, RecurrentOptions, RecurrentResult, RecurrentWeights, RowStep,
    },
};

/// With z = x·K + h·R + b, whose columns are the gates i, f, g, o:
/// c ← σ(f) c + σ(i) a(g), h ← σ(o) a(c), where a is the activation and σ the recurrent one.
///
/// The gates replace their pre-activations; a(c) is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LstmCell {
    activation: RecurrentActivation,
    recurrent_activation: RecurrentActivation,
}

/// An LSTM over all time steps.
pub(crate) type Lstm = Recurrent<LstmCell>;

impl Cell for LstmCell {
    const NAME: &'static str = "lstm";
    const GATES: usize = 4;
    const STATES: usize = 2;
    const KEPT: usize = 1;

    #[inline(always)]
    fn advance(&self, gates: &mut [Float], kept: &mut [Float], states: &mut [Float]) {
        let units = kept.len();
        let (sigmoids, rest) = gates.split_at_mut(2 * units);
        let (g, o) = rest.split_at_mut(units);
        self.recurrent_activation.apply(sigmoids);
        self.activation.apply(g);
        self.recurrent_activation.apply(o);
        let (i, f) = sigmoids.split_at(units);
        let (h, c) = states.split_at_mut(units);
        let terms = i.iter().zip(f).zip(&*g);
        c.iter_mut().zip(kept.iter_mut()).zip(terms).for_each(|((c, kept), ((i, f), g))| {
            *c = f * *c + i * g;
            *kept = *c;
        });
        self.activation.apply(kept);
        h.iter_mut().zip(&*o).zip(&*kept).for_each(|((h, o), kept)| *h = o * kept);
    }

    /// dc += dh o a′, do = dh a(c), di = dc g, dg = dc i, df = dc c₋₁; then dc₋₁ = dc f.
    #[inline(always)]
    fn retreat(&self, step: RowStep<'_>, states: &mut [Float], gates: &mut [Float], _: &mut [Float]) {
        let units = step.kept.len();
        let (i, rest) = step.gates.split_at(units);
        let (f, rest) = rest.split_at(units);
        let (g, o) = rest.split_at(units);
        let (dh, dc) = states.split_at_mut(units);
        let (di, rest) = gates.split_at_mut(units);
        let (df, rest) = rest.split_at_mut(units);
        let (dg, d_o) = rest.split_at_mut(units);
        d_o.iter_mut().zip(&*dh).zip(step.kept).for_each(|((d_o, dh), kept)| *d_o = dh * kept);
        dh.iter_mut().zip(o).for_each(|(dh, o)| *dh *= o);
        self.activation.multiply_slopes(dh, step.kept);
        dc.iter_mut().zip(&*dh).for_each(|(dc, dh)| *dc += dh);
        dh.fill(0.0);
        di.iter_mut().zip(&*dc).zip(g).for_each(|((di, dc), g)| *di = dc * g);
        df.iter_mut().zip(&*dc).zip(step.second).for_each(|((df, dc), before)| *df = dc * before);
        dg.iter_mut().zip(&*dc).zip(i).for_each(|((dg, dc), i)| *dg = dc * i);
        dc.iter_mut().zip(f).for_each(|(dc, f)| *dc *= f);
        self.recurrent_activation.multiply_slopes(&mut gates[..2 * units], &step.gates[..2 * units]);
        self.activation.multiply_slopes(&mut gates[2 * units..3 * units], g);
        self.recurrent_activation.multiply_slopes(&mut gates[3 * units..], o);
    }
}

impl<'t> Var<'t> {
    /// A long short-term memory (Hochreiter and Schmidhuber 1997) over the time steps of x.
    ///
    /// With z = x·K + h·R + b, whose columns are the gates i, f, g, o, each step computes
    /// c ← σ(f) c + σ(i) tanh(g) and h ← σ(o) tanh(c); h is its output.
    ///
    /// # Shapes
    ///
    /// x `[batch, time, features]`, kernel K `[features, 4 · units]`, recurrent kernel R `[units, 4 · units]`, bias `[4 · units]`;
    /// the states are h and c, `[batch, units]` each.
    ///
    /// # Panics
    ///
    /// The shapes do not fit.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Mode, RecurrentOptions, RecurrentWeights, Shape, Tape, Weights, Workspace};
    ///
    /// let mut weights = Weights::default();
    /// let kernel = weights.add("kernel", [3, 4 * 5], true);
    /// let recurrent_kernel = weights.add("recurrent_kernel", [5, 4 * 5], true);
    ///
    /// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    /// let x = tape.input_with([2, 7, 3], |x| x.fill(1.0));
    /// let weights = RecurrentWeights {
    ///     kernel: tape.weight(kernel),
    ///     recurrent_kernel: tape.weight(recurrent_kernel),
    ///     bias: None,
    /// };
    /// let options = RecurrentOptions { return_sequences: true, return_state: true, ..Default::default() };
    /// let result = x.lstm(weights, options);
    /// assert_eq!(result.output.shape(), Shape::from([2, 7, 5]));
    /// assert_eq!(result.states.map(|state| state.unwrap().shape()), [Shape::from([2, 5]); 2]);
    /// ```
    #[track_caller]
    pub fn lstm(self, weights: RecurrentWeights<'t>, options: RecurrentOptions<'_, 't>) -> RecurrentResult<'t> {
        let RecurrentOptions { activation, recurrent_activation, .. } = options;
        Recurrent::record(LstmCell { activation, recurrent_activation }, self, weights, options)
    }
}
