//! How far the right class is from being the best by a margin.

use super::loss_mean::loss_mean;

loss_mean!(
    /// How far the right class is from being the best by a margin: v = max(max((1 − t) p) − Σ t p + 1, 0).
    ///
    /// It is computed as the loss [`CategoricalHinge`](crate::losses::CategoricalHinge).
    ///
    /// # Shapes
    ///
    /// Predictions and targets `[batch, …, classes]`.
    ///
    /// # Defaults
    ///
    /// `name`: `"categorical_hinge"`.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Shape, TensorView};
    /// use olifant_nn::{Metric, MetricBatch, metrics::CategoricalHinge};
    ///
    /// let metric = CategoricalHinge::new();
    /// let mut sums = [0.0; 2];
    /// metric.update(&mut sums, &MetricBatch {
    ///     y_true: TensorView { data: &[0.0, 1.0, 1.0, 0.0], shape: Shape::from([2, 2]) },
    ///     y_pred: TensorView { data: &[0.6, 0.4, 2.0, 0.0], shape: Shape::from([2, 2]) },
    ///     sample_weight: None,
    /// });
    /// assert!((metric.result(&sums) - 0.6).abs() < 1e-4);
    /// ```
    CategoricalHinge,
    "categorical_hinge",
    "categorical_hinge",
    Minimize,
    1.0
);
