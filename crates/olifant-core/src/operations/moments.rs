//! Mean and variance of channels, as normalization needs them.

use crate::{
    Float, Operation, Shape, ShapeError,
    kernels::{dispatch::vectorised, row_blocks::RowBlocks},
    operation::{BackwardStep, ForwardStep, InputGradients, Inputs},
};

/// Mean and biased variance over the rows of each sample and the channels of each group.
///
/// Inputs are x `[samples, rows, channels]` and, if `masked`, a number for each row: rows of 0 do not count.
/// The result is `[2, samples, channels]`: means and variances, the same for all channels of a group.
/// Without a row that counts they are 0.
///
/// The gradient is not sent back from here: [`Normalize`](super::normalize::Normalize) does that together with its own.
///
/// # References
///
/// Chan, Golub, LeVeque (1979), Updating formulae and a pairwise algorithm for computing sample variances.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moments {
    pub(super) groups: usize,
    pub(super) masked: bool,
}

/// What an element costs, counted in additions.
const COST: usize = 3;

/// The moments of some rows, apart or joined.
struct Partial<'a> {
    count: &'a mut Float,
    means: &'a mut [Float],
    /// Σ (x − mean)²
    squares: &'a mut [Float],
}

impl<'a> Partial<'a> {
    /// How many numbers a part takes.
    fn width(channels: usize) -> usize {
        1 + 2 * channels
    }

    fn new(numbers: &'a mut [Float], channels: usize) -> Partial<'a> {
        let (count, moments) = numbers.split_first_mut().expect("a part begins with its count");
        let (means, squares) = moments.split_at_mut(channels);
        Partial { count, means, squares }
    }

    /// Fills the part with the moments of these rows.
    #[inline(always)]
    fn fill<'x>(self, rows: impl Iterator<Item = &'x [Float]> + Clone) {
        let mut count = 0.0;
        self.means.fill(0.0);
        for x in rows.clone() {
            self.means.iter_mut().zip(x).for_each(|(mean, x)| *mean += x);
            count += 1.0;
        }
        *self.count = count;
        let share = 1.0 / Float::max(count, 1.0);
        self.means.iter_mut().for_each(|mean| *mean *= share);
        self.squares.fill(0.0);
        for x in rows {
            for ((square, mean), x) in self.squares.iter_mut().zip(&*self.means).zip(x) {
                *square += (x - mean) * (x - mean);
            }
        }
    }

    /// Joins the moments of other rows: M = Mₐ + M_b + (m_b − mₐ)² nₐn_b/n.
    fn join(&mut self, other: &Partial<'_>) {
        let count = *self.count + *other.count;
        if *other.count == 0.0 {
            return;
        }
        let share = *other.count / count;
        let weight = *self.count * share;
        let moments = self.means.iter_mut().zip(&mut *self.squares);
        for ((mean, square), (other_mean, other_square)) in
            moments.zip(other.means.iter().zip(&*other.squares))
        {
            let difference = other_mean - *mean;
            *mean += difference * share;
            *square += other_square + difference * difference * weight;
        }
        *self.count = count;
    }
}

/// Replaces the moments of single channels, which count alike, by those of their groups.
fn join_channels(means: &mut [Float], variances: &mut [Float], channels_of_group: usize) {
    let share = 1.0 / channels_of_group as Float;
    let groups = means.chunks_exact_mut(channels_of_group).zip(variances.chunks_exact_mut(channels_of_group));
    for (means, variances) in groups {
        let mean = means.iter().sum::<Float>() * share;
        let between: Float = means.iter().map(|channel| (channel - mean) * (channel - mean)).sum();
        let variance = (variances.iter().sum::<Float>() + between) * share;
        means.fill(mean);
        variances.fill(variance);
    }
}

impl Moments {
    /// Writes means and variances of each sample, from the moments of its blocks.
    fn join_blocks(&self, parts: &mut [Float], output: &mut [Float], channels: usize, blocks: RowBlocks) {
        let width = Partial::width(channels);
        let (means, variances) = output.split_at_mut(output.len() / 2);
        means.fill(0.0);
        variances.fill(0.0);
        let of_samples = means.chunks_exact_mut(channels).zip(variances.chunks_exact_mut(channels));
        for ((means, squares), parts) in of_samples.zip(parts.chunks_exact_mut(blocks.of_sample() * width)) {
            let mut total = Partial { count: &mut 0.0, means, squares };
            parts.chunks_exact_mut(width).for_each(|part| total.join(&Partial::new(part, channels)));
            let Partial { count, means, squares: variances } = total;
            let share = 1.0 / Float::max(*count, 1.0);
            variances.iter_mut().for_each(|variance| *variance *= share);
            if self.groups < channels {
                join_channels(means, variances, channels / self.groups);
            }
        }
    }
}

impl Operation for Moments {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let shape = inputs.get(0).shape;
        let &[samples, rows, channels] = shape.axes() else {
            return Err(ShapeError::Mismatch(format!("moments need three axes, but were given shape {shape}")));
        };
        if self.groups == 0 || !channels.is_multiple_of(self.groups) {
            let groups = self.groups;
            return Err(ShapeError::Mismatch(format!(
                "{channels} channels cannot be divided into {groups} groups of the same size"
            )));
        }
        if self.masked && inputs.get(1).shape.size() != samples * rows {
            let mask = inputs.get(1).shape;
            return Err(ShapeError::Mismatch(format!("a mask of shape {mask} does not fit {samples} samples of {rows} rows")));
        }
        Ok(Shape::from([2, samples, channels]))
    }

    /// The cache holds the moments of each block of rows.
    fn forward(&self, step: ForwardStep<'_>) {
        let x = step.inputs.get(0);
        let (samples, rows, channels) = (x.shape[0], x.shape[1], x.shape[2]);
        if x.data.is_empty() {
            return step.output.fill(0.0);
        }
        let mask = self.masked.then(|| step.inputs.get(1).data);
        let (blocks, width) = (RowBlocks::new(samples, rows, channels), Partial::width(channels));
        step.cache.resize(blocks.count() * width, 0.0);
        let cost = blocks.rows_of_block().min(rows) * channels * COST;
        step.team.for_each_rows(step.cache, width, cost, &|first, parts: &mut [Float]| {
            for (block, part) in (first..).zip(parts.chunks_exact_mut(width)) {
                let rows = blocks.range(block);
                let x = x.data[rows.start * channels..rows.end * channels].chunks_exact(channels);
                let part = Partial::new(part, channels);
                vectorised(
                    #[inline(always)]
                    || match mask {
                        None => part.fill(x),
                        Some(mask) => {
                            let kept = x.zip(&mask[rows]).filter(|&(_, &counts)| counts != 0.0);
                            part.fill(kept.map(|(x, _)| x));
                        }
                    },
                );
            }
        });
        self.join_blocks(step.cache, step.output, channels, blocks);
    }

    /// Nobody asks for it.
    fn backward(&self, _: BackwardStep<'_>, _: &mut InputGradients<'_>) {}
}
