//! How much of what is answered "yes" is right.

use super::binary_counts::{counting_metric, options_of_rows};
use super::ratio::ratio;

counting_metric!(
    /// How much of what is answered "yes" is right: TP / (TP + FP), and 0 without any "yes".
    ///
    /// A prediction above the threshold is a "yes".
    ///
    /// Keras takes a list of thresholds and has a result for each: here it is one threshold, and one metric for each.
    ///
    /// # Shapes
    ///
    /// Predictions and targets `[batch, …]`; a last axis of size 1 may be missing in either.
    ///
    /// # Defaults
    ///
    /// `thresholds` 0.5, or with `top_k` none; no `top_k`, no `class_id`; `name`: `"precision"`.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Shape, TensorView};
    /// use olifant_nn::{Metric, MetricBatch, metrics::Precision};
    ///
    /// let metric = Precision::new();
    /// let mut sums = vec![0.0; metric.sums_for(Shape::from([1]))];
    /// metric.update(&mut sums, &MetricBatch {
    ///     y_true: TensorView { data: &[0.0, 1.0, 1.0, 1.0], shape: Shape::from([4, 1]) },
    ///     y_pred: TensorView { data: &[0.9, 0.2, 0.6, 0.8], shape: Shape::from([4, 1]) },
    ///     sample_weight: None,
    /// });
    /// assert!((metric.result(&sums) - 0.66667).abs() < 1e-4);
    /// ```
    Precision,
    "precision",
    Maximize,
    |sums| ratio(sums[0], sums[0] + sums[1])
);

options_of_rows!(Precision);
