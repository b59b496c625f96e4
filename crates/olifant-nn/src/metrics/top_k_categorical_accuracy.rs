//! The share of rows in which the target's class is among the k highest scores.

use olifant_core::Shape;
use serde::{Deserialize, Serialize};

use super::ranking::{classes_by_score, count_right, expect_one_hot, is_in_top_k};
use crate::{BuildError, Metric, MetricBatch, Objective, TargetError};

/// The share of predictions in which the target's class is among the k highest scores:
/// v = 1 if fewer than k classes have a higher score than argmax t, else 0.
///
/// Classes that tie share the best of their places.
/// A prediction with a score that is not finite is never right.
///
/// # Shapes
///
/// Predictions and targets `[batch, …, classes]`.
///
/// # Defaults
///
/// - `k`: 5.
/// - `name`: `"top_k_categorical_accuracy"`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Shape, TensorView};
/// use olifant_nn::{Metric, MetricBatch, metrics::TopKCategoricalAccuracy};
///
/// let accuracy = TopKCategoricalAccuracy::new().k(2);
/// let mut sums = [0.0; 2];
/// accuracy.update(&mut sums, &MetricBatch {
///     y_true: TensorView { data: &[0.0, 0.0, 1.0, 0.0, 1.0, 0.0], shape: Shape::from([2, 3]) },
///     y_pred: TensorView { data: &[0.5, 0.2, 0.3, 0.6, 0.1, 0.3], shape: Shape::from([2, 3]) },
///     sample_weight: None,
/// });
/// assert_eq!(accuracy.result(&sums), 0.5);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TopKCategoricalAccuracy {
    name: String,
    k: usize,
}

impl Default for TopKCategoricalAccuracy {
    fn default() -> TopKCategoricalAccuracy {
        TopKCategoricalAccuracy { name: "top_k_categorical_accuracy".into(), k: 5 }
    }
}

impl TopKCategoricalAccuracy {
    /// The accuracy among the five highest scores.
    pub fn new() -> TopKCategoricalAccuracy {
        TopKCategoricalAccuracy::default()
    }

    /// How many of the highest scores count; at least 1.
    pub fn k(mut self, k: usize) -> TopKCategoricalAccuracy {
        self.k = k;
        self
    }

    /// The key in the logs.
    pub fn name(mut self, name: impl Into<String>) -> TopKCategoricalAccuracy {
        self.name = name.into();
        self
    }
}

#[typetag::serde(name = "top_k_categorical_accuracy")]
impl Metric for TopKCategoricalAccuracy {
    fn name(&self) -> &str {
        &self.name
    }

    fn objective(&self) -> Objective {
        Objective::Maximize
    }

    fn check_options(&self) -> Result<(), BuildError> {
        check_k(self.k)
    }

    fn check(&self, y_true: Shape, y_pred: Shape) -> Result<(), TargetError> {
        expect_one_hot(y_true, y_pred)
    }

    fn update(&self, sums: &mut [f64], batch: &MetricBatch<'_>) {
        count_right(sums, batch, classes_by_score(batch), |scores, class| is_in_top_k(scores, class, self.k));
    }
}

/// Among no scores there is nothing to find.
pub(super) fn check_k(k: usize) -> Result<(), BuildError> {
    if k == 0 { Err(BuildError::option("k", "at least 1", k)) } else { Ok(()) }
}
