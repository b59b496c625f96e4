//! The logarithm of the hyperbolic cosine of the error.

use super::loss_mean::loss_mean;

loss_mean!(
    /// The logarithm of the hyperbolic cosine of the error: v = ln cosh(p − t).
    ///
    /// It is computed as the loss [`LogCosh`](crate::losses::LogCosh).
    ///
    /// # Shapes
    ///
    /// Predictions and targets `[batch, …]`; a last axis of size 1 may be missing in either.
    ///
    /// # Defaults
    ///
    /// `name`: `"logcosh"`.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Shape, TensorView};
    /// use olifant_nn::{Metric, MetricBatch, metrics::LogCoshError};
    ///
    /// let metric = LogCoshError::new();
    /// let mut sums = [0.0; 2];
    /// metric.update(&mut sums, &MetricBatch {
    ///     y_true: TensorView { data: &[0.0, 1.0], shape: Shape::from([2, 1]) },
    ///     y_pred: TensorView { data: &[1.0, 1.0], shape: Shape::from([2, 1]) },
    ///     sample_weight: None,
    /// });
    /// assert!((metric.result(&sums) - 0.21689).abs() < 1e-4);
    /// ```
    LogCoshError,
    LogCosh,
    "log_cosh_error",
    "logcosh",
    Minimize,
    1.0
);
