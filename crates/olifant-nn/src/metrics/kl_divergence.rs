//! How much a distribution differs from another.

use super::loss_mean::loss_mean;

loss_mean!(
    /// How much the predicted distribution differs from the true one: v = Σ t ln(t / p), with t and p clipped to [10⁻⁷, 1].
    ///
    /// It is computed as the loss [`KLDivergence`](crate::losses::KLDivergence).
    ///
    /// # Shapes
    ///
    /// Predictions and targets `[batch, …, classes]`.
    ///
    /// # Defaults
    ///
    /// `name`: `"kl_divergence"`.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Shape, TensorView};
    /// use olifant_nn::{Metric, MetricBatch, metrics::KLDivergence};
    ///
    /// let metric = KLDivergence::new();
    /// let mut sums = [0.0; 2];
    /// metric.update(&mut sums, &MetricBatch {
    ///     y_true: TensorView { data: &[0.5, 0.5], shape: Shape::from([1, 2]) },
    ///     y_pred: TensorView { data: &[0.25, 0.75], shape: Shape::from([1, 2]) },
    ///     sample_weight: None,
    /// });
    /// assert!((metric.result(&sums) - 0.14384).abs() < 1e-4);
    /// ```
    KLDivergence,
    "kl_divergence",
    "kl_divergence",
    Minimize,
    1.0
);
