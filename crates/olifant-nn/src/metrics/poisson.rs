//! How improbable counts are, if they are Poisson distributed.

use super::loss_mean::loss_mean;

loss_mean!(
    /// How improbable the targets are if they are Poisson distributed around the predictions: v = p − t ln(p + 10⁻⁷).
    ///
    /// It is computed as the loss [`Poisson`](crate::losses::Poisson).
    ///
    /// # Shapes
    ///
    /// Predictions and targets `[batch, …]`; a last axis of size 1 may be missing in either.
    ///
    /// # Defaults
    ///
    /// `name`: `"poisson"`.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Shape, TensorView};
    /// use olifant_nn::{Metric, MetricBatch, metrics::Poisson};
    ///
    /// let metric = Poisson::new();
    /// let mut sums = [0.0; 2];
    /// metric.update(&mut sums, &MetricBatch {
    ///     y_true: TensorView { data: &[1.0, 2.0], shape: Shape::from([2, 1]) },
    ///     y_pred: TensorView { data: &[1.0, 1.0], shape: Shape::from([2, 1]) },
    ///     sample_weight: None,
    /// });
    /// assert!((metric.result(&sums) - 1.0).abs() < 1e-4);
    /// ```
    Poisson,
    "poisson",
    "poisson",
    Minimize,
    1.0
);
