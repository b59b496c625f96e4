//! The weighted mean over samples, which most metrics are.

use crate::MetricBatch;

/// Adds Σ w·v to `sums[0]` and Σ w to `sums[1]`.
///
/// The values are shared out evenly among the weights, or without weights among the samples of the batch;
/// v is the mean of a weight's values, and w the weight, or 1.
/// A sample with fewer values than weights, or others than so many for each, counts by the mean of both.
#[inline]
pub(super) fn add_to_mean(
    sums: &mut [f64],
    batch: &MetricBatch<'_>,
    mut values: impl ExactSizeIterator<Item = f64>,
) {
    let samples = batch.samples();
    let per_sample = |count: usize| count.checked_div(samples).unwrap_or(0);
    let (values_of_sample, weights) = (per_sample(values.len()), batch.sample_weight);
    if values_of_sample == 0 {
        return;
    }
    let weights_of_sample = weights.map_or(1, |weights| per_sample(weights.len()));
    let shares = if values_of_sample.is_multiple_of(weights_of_sample) { weights_of_sample } else { 1 };
    let (values_of_share, weights_of_share) = (values_of_sample / shares, weights_of_sample / shares);
    for share in 0..samples * shares {
        let mean = values.by_ref().take(values_of_share).sum::<f64>() / values_of_share as f64;
        let weight = weights.map_or(1.0, |weights| {
            let weights = &weights[share * weights_of_share..][..weights_of_share];
            weights.iter().map(|&weight| f64::from(weight)).sum::<f64>() / weights_of_share as f64
        });
        sums[0] += weight * mean;
        sums[1] += weight;
    }
}

/// 1 for a hit and 0 for a miss: the values of which an accuracy is the mean.
#[inline]
pub(super) fn hit(is_hit: bool) -> f64 {
    f64::from(u8::from(is_hit))
}

#[cfg(test)]
mod tests {
    use olifant_core::{Float, Shape, TensorView};

    use super::*;

    /// The sums for two samples of some values each.
    fn sums(values: &[f64], sample_weight: Option<&[Float]>) -> [f64; 2] {
        let data = [0.0; 2];
        let view = TensorView { data: &data, shape: Shape::from([2]) };
        let mut sums = [0.0; 2];
        let batch = MetricBatch { y_true: view, y_pred: view, sample_weight };
        add_to_mean(&mut sums, &batch, values.iter().copied());
        sums
    }

    #[test]
    fn a_weight_weighs_the_mean_of_its_values() {
        let values = [1.0, 3.0, 5.0, 9.0];
        assert_eq!(sums(&values, None), [9.0, 2.0]);
        assert_eq!(sums(&values, Some(&[2.0, 0.5])), [7.5, 2.5]);
        assert_eq!(sums(&values, Some(&[1.0, 0.0, 2.0, 3.0])), [38.0, 6.0]);
    }

    #[test]
    fn values_and_weights_that_do_not_go_together_are_taken_by_sample() {
        assert_eq!(sums(&[4.0, 8.0], Some(&[1.0, 3.0, 0.0, 1.0])), [12.0, 2.5]);
        assert_eq!(sums(&[], Some(&[1.0, 3.0])), [0.0, 0.0]);
    }
}
