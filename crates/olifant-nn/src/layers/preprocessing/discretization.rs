//! Ranges of numbers as categories.

use std::sync::Arc;

use ndarray::{ArrayBase, Data, Dimension};
use olifant_core::{Element, Float, Operation, Shape, Var};
use serde::{Deserialize, Serialize};

use super::{OutputMode, numbering};
use crate::{BuildError, Layer, WeightBuilder};

/// Replaces numbers by the number of the bin they fall into: how many boundaries are not above them.
///
/// Boundaries are given, or found in data with [`adapt`](Discretization::adapt). NaN falls into the first bin.
///
/// # Shapes
///
/// Outputs have the shape of the inputs with [`OutputMode::Int`], the default; else as for
/// [`CategoryEncoding`](crate::layers::CategoryEncoding), with a category for each bin.
///
/// # Errors
///
/// When built: no boundaries, or boundaries that are not in order.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Sequential, layers::{Discretization, OutputMode}};
///
/// let ages = Discretization::new([18.0, 65.0]).output_mode(OutputMode::OneHot);
/// let network = Sequential::new([1]).add(ages).build(0)?;
/// assert_eq!(network.output().axes(), [3]);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Discretization {
    bin_boundaries: Vec<Float>,
    #[serde(default = "int")]
    output_mode: OutputMode,
    #[serde(skip)]
    operation: Option<Arc<dyn Operation>>,
}

fn int() -> OutputMode {
    OutputMode::Int
}

impl Discretization {
    /// The boundaries between the bins, in order; there is one bin more.
    pub fn new(bin_boundaries: impl Into<Vec<Float>>) -> Discretization {
        Discretization { bin_boundaries: bin_boundaries.into(), output_mode: int(), operation: None }
    }

    /// Bins that hold about as many numbers of the data each.
    ///
    /// As in Keras, the data is first reduced to about 1/`epsilon` numbers at equal distances in its order;
    /// the boundaries are interpolated between those. Keras's default for `epsilon` is 0.01.
    ///
    /// # Errors
    ///
    /// Fewer than two bins, no data, or an epsilon outside (0, 1].
    pub fn adapt<S, D>(
        data: &ArrayBase<S, D>,
        num_bins: usize,
        epsilon: f64,
    ) -> Result<Discretization, BuildError>
    where
        S: Data<Elem: Element>,
        D: Dimension,
    {
        BuildError::check_option("num_bins", "at least 2", num_bins, num_bins > 1)?;
        BuildError::check_option("epsilon", "above 0, at most 1", epsilon, epsilon > 0.0 && epsilon <= 1.0)?;
        let mut values: Vec<f64> = data.iter().map(|value| f64::from(value.to_float())).collect();
        BuildError::check_option("data", "at least one number", "empty", !values.is_empty())?;
        values.sort_by(f64::total_cmp);
        let step = (values.len() as f64 * epsilon).max(1.0);
        let picked = values.iter().skip((step - 1.0) as usize).step_by(step as usize);
        let summary = picked.map(|&value| (value, step)).collect();
        let bins = compressed(compressed(summary, epsilon), 1.0 / num_bins as f64);
        let boundaries = bins.split_last().map_or(&[][..], |(_, boundaries)| boundaries);
        Ok(Discretization::new(boundaries.iter().map(|&(value, _)| value as Float).collect::<Vec<_>>()))
    }

    /// What comes out.
    pub fn output_mode(mut self, output_mode: OutputMode) -> Discretization {
        self.output_mode = output_mode;
        self
    }

    /// The boundaries between the bins.
    pub fn bin_boundaries(&self) -> &[Float] {
        &self.bin_boundaries
    }
}

/// Values and how much each stands for, reduced to 1/ε of them at equal distances.
fn compressed(summary: Vec<(f64, f64)>, epsilon: f64) -> Vec<(f64, f64)> {
    if summary.len() as f64 * epsilon < 1.0 {
        return summary;
    }
    let sums: Vec<f64> = summary
        .iter()
        .scan(0.0, |sum, &(_, weight)| {
            *sum += weight;
            Some(*sum)
        })
        .collect();
    let total = sums.last().copied().unwrap_or(1.0);
    let count = (1.0 / epsilon).ceil() as usize;
    let mut before = 0.0;
    let bin = |number: usize| {
        let share = epsilon + number as f64 * epsilon;
        let value = interpolated(share, &sums, total, |place| summary[place].0);
        let sum = interpolated(share, &sums, total, |place| sums[place]);
        // Keras keeps its summaries in single precision.
        let bin = (f64::from(value as f32), f64::from((sum - before) as f32));
        before = sum;
        bin
    };
    (0..count).map(bin).collect()
}

/// The value at a share of the total, between those whose sums are around it.
fn interpolated(share: f64, sums: &[f64], total: f64, value: impl Fn(usize) -> f64) -> f64 {
    let above = sums.partition_point(|sum| sum / total <= share);
    if above == 0 || above == sums.len() {
        return value(above.min(sums.len() - 1));
    }
    let (low, high) = (sums[above - 1] / total, sums[above] / total);
    let (from, to) = (value(above - 1), value(above));
    from + (to - from) * (share - low) / (high - low)
}

#[typetag::serde(name = "discretization")]
impl Layer for Discretization {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        let boundaries = self.bin_boundaries.clone();
        let is_right = !boundaries.is_empty() && boundaries.is_sorted_by(|a, b| a < b);
        let given = format!("{boundaries:?}");
        BuildError::check_option("bin_boundaries", "numbers in increasing order", given, is_right)?;
        let depth = boundaries.len() + 1;
        let bin = move |x: Float| boundaries.partition_point(|&boundary| boundary <= x) as Float;
        self.operation = Some(numbering::Numbering::operation("Discretization", bin));
        self.output_mode.output_shape(input, depth)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        let bins = numbering::apply(self.operation.as_ref(), x);
        self.output_mode.encode(bins, self.bin_boundaries.len() + 1)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array1;

    use super::*;

    #[test]
    fn bins_hold_equal_shares_of_the_data() {
        let adapt = |len: usize, bins: usize, epsilon: f64| {
            // 0, 1, 4, 9, … in some order.
            let data: Array1<f64> = (0..len).map(|i| ((i * 7 % len) as f64).powi(2)).collect();
            Discretization::adapt(&data, bins, epsilon).unwrap().bin_boundaries
        };
        // Keras: layer = Discretization(num_bins=bins, epsilon=epsilon); layer.adapt(data); layer.bin_boundaries.
        KERAS.iter().for_each(|&(len, bins, epsilon, boundaries)| {
            let ours = adapt(len, bins, epsilon);
            assert_eq!(ours.len(), boundaries.len());
            for (our, their) in ours.iter().zip(boundaries) {
                assert!(
                    (f64::from(*our) - their).abs() <= 1e-5 * their.abs().max(1.0),
                    "{our} instead of {their}"
                );
            }
        });
    }

    /// How many numbers, bins, epsilon, and Keras's boundaries.
    const KERAS: [(usize, usize, f64, &[f64]); 4] = [
        (13, 4, 0.01, &[5.25, 30.5, 76.75]),
        (1001, 3, 0.01, &[109_792.664, 439_138.1]),
        (
            1001,
            10,
            0.05,
            &[9604.0, 38_416.0, 86_436.0, 159_200.98, 247_009.0, 354_025.0, 480_249.06, 636_804.0, 802_816.0],
        ),
        (50, 7, 0.5, &[576.0]),
    ];

    #[test]
    fn data_and_options_out_of_range_are_refused() {
        let message = |data: &[f64], bins, epsilon| {
            Discretization::adapt(&Array1::from(data.to_vec()), bins, epsilon).unwrap_err().to_string()
        };
        assert_eq!(message(&[1.0], 1, 0.01), "num_bins must be at least 2, but is 1");
        assert_eq!(message(&[1.0], 2, 0.0), "epsilon must be above 0, at most 1, but is 0");
        assert_eq!(message(&[], 2, 0.01), "data must be at least one number, but is empty");
    }
}
