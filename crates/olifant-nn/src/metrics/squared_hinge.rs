//! How far predictions are from the right side of a margin, squared.

use super::loss_mean::loss_mean;

loss_mean!(
    /// How far predictions are from the right side of a margin, squared: v = max(1 − t p, 0)².
    ///
    /// Targets are −1 or 1; if all targets of a batch are 0 or 1, they are read as −1 and 1.
    ///
    /// It is computed as the loss [`SquaredHinge`](crate::losses::SquaredHinge).
    ///
    /// # Shapes
    ///
    /// Predictions and targets `[batch, …]`; a last axis of size 1 may be missing in either.
    ///
    /// # Defaults
    ///
    /// `name`: `"squared_hinge"`.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Shape, TensorView};
    /// use olifant_nn::{Metric, MetricBatch, metrics::SquaredHinge};
    ///
    /// let metric = SquaredHinge::new();
    /// let mut sums = [0.0; 2];
    /// metric.update(&mut sums, &MetricBatch {
    ///     y_true: TensorView { data: &[0.0, 1.0], shape: Shape::from([2, 1]) },
    ///     y_pred: TensorView { data: &[-0.5, 2.0], shape: Shape::from([2, 1]) },
    ///     sample_weight: None,
    /// });
    /// assert!((metric.result(&sums) - 0.125).abs() < 1e-4);
    /// ```
    SquaredHinge,
    "squared_hinge",
    "squared_hinge",
    Minimize,
    1.0
);
