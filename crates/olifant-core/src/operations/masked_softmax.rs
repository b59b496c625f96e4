//! The softmax of attention: scores are scaled, and some do not count.

use crate::{
    Float, Operation, Shape, ShapeError, Var,
    kernels::{dispatch::vectorised, functions, lanes},
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
};

/// yᵢ = e^(s·xᵢ) / Σⱼ e^(s·xⱼ) along the last axis, over those that count; the others are 0.
///
/// Inputs are scores `[batch, heads, queries, keys]` and perhaps a mask `[batch, queries or 1, keys]` of 1 and 0.
/// If `causal`, a query counts keys up to its own position only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MaskedSoftmax {
    scale: Float,
    causal: bool,
    if_none_counts: IfNoneCounts,
}

/// What a row of scores becomes if none of them counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IfNoneCounts {
    /// All are equal, as if all scores were the same.
    Equal,
    /// All are 0.
    Zero,
}

/// What an element costs, counted in additions.
const COST: usize = 24;

/// Which scores of a row count.
#[derive(Clone, Copy)]
struct Counted<'a> {
    mask: Option<&'a [Float]>,
    /// How many at most.
    limit: usize,
}

impl Counted<'_> {
    #[inline(always)]
    fn any(&self) -> bool {
        self.mask.map_or(self.limit > 0, |mask| mask[..self.limit].iter().any(|&counts| counts != 0.0))
    }
}

impl MaskedSoftmax {
    /// Which scores of a row count; rows are numbered through batch, heads and queries.
    #[inline(always)]
    fn counted<'a>(&self, inputs: &Inputs<'a>, row: usize) -> Counted<'a> {
        let shape = inputs.get(0).shape;
        let (heads, queries, keys) = (shape[1], shape[2], shape[3]);
        let (sample, query) = (row / queries / heads, row % queries);
        let mask = (inputs.len() > 1).then(|| inputs.get(1)).map(|mask| {
            let rows = mask.shape[1];
            &mask.data[(sample * rows + query % rows) * keys..][..keys]
        });
        Counted { mask, limit: if self.causal { keys.min(query + 1) } else { keys } }
    }

    /// Writes one row.
    #[inline(always)]
    fn write_row(&self, counted: Counted<'_>, x: &[Float], y: &mut [Float]) {
        if !counted.any() {
            let value = if self.if_none_counts == IfNoneCounts::Equal { 1.0 / x.len() as Float } else { 0.0 };
            return y.fill(value);
        }
        let (y, rest) = y.split_at_mut(counted.limit);
        rest.fill(0.0);
        match counted.mask {
            None => y.iter_mut().zip(x).for_each(|(y, x)| *y = self.scale * x),
            Some(mask) => {
                let terms = y.iter_mut().zip(x).zip(mask);
                terms.for_each(|((y, x), &counts)| {
                    *y = if counts != 0.0 { self.scale * x } else { Float::NEG_INFINITY };
                });
            }
        }
        let max = lanes::fold(y, Float::NEG_INFINITY, Float::max);
        y.iter_mut().for_each(|y| *y = functions::exp(*y - max));
        let share = 1.0 / lanes::sum(y);
        y.iter_mut().for_each(|y| *y *= share);
    }
}

impl Operation for MaskedSoftmax {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let shape = inputs.get(0).shape;
        let &[batch, _, queries, keys] = shape.axes() else {
            return Err(ShapeError::Mismatch(format!(
                "masked softmax needs scores [batch, heads, queries, keys], but was given shape {shape}"
            )));
        };
        if inputs.len() > 1 {
            let mask = inputs.get(1).shape;
            if mask.axes() != [batch, queries, keys] && mask.axes() != [batch, 1, keys] {
                return Err(ShapeError::Mismatch(format!("a mask of shape {mask} does not fit scores of shape {shape}")));
            }
        }
        Ok(shape)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let (x, inputs) = (step.inputs.get(0), step.inputs);
        let keys = x.row_len();
        step.team.for_each_rows(step.output, keys, keys * COST, &|first, y: &mut [Float]| {
            vectorised(
                #[inline(always)]
                || {
                    for (row, (y, x)) in (first..).zip(y.chunks_exact_mut(keys).zip(x.rows().skip(first))) {
                        self.write_row(self.counted(&inputs, row), x, y);
                    }
                },
            );
        });
    }

    /// ∂L/∂xᵢ = s · yᵢ (∂L/∂yᵢ − Σⱼ yⱼ ∂L/∂yⱼ); nothing comes back from a row of which none counts.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let Some(GradientMut { data, add }) = gradients.get(0) else { return };
        let (y, dy, inputs) = (step.output, &*step.output_gradient, step.inputs);
        let keys = y.row_len();
        step.team.for_each_rows(data, keys, keys * 2, &|first, dx: &mut [Float]| {
            vectorised(
                #[inline(always)]
                || {
                    let rows = y.rows().zip(dy.chunks_exact(keys)).skip(first);
                    for (row, (data, (y, dy))) in (first..).zip(dx.chunks_exact_mut(keys).zip(rows)) {
                        let scale = if self.counted(&inputs, row).any() { self.scale } else { 0.0 };
                        let mean = lanes::sum_of_pairs(y, dy, |y, dy| y * dy);
                        let terms = y.iter().zip(dy);
                        GradientMut { data, add }.write_from(terms.map(|(y, dy)| scale * y * (dy - mean)));
                    }
                },
            );
        });
    }
}

impl<'t> Var<'t> {
    /// softmax(scale · x) along the last axis, over those scores that count; the others become 0.
    ///
    /// If `causal`, the query at position i counts the keys up to position i only. The mask gets no gradient.
    ///
    /// # Shapes
    ///
    /// Scores and result `[batch, heads, queries, keys]`, mask `[batch, queries, keys]` or `[batch, 1, keys]`.
    ///
    /// # Panics
    ///
    /// The shapes do not fit.
    #[track_caller]
    pub fn masked_softmax(
        self,
        scale: Float,
        mask: Option<Var<'t>>,
        causal: bool,
        if_none_counts: IfNoneCounts,
    ) -> Var<'t> {
        let operation = MaskedSoftmax { scale, causal, if_none_counts };
        match mask {
            None => self.tape.operate(operation, &[self]),
            Some(mask) => self.tape.operate(operation, &[self, mask]),
        }
    }
}
