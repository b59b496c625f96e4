//! The best sensitivity at a given specificity.

use super::operating_point::best_at_least;

best_at_least!(
    /// The best sensitivity, TP / (TP + FN), among the thresholds with so much specificity, TN / (TN + FP), or more.
    ///
    /// If no threshold has it, the value is 0.
    ///
    /// # Shapes
    ///
    /// Predictions, from 0 to 1, and targets `[batch, …]`; a last axis of size 1 may be missing in either.
    ///
    /// # Defaults
    ///
    /// `num_thresholds` 200, evenly spaced from 0 to 1; no `class_id`; `name`: `"sensitivity_at_specificity"`.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Shape, TensorView};
    /// use olifant_nn::{Metric, MetricBatch, metrics::SensitivityAtSpecificity};
    ///
    /// let metric = SensitivityAtSpecificity::new(0.5);
    /// let mut sums = vec![0.0; metric.sums_for(Shape::from([1]))];
    /// metric.update(&mut sums, &MetricBatch {
    ///     y_true: TensorView { data: &[0.0, 1.0, 1.0, 1.0], shape: Shape::from([4, 1]) },
    ///     y_pred: TensorView { data: &[0.9, 0.2, 0.6, 0.8], shape: Shape::from([4, 1]) },
    ///     sample_weight: None,
    /// });
    /// assert!((metric.result(&sums) - 0.0).abs() < 1e-4);
    /// ```
    SensitivityAtSpecificity,
    "sensitivity_at_specificity",
    specificity,
    |point| point.specificity(),
    |point| point.sensitivity()
);
