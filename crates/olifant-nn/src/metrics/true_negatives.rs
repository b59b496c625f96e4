//! How often a "no" is right.

use super::binary_counts::counting_metric;

counting_metric!(
    /// How often a "no" is right: Σ w over all t = 0 with p ≤ threshold.
    ///
    /// Keras takes a list of thresholds and has a result for each: here it is one threshold, and one metric for each.
    ///
    /// # Shapes
    ///
    /// Predictions and targets `[batch, …]`; a last axis of size 1 may be missing in either.
    ///
    /// # Defaults
    ///
    /// `thresholds` 0.5; `name`: `"true_negatives"`.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Shape, TensorView};
    /// use olifant_nn::{Metric, MetricBatch, metrics::TrueNegatives};
    ///
    /// let metric = TrueNegatives::new();
    /// let mut sums = vec![0.0; metric.sums_for(Shape::from([1]))];
    /// metric.update(&mut sums, &MetricBatch {
    ///     y_true: TensorView { data: &[0.0, 1.0, 1.0, 1.0], shape: Shape::from([4, 1]) },
    ///     y_pred: TensorView { data: &[0.9, 0.2, 0.6, 0.8], shape: Shape::from([4, 1]) },
    ///     sample_weight: None,
    /// });
    /// assert!((metric.result(&sums) - 0.0).abs() < 1e-4);
    /// ```
    TrueNegatives,
    "true_negatives",
    Maximize,
    |sums| sums[2]
);
