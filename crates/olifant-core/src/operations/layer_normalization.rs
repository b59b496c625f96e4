//! Layer and RMS normalization: rows with mean 0 and variance 1, or with a mean square of 1.

use std::ops::Range;

use crate::{
    Float, Operation, Shape, ShapeError, Var,
    kernels::{dispatch::vectorised, lanes, row_blocks::RowBlocks},
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
};

/// y = γ · x̂ + β along the last axis, with x̂ = (x − m) / √(mean of (x − m)² + ε).
///
/// m is the mean of the row, or 0. Inputs are x, and those of γ and β that are there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LayerNormalization {
    epsilon: Float,
    /// Whether m is the mean.
    subtract_mean: bool,
    scale: bool,
    center: bool,
}

/// What an element costs, counted in additions.
const COST: usize = 4;

impl LayerNormalization {
    /// Where γ and β stand among the inputs.
    fn places(&self) -> [Option<usize>; 2] {
        [self.scale.then_some(1), self.center.then_some(1 + usize::from(self.scale))]
    }

    /// m and r = 1/√(mean of (x − m)² + ε) of a row.
    #[inline(always)]
    fn moments(&self, x: &[Float]) -> (Float, Float) {
        let share = 1.0 / x.len() as Float;
        let mean = if self.subtract_mean { lanes::sum(x) * share } else { 0.0 };
        let squares = lanes::sum_of_pairs(x, x, |x, _| (x - mean) * (x - mean));
        (mean, 1.0 / (squares * share + self.epsilon).sqrt())
    }

    /// Writes dx of some rows, and what they add to dγ and dβ; either may be empty.
    #[inline(always)]
    fn send_rows_back(
        &self,
        rows: Range<usize>,
        [x, dy, gamma, cache]: [&[Float]; 4],
        dx: GradientMut<'_>,
        sums: &mut [Float],
    ) {
        let features = gamma.len();
        let mut each_dx = dx.data.chunks_exact_mut(features);
        sums.fill(0.0);
        for row in rows {
            let moments = (cache[2 * row], cache[2 * row + 1]);
            let row = row * features..(row + 1) * features;
            let (x, dy) = (&x[row.clone()], &dy[row]);
            if !sums.is_empty() {
                add_to_sums(moments, x, dy, sums);
            }
            if let Some(data) = each_dx.next() {
                self.send_row_back(moments, [x, dy, gamma], GradientMut { data, add: dx.add });
            }
        }
    }

    /// dx = r (γ·dy − mean(γ·dy) − x̂ · mean(γ·dy·x̂)) of one row; without the first mean if none was subtracted.
    #[inline(always)]
    fn send_row_back(
        &self,
        (mean, inverse): (Float, Float),
        [x, dy, gamma]: [&[Float]; 3],
        mut dx: GradientMut<'_>,
    ) {
        let share = inverse / x.len() as Float;
        let a = match self.subtract_mean {
            true => share * lanes::sum_of_pairs(dy, gamma, |dy, gamma| dy * gamma),
            false => 0.0,
        };
        let b = lanes::sum_of_triples(dy, gamma, x, |dy, gamma, x| dy * gamma * (x - mean));
        let b = share * inverse * inverse * b;
        let terms = x.iter().zip(dy).zip(gamma);
        dx.write_from(terms.map(|((x, dy), gamma)| inverse * gamma * dy - a - b * (x - mean)));
    }
}

/// Writes γ · x̂ + β for one row.
#[inline(always)]
fn write_row(
    (mean, inverse): (Float, Float),
    x: &[Float],
    gamma: Option<&[Float]>,
    beta: Option<&[Float]>,
    y: &mut [Float],
) {
    let terms = y.iter_mut().zip(x.iter().map(|x| (x - mean) * inverse));
    match (gamma, beta) {
        (None, None) => terms.for_each(|(y, x)| *y = x),
        (Some(gamma), None) => terms.zip(gamma).for_each(|((y, x), gamma)| *y = x * gamma),
        (None, Some(beta)) => terms.zip(beta).for_each(|((y, x), beta)| *y = x + beta),
        (Some(gamma), Some(beta)) => {
            let weights = gamma.iter().zip(beta);
            terms.zip(weights).for_each(|((y, x), (gamma, beta))| *y = x * gamma + beta);
        }
    }
}

/// Adds dy·x̂ and dy of one row to the sums of a block.
#[inline(always)]
fn add_to_sums(moments: (Float, Float), x: &[Float], dy: &[Float], sums: &mut [Float]) {
    let (mean, inverse) = moments;
    let (scaled, plain) = sums.split_at_mut(x.len());
    for ((scaled, plain), (x, dy)) in scaled.iter_mut().zip(plain).zip(x.iter().zip(dy)) {
        *scaled += dy * (x - mean) * inverse;
        *plain += dy;
    }
}

impl Operation for LayerNormalization {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let shape = inputs.get(0).shape;
        let features = shape.last_axis()?;
        for weight in self.places().into_iter().flatten().map(|place| inputs.get(place).shape) {
            if weight.axes() != [features] {
                return Err(ShapeError::Mismatch(format!(
                    "layer normalization: a weight of shape {weight} does not fit inputs of shape {shape}"
                )));
            }
        }
        Ok(shape)
    }

    /// The cache holds m and r of each row.
    fn forward(&self, step: ForwardStep<'_>) {
        let x = step.inputs.get(0);
        let features = x.row_len();
        if step.output.is_empty() {
            return;
        }
        let [gamma, beta] = self.places().map(|place| place.map(|place| step.inputs.get(place).data));
        step.cache.resize(step.output.len() / features * 2, 0.0);
        let outputs = [&mut *step.output, &mut step.cache[..]];
        step.team.for_each_rows_of_two(outputs, [features, 2], features * COST, &|first, [y, cache]| {
            vectorised(
                #[inline(always)]
                || {
                    let rows = y.chunks_exact_mut(features).zip(x.data[first * features..].chunks_exact(features));
                    for ((y, x), cache) in rows.zip(cache.chunks_exact_mut(2)) {
                        let moments = self.moments(x);
                        cache.copy_from_slice(&[moments.0, moments.1]);
                        write_row(moments, x, gamma, beta, y);
                    }
                },
            );
        });
    }

    /// Block by block: dx of its rows, and their part of dγ and dβ, while the numbers are in the cache.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let x = step.inputs.get(0);
        let (features, cache, dy) = (x.row_len(), step.cache, &*step.output_gradient);
        let [gamma, beta] = self.places();
        let weights_wanted = [gamma, beta].into_iter().flatten().any(|place| gradients.wanted(place));
        let blocks = RowBlocks::new(1, dy.len() / features.max(1), features);
        let parts = if weights_wanted { blocks.count() } else { 0 };
        let (ones, parts) = step.scratch.numbers(features + parts * 2 * features).split_at_mut(features);
        ones.fill(1.0);
        let factors = gamma.map_or(&*ones, |place| step.inputs.get(place).data);
        let (dx, add) = gradients.get(0).map_or((&mut [][..], false), |dx| (dx.data, dx.add));
        let widths = [blocks.rows_of_block() * features, 2 * features];
        let cost = 2 * COST * widths[0];
        step.team.for_each_rows_of_two([dx, &mut *parts], widths, cost, &|first, [mut dx, mut parts]| {
            for block in first.. {
                if dx.is_empty() && parts.is_empty() {
                    return;
                }
                let rows = blocks.range(block);
                let data = dx.split_off_mut(..rows.len() * features).unwrap_or_default();
                let sums = parts.split_off_mut(..2 * features).unwrap_or_default();
                let dx = GradientMut { data, add };
                vectorised(
                    #[inline(always)]
                    || self.send_rows_back(rows, [x.data, dy, factors, cache], dx, sums),
                );
            }
        });
        for (place, start) in [(gamma, 0), (beta, features)] {
            let Some(mut gradient) = place.and_then(|place| gradients.get(place)) else { continue };
            let totals = gradient.accumulator();
            for sums in parts.chunks_exact((2 * features).max(1)) {
                totals.iter_mut().zip(&sums[start..]).for_each(|(total, sum)| *total += sum);
            }
        }
    }
}

impl<'t> Var<'t> {
    /// γ · (x − mean) / √(variance + ε) + β along the last axis, with mean and biased variance of each row.
    ///
    /// # Shapes
    ///
    /// x `[…, features]`; γ and β `[features]`.
    ///
    /// # Panics
    ///
    /// The shapes do not fit.
    ///
    /// # References
    ///
    /// Ba, Kiros, Hinton (2016), [Layer Normalization](https://arxiv.org/abs/1607.06450).
    #[track_caller]
    pub fn layer_normalization(self, gamma: Option<Var<'t>>, beta: Option<Var<'t>>, epsilon: Float) -> Var<'t> {
        self.normalize_rows(true, gamma, beta, epsilon)
    }

    /// γ · x / √(mean of x² + ε) along the last axis.
    ///
    /// # Shapes
    ///
    /// x `[…, features]`; γ `[features]`.
    ///
    /// # Panics
    ///
    /// The shapes do not fit.
    ///
    /// # References
    ///
    /// Zhang, Sennrich (2019), [Root Mean Square Layer Normalization](https://arxiv.org/abs/1910.07467).
    #[track_caller]
    pub fn rms_normalization(self, gamma: Option<Var<'t>>, epsilon: Float) -> Var<'t> {
        self.normalize_rows(false, gamma, None, epsilon)
    }

    #[track_caller]
    fn normalize_rows(
        self,
        subtract_mean: bool,
        gamma: Option<Var<'t>>,
        beta: Option<Var<'t>>,
        epsilon: Float,
    ) -> Var<'t> {
        let (scale, center) = (gamma.is_some(), beta.is_some());
        let operation = LayerNormalization { epsilon, subtract_mean, scale, center };
        match (gamma, beta) {
            (None, None) => self.tape.operate(operation, &[self]),
            (Some(weight), None) | (None, Some(weight)) => self.tape.operate(operation, &[self, weight]),
            (Some(gamma), Some(beta)) => self.tape.operate(operation, &[self, gamma, beta]),
        }
    }
}
