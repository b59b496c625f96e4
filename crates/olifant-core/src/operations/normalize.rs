//! Batch and group normalization: channels with mean and variance of their own, or given ones.

use crate::{
    Float, Operation, Shape, ShapeError, Var,
    kernels::{dispatch::vectorised, row_blocks::RowBlocks, team::Team},
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
    operations::moments::Moments,
    tensor::TensorView,
};

/// y = γ · x̂ + β with x̂ = (x − mean) / √(variance + ε), channel by channel.
///
/// Inputs are x `[samples, rows, channels]`, the moments `[2, samples, channels]`, and those of γ, β and a mask that are there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Normalize {
    epsilon: Float,
    /// Whose moments they are.
    moments: Origin,
    scale: bool,
    center: bool,
    masked: bool,
}

/// Where the moments come from.
#[derive(Clone, Copy, Debug)]
enum Origin {
    /// They are constants.
    Given,
    /// They are those of x itself, over so many groups of channels, and change with it.
    Own { groups: usize },
}

/// What an element costs, counted in additions.
const COST: usize = 2;

/// x and what belongs to it, as the loops need them.
#[derive(Clone, Copy)]
struct Operands<'a> {
    x: &'a [Float],
    samples: usize,
    rows: usize,
    channels: usize,
    means: &'a [Float],
    variances: &'a [Float],
    gamma: Option<&'a [Float]>,
    beta: Option<&'a [Float]>,
    mask: Option<&'a [Float]>,
}

impl Normalize {
    /// Where γ, β and the mask stand among the inputs.
    fn places(&self) -> [Option<usize>; 3] {
        let (scale, center) = (usize::from(self.scale), usize::from(self.center));
        [
            self.scale.then_some(2),
            self.center.then_some(2 + scale),
            self.masked.then_some(2 + scale + center),
        ]
    }

    fn operands<'a>(&self, inputs: &Inputs<'a>) -> Operands<'a> {
        let (TensorView { data: x, shape }, moments) = (inputs.get(0), inputs.get(1).data);
        let (means, variances) = moments.split_at(moments.len() / 2);
        let [gamma, beta, mask] = self.places().map(|place| place.map(|place| inputs.get(place).data));
        let (samples, rows, channels) = (shape[0], shape[1], shape[2]);
        Operands { x, samples, rows, channels, means, variances, gamma, beta, mask }
    }

    /// Adds Σ dy and Σ dy·x̂ of each sample and channel into `sums`, which begin with `[samples, 2 · channels]` for them.
    fn sum_gradients(&self, operands: &Operands<'_>, cache: &[Float], dy: &[Float], sums: &mut [Float], team: &Team) {
        let Operands { x, samples, rows, channels, .. } = *operands;
        let blocks = RowBlocks::new(samples, rows, channels);
        let (totals, parts) = sums.split_at_mut(2 * channels * samples);
        let cost = blocks.rows_of_block().min(rows) * channels * COST;
        team.for_each_rows(parts, 2 * channels, cost, &|first, parts: &mut [Float]| {
            for (block, part) in (first..).zip(parts.chunks_exact_mut(2 * channels)) {
                let range = blocks.range(block);
                let factors = Factors::of(cache, range.start / rows, channels);
                let range = range.start * channels..range.end * channels;
                let rows = x[range.clone()].chunks_exact(channels).zip(dy[range].chunks_exact(channels));
                vectorised(
                    #[inline(always)]
                    || sum_block(rows, factors, part),
                );
            }
        });
        totals.fill(0.0);
        for (block, part) in parts.chunks_exact(2 * channels).enumerate() {
            let sample = block / blocks.of_sample();
            let total = &mut totals[sample * 2 * channels..][..2 * channels];
            total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
        }
    }

    /// Turns Σ dy and Σ dy·x̂ into what is taken from each dx: `a + b · (x − mean)`.
    ///
    /// With the n elements of a group that count: a = Σ γ·dy · r/n, b = Σ γ·dy·x̂ · r²/n, where r = 1/√(variance + ε).
    fn corrections(&self, operands: &Operands<'_>, cache: &[Float], sums: &mut [Float], groups: usize) {
        let Operands { samples, rows, channels, gamma, mask, .. } = *operands;
        let channels_of_group = channels / groups;
        for sample in 0..samples {
            let counted = match mask {
                None => rows,
                Some(mask) => mask[sample * rows..][..rows].iter().filter(|&&counts| counts != 0.0).count(),
            };
            let share = 1.0 / (counted * channels_of_group).max(1) as Float;
            let inverse = Factors::of(cache, sample, channels).inverse;
            let (a, b) = sums[sample * 2 * channels..][..2 * channels].split_at_mut(channels);
            for first in (0..channels).step_by(channels_of_group) {
                let group = first..first + channels_of_group;
                let (a, b) = (&mut a[group.clone()], &mut b[group.clone()]);
                let weighted = |sums: &[Float]| match gamma {
                    None => sums.iter().sum::<Float>(),
                    Some(gamma) => sums.iter().zip(&gamma[group.clone()]).map(|(sum, gamma)| sum * gamma).sum(),
                };
                let (total_a, total_b) = (weighted(a) * share, weighted(b) * share);
                let inverse = inverse[group.clone()].iter();
                for ((a, b), inverse) in a.iter_mut().zip(b).zip(inverse) {
                    (*a, *b) = (total_a * inverse, total_b * inverse * inverse);
                }
            }
        }
    }
}

impl Operands<'_> {
    /// dx = γ·r·dy − a − b · (x − mean) for the rows from `first` on; nothing is taken from rows that did not count.
    #[inline(always)]
    fn send_rows_back(
        &self,
        first: usize,
        cache: &[Float],
        dy: &[Float],
        corrections: &[Float],
        dx: GradientMut<'_>,
    ) {
        let channels = self.channels;
        let from = first * channels;
        let inputs = self.x[from..].chunks_exact(channels).zip(dy[from..].chunks_exact(channels));
        for (row, (data, (x, dy))) in (first..).zip(dx.data.chunks_exact_mut(channels).zip(inputs)) {
            let sample = row / self.rows;
            let Factors { means, factors, .. } = Factors::of(cache, sample, channels);
            let mut dx = GradientMut { data, add: dx.add };
            if self.mask.is_some_and(|mask| mask[row] == 0.0) {
                dx.write_from(dy.iter().zip(factors).map(|(dy, factor)| factor * dy));
                continue;
            }
            let (a, b) = corrections[sample * 2 * channels..][..2 * channels].split_at(channels);
            let terms = x.iter().zip(dy).zip(means.iter().zip(factors)).zip(a.iter().zip(b));
            dx.write_from(
                terms.map(|(((x, dy), (mean, factor)), (a, b))| factor * dy - a - b * (x - mean)),
            );
        }
    }
}

/// Σ dy and Σ dy·x̂ of some rows.
#[inline(always)]
fn sum_block<'a>(rows: impl Iterator<Item = (&'a [Float], &'a [Float])>, factors: Factors<'_>, part: &mut [Float]) {
    part.fill(0.0);
    let (plain, scaled) = part.split_at_mut(factors.means.len());
    for (x, dy) in rows {
        let sums = plain.iter_mut().zip(&mut *scaled);
        for (((plain, scaled), (x, dy)), mean) in sums.zip(x.iter().zip(dy)).zip(factors.means) {
            *plain += dy;
            *scaled += dy * (x - mean);
        }
    }
    scaled.iter_mut().zip(factors.inverse).for_each(|(scaled, inverse)| *scaled *= inverse);
}

/// What a row of one sample is computed with: four rows of the cache.
#[derive(Clone, Copy)]
struct Factors<'a> {
    means: &'a [Float],
    /// r = 1/√(variance + ε)
    inverse: &'a [Float],
    /// γ·r
    factors: &'a [Float],
    /// β
    shifts: &'a [Float],
}

impl<'a> Factors<'a> {
    #[inline(always)]
    fn of(cache: &'a [Float], sample: usize, channels: usize) -> Factors<'a> {
        let cache = &cache[sample * 4 * channels..][..4 * channels];
        let ((means, inverse), (factors, shifts)) = {
            let (first, second) = cache.split_at(2 * channels);
            (first.split_at(channels), second.split_at(channels))
        };
        Factors { means, inverse, factors, shifts }
    }

    fn fill(operands: &Operands<'_>, epsilon: Float, cache: &mut [Float]) {
        let Operands { channels, means, variances, gamma, beta, .. } = *operands;
        for (sample, cache) in cache.chunks_exact_mut(4 * channels).enumerate() {
            for channel in 0..channels {
                let place = sample * channels + channel;
                let inverse = 1.0 / (variances[place] + epsilon).sqrt();
                cache[channel] = means[place];
                cache[channels + channel] = inverse;
                cache[2 * channels + channel] = gamma.map_or(inverse, |gamma| gamma[channel] * inverse);
                cache[3 * channels + channel] = beta.map_or(0.0, |beta| beta[channel]);
            }
        }
    }
}

impl Operation for Normalize {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let (shape, moments) = (inputs.get(0).shape, inputs.get(1).shape);
        let &[samples, _, channels] = shape.axes() else {
            return Err(ShapeError::Mismatch(format!("normalize needs three axes, but was given shape {shape}")));
        };
        if moments.axes() != [2, samples, channels] {
            return Err(ShapeError::Mismatch(format!("moments of shape {moments} do not fit {channels} channels")));
        }
        let [gamma, beta, _] = self.places();
        for weight in [gamma, beta].into_iter().flatten().map(|place| inputs.get(place).shape) {
            if weight.axes() != [channels] {
                return Err(ShapeError::Mismatch(format!(
                    "normalize: a weight of shape {weight} does not fit {channels} channels"
                )));
            }
        }
        Ok(shape)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let operands = self.operands(&step.inputs);
        let Operands { x, samples, rows, channels, .. } = operands;
        step.cache.resize(samples * 4 * channels, 0.0);
        if step.output.is_empty() {
            return;
        }
        Factors::fill(&operands, self.epsilon, step.cache);
        let cache = &*step.cache;
        step.team.for_each_rows(step.output, channels, channels * COST, &|first, y: &mut [Float]| {
            vectorised(
                #[inline(always)]
                || {
                    let x = x[first * channels..].chunks_exact(channels);
                    for (row, (y, x)) in (first..).zip(y.chunks_exact_mut(channels).zip(x)) {
                        let Factors { means, factors, shifts, .. } = Factors::of(cache, row / rows, channels);
                        let factors = means.iter().zip(factors).zip(shifts);
                        for ((y, x), ((mean, factor), shift)) in y.iter_mut().zip(x).zip(factors) {
                            *y = (x - mean) * factor + shift;
                        }
                    }
                },
            );
        });
    }

    /// dx = r (γ·dy − mean(γ·dy) − x̂ · mean(γ·dy·x̂)), dγ = Σ dy·x̂, dβ = Σ dy.
    ///
    /// The means are over what the moments were taken over. They are not there if the moments were given.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let operands = self.operands(&step.inputs);
        let Operands { samples, rows, channels, .. } = operands;
        let (cache, dy) = (step.cache, &*step.output_gradient);
        let blocks = RowBlocks::new(samples, rows, channels);
        let sums = step.scratch.numbers((samples + blocks.count()) * 2 * channels);
        if dy.is_empty() {
            sums.fill(0.0);
        } else {
            self.sum_gradients(&operands, cache, dy, sums, step.team);
        }
        let [gamma, beta, _] = self.places();
        for (place, start) in [(gamma, channels), (beta, 0)] {
            let Some(mut gradient) = place.and_then(|place| gradients.get(place)) else { continue };
            let totals = gradient.accumulator();
            for sums in sums[..samples * 2 * channels].chunks_exact((2 * channels).max(1)) {
                totals.iter_mut().zip(&sums[start..]).for_each(|(total, sum)| *total += sum);
            }
        }
        let Some(GradientMut { data, add }) = gradients.get(0) else { return };
        match self.moments {
            Origin::Given => sums[..samples * 2 * channels].fill(0.0),
            Origin::Own { groups } => self.corrections(&operands, cache, sums, groups),
        }
        let corrections = &sums[..samples * 2 * channels];
        step.team.for_each_rows(data, channels, channels * 2 * COST, &|first, data: &mut [Float]| {
            let dx = GradientMut { data, add };
            vectorised(
                #[inline(always)]
                || operands.send_rows_back(first, cache, dy, corrections, dx),
            );
        });
    }
}

impl<'t> Var<'t> {
    /// γ · (x − mean) / √(variance + ε) + β for each channel, with mean and biased variance over all other axes.
    ///
    /// Returns the result, and mean and variance of the channels, which are constants for whoever uses them.
    /// If there is a mask, one number for each row of channels, then rows of 0 are normalized, but do not count.
    ///
    /// # Shapes
    ///
    /// x `[…, channels]`; γ, β, mean and variance `[channels]`.
    ///
    /// # Panics
    ///
    /// The shapes do not fit.
    ///
    /// # References
    ///
    /// Ioffe, Szegedy (2015), [Batch Normalization](https://arxiv.org/abs/1502.03167).
    #[track_caller]
    pub fn batch_normalization(
        self,
        gamma: Option<Var<'t>>,
        beta: Option<Var<'t>>,
        epsilon: Float,
        mask: Option<Var<'t>>,
    ) -> (Var<'t>, Var<'t>, Var<'t>) {
        let (shape, channels) = (self.shape(), self.channels());
        let x = self.reshape([1, shape.size() / channels.max(1), channels]);
        let (y, moments) = x.normalize_groups(channels.max(1), gamma, beta, epsilon, mask);
        let moment = |index: usize| moments.slice(0, index..index + 1).reshape([channels]);
        (y.reshape(shape), moment(0), moment(1))
    }

    /// γ · (x − mean) / √(variance + ε) + β for each channel,
    /// with mean and biased variance over the middle axes and the channels of a group, sample by sample.
    ///
    /// # Shapes
    ///
    /// x `[batch, …, channels]`; γ and β `[channels]`.
    ///
    /// # Panics
    ///
    /// The shapes do not fit, or the channels cannot be divided into groups of the same size.
    ///
    /// # References
    ///
    /// Wu, He (2018), [Group Normalization](https://arxiv.org/abs/1803.08494).
    #[track_caller]
    pub fn group_normalization(
        self,
        groups: usize,
        gamma: Option<Var<'t>>,
        beta: Option<Var<'t>>,
        epsilon: Float,
    ) -> Var<'t> {
        let (shape, channels) = (self.shape(), self.channels());
        assert!(shape.rank() > 1, "group normalization needs a batch axis and channels, but was given {shape}");
        let middle = shape.axes()[1..shape.rank() - 1].iter().product();
        let x = self.reshape([shape[0], middle, channels]);
        x.normalize_groups(groups, gamma, beta, epsilon, None).0.reshape(shape)
    }

    /// γ · (x − mean) / √(variance + ε) + β for each channel, with given means and variances, which get no gradient.
    ///
    /// # Shapes
    ///
    /// x `[…, channels]`; everything else `[channels]`.
    ///
    /// # Panics
    ///
    /// The shapes do not fit.
    #[track_caller]
    pub fn normalize(
        self,
        mean: Var<'t>,
        variance: Var<'t>,
        gamma: Option<Var<'t>>,
        beta: Option<Var<'t>>,
        epsilon: Float,
    ) -> Var<'t> {
        let (shape, channels) = (self.shape(), self.channels());
        let moments = Var::concatenate(&[mean, variance], 0);
        let moments = moments.reshape([2, 1, moments.shape().size() / 2]);
        let x = self.reshape([1, shape.size() / channels.max(1), channels]);
        x.normalize_with(moments, Origin::Given, gamma, beta, epsilon, None).reshape(shape)
    }

    /// The last axis.
    #[track_caller]
    fn channels(self) -> usize {
        match self.shape().last_axis() {
            Ok(channels) => channels,
            Err(error) => panic!("normalization: {error}"),
        }
    }

    /// The result and the moments.
    #[track_caller]
    fn normalize_groups(
        self,
        groups: usize,
        gamma: Option<Var<'t>>,
        beta: Option<Var<'t>>,
        epsilon: Float,
        mask: Option<Var<'t>>,
    ) -> (Var<'t>, Var<'t>) {
        let operation = Moments { groups, masked: mask.is_some() };
        let moments = match mask {
            None => self.tape.operate(operation, &[self]),
            Some(mask) => self.tape.operate(operation, &[self, mask]),
        };
        (self.normalize_with(moments, Origin::Own { groups }, gamma, beta, epsilon, mask), moments)
    }

    #[track_caller]
    fn normalize_with(
        self,
        moments: Var<'t>,
        origin: Origin,
        gamma: Option<Var<'t>>,
        beta: Option<Var<'t>>,
        epsilon: Float,
        mask: Option<Var<'t>>,
    ) -> Var<'t> {
        let (scale, center, masked) = (gamma.is_some(), beta.is_some(), mask.is_some());
        let mut inputs = [self, moments, self, self, self];
        let mut count = 2;
        for input in [gamma, beta, mask].into_iter().flatten() {
            inputs[count] = input;
            count += 1;
        }
        self.tape.operate(Normalize { epsilon, moments: origin, scale, center, masked }, &inputs[..count])
    }
}
