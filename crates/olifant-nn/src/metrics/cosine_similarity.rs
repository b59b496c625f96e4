//! How much two vectors point the same way.

use super::loss_mean::loss_mean;

loss_mean!(
    /// The cosine of the angle between targets and predictions: v = Σ t p / (‖t‖ ‖p‖), the opposite of the loss of this name.
    ///
    /// 1 is the same direction, 0 a right angle, −1 the opposite direction.
    ///
    /// It is computed as the loss [`CosineSimilarity`](crate::losses::CosineSimilarity).
    ///
    /// # Shapes
    ///
    /// Predictions and targets `[batch, …, features]`; a last axis of size 1 may be missing in either.
    ///
    /// # Defaults
    ///
    /// `name`: `"cosine_similarity"`.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Shape, TensorView};
    /// use olifant_nn::{Metric, MetricBatch, metrics::CosineSimilarity};
    ///
    /// let metric = CosineSimilarity::new();
    /// let mut sums = [0.0; 2];
    /// metric.update(&mut sums, &MetricBatch {
    ///     y_true: TensorView { data: &[0.0, 1.0, 1.0, 1.0], shape: Shape::from([2, 2]) },
    ///     y_pred: TensorView { data: &[1.0, 0.0, 1.0, 1.0], shape: Shape::from([2, 2]) },
    ///     sample_weight: None,
    /// });
    /// assert!((metric.result(&sums) - 0.5).abs() < 1e-4);
    /// ```
    CosineSimilarity,
    "cosine_similarity",
    "cosine_similarity",
    Maximize,
    -1.0
);
