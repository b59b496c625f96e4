//! Cross-entropy of classes, for class indices.

use super::loss_mean::{loss_mean, options_of_loss};

loss_mean!(
    /// Cross-entropy of classes, for class indices: v = −ln pₜ.
    ///
    /// Probabilities are clipped to [10⁻⁷, 1 − 10⁻⁷] and divided by their sum. An index that is no class makes the value NaN.
    ///
    /// It is computed as the loss [`SparseCategoricalCrossentropy`](crate::losses::SparseCategoricalCrossentropy).
    ///
    /// # Shapes
    ///
    /// Predictions `[batch, …, classes]`, targets `[batch, …]` or `[batch, …, 1]`.
    ///
    /// # Defaults
    ///
    /// `from_logits` false; `name`: `"sparse_categorical_crossentropy"`.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Shape, TensorView};
    /// use olifant_nn::{Metric, MetricBatch, metrics::SparseCategoricalCrossentropy};
    ///
    /// let metric = SparseCategoricalCrossentropy::new();
    /// let mut sums = [0.0; 2];
    /// metric.update(&mut sums, &MetricBatch {
    ///     y_true: TensorView { data: &[1.0], shape: Shape::from([1]) },
    ///     y_pred: TensorView { data: &[0.5, 0.5], shape: Shape::from([1, 2]) },
    ///     sample_weight: None,
    /// });
    /// assert!((metric.result(&sums) - 0.69315).abs() < 1e-4);
    /// ```
    SparseCategoricalCrossentropy,
    "sparse_categorical_crossentropy",
    "sparse_categorical_crossentropy",
    Minimize,
    1.0
);

options_of_loss!(SparseCategoricalCrossentropy:
    /// Whether predictions are logits, to which a softmax is applied.
    from_logits: bool,
);
