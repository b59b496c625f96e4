//! The mean of the errors in per cent of the targets.

use super::loss_mean::loss_mean;

loss_mean!(
    /// The mean of the errors in per cent of the targets: v = 100 |t − p| / max(|t|, 10⁻⁷).
    ///
    /// It is computed as the loss [`MeanAbsolutePercentageError`](crate::losses::MeanAbsolutePercentageError).
    ///
    /// # Shapes
    ///
    /// Predictions and targets `[batch, …]`; a last axis of size 1 may be missing in either.
    ///
    /// # Defaults
    ///
    /// `name`: `"mean_absolute_percentage_error"`.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Shape, TensorView};
    /// use olifant_nn::{Metric, MetricBatch, metrics::MeanAbsolutePercentageError};
    ///
    /// let metric = MeanAbsolutePercentageError::new();
    /// let mut sums = [0.0; 2];
    /// metric.update(&mut sums, &MetricBatch {
    ///     y_true: TensorView { data: &[2.0, 4.0], shape: Shape::from([2, 1]) },
    ///     y_pred: TensorView { data: &[1.0, 5.0], shape: Shape::from([2, 1]) },
    ///     sample_weight: None,
    /// });
    /// assert!((metric.result(&sums) - 37.5).abs() < 1e-4);
    /// ```
    MeanAbsolutePercentageError,
    "mean_absolute_percentage_error",
    "mean_absolute_percentage_error",
    Minimize,
    1.0
);
