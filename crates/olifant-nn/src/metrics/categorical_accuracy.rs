//! The share of rows whose highest score is where the target's is.

use olifant_core::Shape;
use serde::{Deserialize, Serialize};

use super::ranking::{classes_by_score, count_right, expect_one_hot, is_first_maximum};
use crate::{Metric, MetricBatch, Objective, TargetError};

/// The share of predictions whose highest score is where the target's is: v = 1 if argmax p = argmax t, else 0.
///
/// If several classes tie for the highest score, the first of them counts.
/// A prediction with a NaN among its scores is never right.
/// Scores may be probabilities or logits, and targets one-hot or soft.
///
/// # Shapes
///
/// Predictions and targets `[batch, …, classes]`.
///
/// # Defaults
///
/// `name`: `"categorical_accuracy"`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Shape, TensorView};
/// use olifant_nn::{Metric, MetricBatch, metrics::CategoricalAccuracy};
///
/// let accuracy = CategoricalAccuracy::new();
/// let mut sums = [0.0; 2];
/// accuracy.update(&mut sums, &MetricBatch {
///     y_true: TensorView { data: &[0.0, 0.0, 1.0, 0.0, 1.0, 0.0], shape: Shape::from([2, 3]) },
///     y_pred: TensorView { data: &[0.1, 0.9, 0.8, 0.05, 0.95, 0.0], shape: Shape::from([2, 3]) },
///     sample_weight: None,
/// });
/// assert_eq!(accuracy.result(&sums), 0.5);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CategoricalAccuracy {
    name: String,
}

impl Default for CategoricalAccuracy {
    fn default() -> CategoricalAccuracy {
        CategoricalAccuracy { name: "categorical_accuracy".into() }
    }
}

impl CategoricalAccuracy {
    /// The accuracy for one-hot targets.
    pub fn new() -> CategoricalAccuracy {
        CategoricalAccuracy::default()
    }

    /// The key in the logs.
    pub fn name(mut self, name: impl Into<String>) -> CategoricalAccuracy {
        self.name = name.into();
        self
    }
}

#[typetag::serde(name = "categorical_accuracy")]
impl Metric for CategoricalAccuracy {
    fn name(&self) -> &str {
        &self.name
    }

    fn objective(&self) -> Objective {
        Objective::Maximize
    }

    fn check(&self, y_true: Shape, y_pred: Shape) -> Result<(), TargetError> {
        expect_one_hot(y_true, y_pred)
    }

    fn update(&self, sums: &mut [f64], batch: &MetricBatch<'_>) {
        count_one_hot(sums, batch);
    }
}

/// Adds the hits of a batch to the mean.
pub(super) fn count_one_hot(sums: &mut [f64], batch: &MetricBatch<'_>) {
    count_right(sums, batch, classes_by_score(batch), is_first_maximum);
}
