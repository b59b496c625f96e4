//! How near predictions are to the line on which they equal the targets.

use super::moments::correlation;

correlation!(
    /// How near predictions are to the line on which they equal the targets, for each row:
    /// v = 2 cov(t, p) / (σₜ² + σₚ² + (mean t − mean p)² + 10⁻⁷).
    ///
    /// It is the correlation, smaller if predictions are all too large, or too small, or too far apart.
    ///
    /// # Shapes
    ///
    /// Predictions and targets `[batch, …, features]`.
    ///
    /// # Defaults
    ///
    /// `name`: `"concordance_correlation"`.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Shape, TensorView};
    /// use olifant_nn::{Metric, MetricBatch, metrics::ConcordanceCorrelation};
    ///
    /// let metric = ConcordanceCorrelation::new();
    /// let mut sums = [0.0; 2];
    /// metric.update(&mut sums, &MetricBatch {
    ///     y_true: TensorView { data: &[0.0, 2.0], shape: Shape::from([1, 2]) },
    ///     y_pred: TensorView { data: &[1.0, 5.0], shape: Shape::from([1, 2]) },
    ///     sample_weight: None,
    /// });
    /// assert!((metric.result(&sums) - 4.0 / 9.0).abs() < 1e-6);
    /// ```
    ConcordanceCorrelation,
    "concordance_correlation",
    |moments| {
            let distance = (moments.mean_of_targets - moments.mean_of_predictions).powi(2);
            let spread = moments.variance_of_targets + moments.variance_of_predictions + distance;
            2.0 * moments.covariance / (spread + 1e-7)
        }
);
