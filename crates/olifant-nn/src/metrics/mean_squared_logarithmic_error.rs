//! The mean of the squared differences of logarithms.

use super::loss_mean::loss_mean;

loss_mean!(
    /// The mean of the squared differences of logarithms: v = (ln(p + 1) − ln(t + 1))², with p and t 10⁻⁷ at least.
    ///
    /// It is computed as the loss [`MeanSquaredLogarithmicError`](crate::losses::MeanSquaredLogarithmicError).
    ///
    /// # Shapes
    ///
    /// Predictions and targets `[batch, …]`; a last axis of size 1 may be missing in either.
    ///
    /// # Defaults
    ///
    /// `name`: `"mean_squared_logarithmic_error"`.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Shape, TensorView};
    /// use olifant_nn::{Metric, MetricBatch, metrics::MeanSquaredLogarithmicError};
    ///
    /// let metric = MeanSquaredLogarithmicError::new();
    /// let mut sums = [0.0; 2];
    /// metric.update(&mut sums, &MetricBatch {
    ///     y_true: TensorView { data: &[0.0, 3.0], shape: Shape::from([2, 1]) },
    ///     y_pred: TensorView { data: &[1.0, 3.0], shape: Shape::from([2, 1]) },
    ///     sample_weight: None,
    /// });
    /// assert!((metric.result(&sums) - 0.24023).abs() < 1e-4);
    /// ```
    MeanSquaredLogarithmicError,
    "mean_squared_logarithmic_error",
    "mean_squared_logarithmic_error",
    Minimize,
    1.0
);
