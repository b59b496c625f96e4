//! The gated recurrent unit, all time steps in one operation.

use std::ops::Range;

use crate::{
    Float, Var,
    kernels::matmul::{Epilogue, Matrix, Packed, Target},
    operations::recurrent::{
        BackwardBlock, Cell, Factor, ForwardBlock, Recurrent, RecurrentActivation, RecurrentOptions,
        RecurrentResult, RecurrentWeights, RowStep,
    },
};

/// With the gates z and r: h ← z h + (1 − z) n, where the new state n is one of two.
///
/// - reset after the product: n = a(x·Kₙ + r (h·Rₙ + bₙ)); `kept` is h·Rₙ + bₙ
/// - reset before it: n = a(x·Kₙ + (r h)·Rₙ); `kept` is r h
///
/// z, r and n replace their pre-activations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GruCell {
    activation: RecurrentActivation,
    recurrent_activation: RecurrentActivation,
    reset_after: bool,
}

/// A GRU over all time steps.
pub(crate) type Gru = Recurrent<GruCell>;

impl Cell for GruCell {
    const NAME: &'static str = "gru";
    const GATES: usize = 3;
    const STATES: usize = 1;
    const KEPT: usize = 1;

    fn bias_rows(&self) -> usize {
        if self.reset_after { 2 } else { 1 }
    }

    fn has_recurrent_gradients(&self) -> bool {
        self.reset_after
    }

    /// The gates and the new state are two products.
    fn pack(&self, kernel: Matrix<'_>, units: usize, packed: &mut [Packed; 2]) {
        packed[0].pack(kernel, 0..units, 0..2 * units);
        packed[1].pack(kernel, 0..units, 2 * units..3 * units);
    }

    fn pack_back(&self, kernel: Matrix<'_>, units: usize, packed: &mut [Packed; 2]) {
        if self.reset_after {
            return packed[0].pack(kernel.transposed(), 0..3 * units, 0..units);
        }
        packed[0].pack(kernel.transposed(), 0..2 * units, 0..units);
        packed[1].pack(kernel.transposed(), 2 * units..3 * units, 0..units);
    }

    #[inline(always)]
    fn multiply(&self, block: &mut ForwardBlock<'_>) {
        block.add_product(0, Self::GATES, 0);
        let (rows, units) = (block.rows, block.units);
        if self.reset_after {
            let bias = block.recurrent_bias.map(|bias| &bias[2 * units..]);
            let epilogue = bias.map_or(Epilogue::Assign, Epilogue::Bias);
            let hidden = Matrix::new(block.hidden, rows, units);
            let kept = Target { data: block.kept, stride: units, first: 0 };
            return block.packed[1].multiply(hidden, 0, kept, epilogue);
        }
        self.reset(block);
        let kept = Matrix::new(block.kept, rows, units);
        let gates = Target { data: block.gates, stride: Self::GATES * units, first: 2 * units };
        block.packed[1].multiply(kept, 0, gates, Epilogue::Add);
    }

    #[inline(always)]
    fn advance(&self, gates: &mut [Float], kept: &mut [Float], h: &mut [Float]) {
        let units = kept.len();
        let (sigmoids, n) = gates.split_at_mut(2 * units);
        if self.reset_after {
            self.recurrent_activation.apply(sigmoids);
            n.iter_mut().zip(&sigmoids[units..]).zip(&*kept).for_each(|((n, r), kept)| *n += r * kept);
        }
        self.activation.apply(n);
        h.iter_mut().zip(&*sigmoids).zip(&*n).for_each(|((h, z), n)| *h = z * *h + (1.0 - z) * n);
    }

    /// dn = dh (1 − z), dz = dh (h₋₁ − n); past the recurrent kernel, dh₋₁ = dh z.
    #[inline(always)]
    fn retreat(&self, step: RowStep<'_>, dh: &mut [Float], gates: &mut [Float], recurrent: &mut [Float]) {
        let units = dh.len();
        let (z, rest) = step.gates.split_at(units);
        let (r, n) = rest.split_at(units);
        let (dz, rest) = gates.split_at_mut(units);
        let (dr, dn) = rest.split_at_mut(units);
        dn.iter_mut().zip(&*dh).zip(z).for_each(|((dn, dh), z)| *dn = dh * (1.0 - z));
        self.activation.multiply_slopes(dn, n);
        let terms = dh.iter().zip(step.hidden).zip(n);
        dz.iter_mut().zip(terms).for_each(|(dz, ((dh, h), n))| *dz = dh * (h - n));
        self.recurrent_activation.multiply_slopes(dz, z);
        dh.iter_mut().zip(z).for_each(|(dh, z)| *dh *= z);
        if self.reset_after {
            dr.iter_mut().zip(&*dn).zip(step.kept).for_each(|((dr, dn), kept)| *dr = dn * kept);
            self.recurrent_activation.multiply_slopes(dr, r);
            let (same, kept) = recurrent.split_at_mut(2 * units);
            kept.iter_mut().zip(&*dn).zip(r).for_each(|((kept, dn), r)| *kept = dn * r);
            same.copy_from_slice(&gates[..2 * units]);
        } else {
            // Of the first step nothing is sent back: its h is zero.
            dr.fill(0.0);
        }
    }

    #[inline(always)]
    fn multiply_back(&self, block: &mut BackwardBlock<'_>) {
        if self.reset_after {
            return block.send_through(0, Self::GATES, 0, Epilogue::Assign);
        }
        block.send_through(1, Self::GATES, 2 * block.units, Epilogue::Assign);
        self.reset_back(block);
        block.send_through(0, Self::GATES, 0, Epilogue::Add);
    }

    fn kernel_gradient(&self, units: usize) -> [(Factor, Range<usize>); 2] {
        if self.reset_after {
            return [(Factor::Hidden, 0..3 * units), (Factor::Hidden, 0..0)];
        }
        [(Factor::Hidden, 0..2 * units), (Factor::Kept, 2 * units..3 * units)]
    }
}

impl GruCell {
    /// Computes the gates z and r, and keeps r h.
    #[inline(always)]
    fn reset(&self, block: &mut ForwardBlock<'_>) {
        let units = block.units;
        for row in 0..block.rows {
            let gates = &mut block.gates[row * 3 * units..][..2 * units];
            self.recurrent_activation.apply(gates);
            let terms = block.hidden[row * units..][..units].iter().zip(&gates[units..]);
            let kept = &mut block.kept[row * units..][..units];
            kept.iter_mut().zip(terms).for_each(|(kept, (h, r))| *kept = r * h);
        }
    }

    /// The inflow is ∂loss/∂(r h): gives dr its part, and leaves that of h.
    ///
    /// In masked steps it is zero, and so are both parts.
    #[inline(always)]
    fn reset_back(&self, block: &mut BackwardBlock<'_>) {
        let units = block.units;
        for row in 0..block.rows {
            let r = &block.kept.gates[(row * 3 + 1) * units..][..units];
            let hidden = if block.kept.dropped.is_empty() { block.kept.hidden } else { block.kept.dropped };
            let hidden = &hidden[row * units..][..units];
            let dr = &mut block.gates[(row * 3 + 1) * units..][..units];
            let inflow = &mut block.inflow[row * units..][..units];
            dr.iter_mut().zip(&*inflow).zip(hidden).for_each(|((dr, inflow), h)| *dr = inflow * h);
            self.recurrent_activation.multiply_slopes(dr, r);
            inflow.iter_mut().zip(r).for_each(|(inflow, r)| *inflow *= r);
        }
    }
}

impl<'t> Var<'t> {
    /// A gated recurrent unit (Cho and others 2014) over the time steps of x.
    ///
    /// With the gates z = σ(x·K_z + h·R_z + b_z) and r likewise, each step computes h ← z h + (1 − z) n, its output, where
    /// n = tanh(x·Kₙ + bₙ + r (h·Rₙ + b′ₙ)) if `reset_after`, else n = tanh(x·Kₙ + bₙ + (r h)·Rₙ).
    ///
    /// # Shapes
    ///
    /// x `[batch, time, features]`, kernel K `[features, 3 · units]`, recurrent kernel R `[units, 3 · units]`, columns z, r, n;
    /// bias `[2, 3 · units]` if `reset_after`, first what is added to x·K, then to h·R; else `[3 · units]`.
    /// The state is h, `[batch, units]`.
    ///
    /// # Panics
    ///
    /// The shapes do not fit.
    #[track_caller]
    pub fn gru(
        self,
        weights: RecurrentWeights<'t>,
        reset_after: bool,
        options: RecurrentOptions<'_, 't>,
    ) -> RecurrentResult<'t> {
        let RecurrentOptions { activation, recurrent_activation, .. } = options;
        Recurrent::record(GruCell { activation, recurrent_activation, reset_after }, self, weights, options)
    }
}
