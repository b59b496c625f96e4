//! How well predictions follow targets on a straight line.

use super::moments::correlation;

correlation!(
    /// How well predictions follow targets on a straight line, for each row: v = cov(t, p) / (σₜ σₚ).
    ///
    /// From −1 to 1; a row whose predictions or targets are all the same makes the value NaN, as in Keras.
    ///
    /// # Shapes
    ///
    /// Predictions and targets `[batch, …, features]`.
    ///
    /// # Defaults
    ///
    /// `name`: `"pearson_correlation"`.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Shape, TensorView};
    /// use olifant_nn::{Metric, MetricBatch, metrics::PearsonCorrelation};
    ///
    /// let metric = PearsonCorrelation::new();
    /// let mut sums = [0.0; 2];
    /// metric.update(&mut sums, &MetricBatch {
    ///     y_true: TensorView { data: &[0.0, 2.0], shape: Shape::from([1, 2]) },
    ///     y_pred: TensorView { data: &[1.0, 5.0], shape: Shape::from([1, 2]) },
    ///     sample_weight: None,
    /// });
    /// assert!((metric.result(&sums) - 1.0).abs() < 1e-6);
    /// ```
    PearsonCorrelation,
    "pearson_correlation",
    |moments| moments.covariance / (moments.variance_of_targets * moments.variance_of_predictions).sqrt()
);
