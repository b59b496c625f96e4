//! Cross-entropy of classes, for one-hot targets.

use olifant_core::Float;

use super::loss_mean::{loss_mean, options_of_loss};

loss_mean!(
    /// Cross-entropy of classes, for targets that are one-hot or soft: v = −Σⱼ tⱼ ln pⱼ.
    ///
    /// Probabilities are divided by their sum and clipped to [10⁻⁷, 1 − 10⁻⁷].
    ///
    /// It is computed as the loss [`CategoricalCrossentropy`](crate::losses::CategoricalCrossentropy).
    ///
    /// # Shapes
    ///
    /// Predictions and targets `[batch, …, classes]`.
    ///
    /// # Defaults
    ///
    /// `from_logits` false, `label_smoothing` 0; `name`: `"categorical_crossentropy"`.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Shape, TensorView};
    /// use olifant_nn::{Metric, MetricBatch, metrics::CategoricalCrossentropy};
    ///
    /// let metric = CategoricalCrossentropy::new();
    /// let mut sums = [0.0; 2];
    /// metric.update(&mut sums, &MetricBatch {
    ///     y_true: TensorView { data: &[0.0, 1.0], shape: Shape::from([1, 2]) },
    ///     y_pred: TensorView { data: &[0.5, 0.5], shape: Shape::from([1, 2]) },
    ///     sample_weight: None,
    /// });
    /// assert!((metric.result(&sums) - 0.69315).abs() < 1e-4);
    /// ```
    CategoricalCrossentropy,
    "categorical_crossentropy",
    "categorical_crossentropy",
    Minimize,
    1.0
);

options_of_loss!(CategoricalCrossentropy:
    /// Whether predictions are logits, to which a softmax is applied.
    from_logits: bool,
    /// The share s of each target, from 0 to 1, that is spread evenly over the classes.
    label_smoothing: Float,
);
