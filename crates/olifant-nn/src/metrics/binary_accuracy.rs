//! The share of right answers to yes-or-no questions.

use olifant_core::{Float, Shape};
use serde::{Deserialize, Serialize};

use super::weighted_mean::{add_to_mean, hit};
use crate::{BuildError, Metric, MetricBatch, Objective, TargetError, loss::expect_same_shape};

/// The share of predictions on the right side of a threshold: v = 1 if (p > threshold) = t, else 0.
///
/// A prediction that is NaN is never right. (Keras takes it for a "no", which is right where the target is 0.)
///
/// # Shapes
///
/// Predictions and targets `[batch, …]`; a last axis of size 1 may be missing in either.
///
/// # Defaults
///
/// - `threshold`: 0.5; a prediction of exactly the threshold is a "no".
/// - `name`: `"binary_accuracy"`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Shape, TensorView};
/// use olifant_nn::{Metric, MetricBatch, metrics::BinaryAccuracy};
///
/// let accuracy = BinaryAccuracy::new().threshold(0.6);
/// let mut sums = [0.0; 2];
/// accuracy.update(&mut sums, &MetricBatch {
///     y_true: TensorView { data: &[1.0, 1.0, 0.0, 0.0], shape: Shape::from([4, 1]) },
///     y_pred: TensorView { data: &[0.9, 0.6, 0.6, 0.1], shape: Shape::from([4, 1]) },
///     sample_weight: None,
/// });
/// assert_eq!(accuracy.result(&sums), 0.75);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BinaryAccuracy {
    name: String,
    threshold: Float,
}

impl Default for BinaryAccuracy {
    fn default() -> BinaryAccuracy {
        BinaryAccuracy { name: "binary_accuracy".into(), threshold: 0.5 }
    }
}

impl BinaryAccuracy {
    /// The accuracy with a threshold of one half.
    pub fn new() -> BinaryAccuracy {
        BinaryAccuracy::default()
    }

    /// Predictions above this number are a "yes"; between 0 and 1.
    pub fn threshold(mut self, threshold: Float) -> BinaryAccuracy {
        self.threshold = threshold;
        self
    }

    /// The key in the logs.
    pub fn name(mut self, name: impl Into<String>) -> BinaryAccuracy {
        self.name = name.into();
        self
    }
}

#[typetag::serde(name = "binary_accuracy")]
impl Metric for BinaryAccuracy {
    fn name(&self) -> &str {
        &self.name
    }

    fn objective(&self) -> Objective {
        Objective::Maximize
    }

    fn check_options(&self) -> Result<(), BuildError> {
        if self.threshold > 0.0 && self.threshold < 1.0 {
            return Ok(());
        }
        Err(BuildError::option("threshold", "a number between 0 and 1", self.threshold))
    }

    fn check(&self, y_true: Shape, y_pred: Shape) -> Result<(), TargetError> {
        expect_same_shape(y_true, y_pred, "; for class indices use SparseCategoricalAccuracy")
    }

    fn update(&self, sums: &mut [f64], batch: &MetricBatch<'_>) {
        count_binary(sums, batch, self.threshold);
    }
}

/// Adds the hits of a batch to the mean.
pub(super) fn count_binary(sums: &mut [f64], batch: &MetricBatch<'_>, threshold: Float) {
    let pairs = batch.y_true.data.iter().zip(batch.y_pred.data);
    let hits = pairs.map(|(&t, &p)| {
        let answer = if p > threshold { 1.0 } else { 0.0 };
        hit(answer == t && !p.is_nan())
    });
    add_to_mean(sums, batch, hits);
}
