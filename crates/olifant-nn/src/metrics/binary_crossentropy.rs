//! Cross-entropy of yes-or-no questions.

use olifant_core::Float;

use super::loss_mean::{loss_mean, options_of_loss};

loss_mean!(
    /// Cross-entropy of yes-or-no questions: v = −t ln p − (1 − t) ln(1 − p), with p clipped to [10⁻⁷, 1 − 10⁻⁷].
    ///
    /// It is computed as the loss [`BinaryCrossentropy`](crate::losses::BinaryCrossentropy).
    ///
    /// # Shapes
    ///
    /// Predictions and targets `[batch, …]`; a last axis of size 1 may be missing in either.
    ///
    /// # Defaults
    ///
    /// `from_logits` false, `label_smoothing` 0; `name`: `"binary_crossentropy"`.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Shape, TensorView};
    /// use olifant_nn::{Metric, MetricBatch, metrics::BinaryCrossentropy};
    ///
    /// let metric = BinaryCrossentropy::new();
    /// let mut sums = [0.0; 2];
    /// metric.update(&mut sums, &MetricBatch {
    ///     y_true: TensorView { data: &[0.0, 1.0], shape: Shape::from([2, 1]) },
    ///     y_pred: TensorView { data: &[0.5, 0.5], shape: Shape::from([2, 1]) },
    ///     sample_weight: None,
    /// });
    /// assert!((metric.result(&sums) - 0.69315).abs() < 1e-4);
    /// ```
    BinaryCrossentropy,
    "binary_crossentropy",
    "binary_crossentropy",
    Minimize,
    1.0
);

options_of_loss!(BinaryCrossentropy:
    /// Whether predictions are logits, to which a sigmoid is applied.
    from_logits: bool,
    /// The share s, from 0 to 1, by which each target is drawn to one half.
    label_smoothing: Float,
);
