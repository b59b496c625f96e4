//! The weighted mean over samples, which most metrics are.

use crate::MetricBatch;

/// Adds Σ w·v to `sums[0]` and Σ w to `sums[1]`.
///
/// The values are shared out evenly among the samples of the batch;
/// v is the mean of a sample's values, and w its weight, or 1.
#[inline]
pub(super) fn add_to_mean(
    sums: &mut [f64],
    batch: &MetricBatch<'_>,
    mut values: impl ExactSizeIterator<Item = f64>,
) {
    let samples = batch.samples();
    let values_per_sample = values.len().checked_div(samples).unwrap_or(0);
    if values_per_sample == 0 {
        return;
    }
    for sample in 0..samples {
        let mean = values.by_ref().take(values_per_sample).sum::<f64>() / values_per_sample as f64;
        let weight = batch.sample_weight.map_or(1.0, |weights| f64::from(weights[sample]));
        sums[0] += weight * mean;
        sums[1] += weight;
    }
}

/// 1 for a hit and 0 for a miss: the values of which an accuracy is the mean.
#[inline]
pub(super) fn hit(is_hit: bool) -> f64 {
    f64::from(u8::from(is_hit))
}
