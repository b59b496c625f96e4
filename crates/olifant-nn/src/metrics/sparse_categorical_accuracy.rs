//! The share of rows whose highest score is at the class index given as target.

use olifant_core::Shape;
use serde::{Deserialize, Serialize};

use super::ranking::{classes_by_index, count_right, expect_class_indices, is_first_maximum};
use crate::{Metric, MetricBatch, Objective, TargetError};

/// The share of predictions whose highest score is at the class index t: v = 1 if argmax p = t, else 0.
///
/// If several classes tie for the highest score, the first of them is predicted.
/// A prediction with a NaN among its scores is never right.
/// Scores may be probabilities or logits.
///
/// # Shapes
///
/// Predictions `[batch, …, classes]`, targets `[batch, …]` or `[batch, …, 1]`.
///
/// # Defaults
///
/// `name`: `"sparse_categorical_accuracy"`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Shape, TensorView};
/// use olifant_nn::{Metric, MetricBatch, metrics::SparseCategoricalAccuracy};
///
/// let accuracy = SparseCategoricalAccuracy::new();
/// let mut sums = [0.0; 2];
/// accuracy.update(&mut sums, &MetricBatch {
///     y_true: TensorView { data: &[2.0, 1.0], shape: Shape::from([2]) },
///     y_pred: TensorView { data: &[0.1, 0.6, 0.3, 0.05, 0.95, 0.0], shape: Shape::from([2, 3]) },
///     sample_weight: Some(&[0.7, 0.3]),
/// });
/// assert!((accuracy.result(&sums) - 0.3).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SparseCategoricalAccuracy {
    name: String,
}

impl Default for SparseCategoricalAccuracy {
    fn default() -> SparseCategoricalAccuracy {
        SparseCategoricalAccuracy { name: "sparse_categorical_accuracy".into() }
    }
}

impl SparseCategoricalAccuracy {
    /// The accuracy for class indices.
    pub fn new() -> SparseCategoricalAccuracy {
        SparseCategoricalAccuracy::default()
    }

    /// The key in the logs.
    pub fn name(mut self, name: impl Into<String>) -> SparseCategoricalAccuracy {
        self.name = name.into();
        self
    }
}

#[typetag::serde(name = "sparse_categorical_accuracy")]
impl Metric for SparseCategoricalAccuracy {
    fn name(&self) -> &str {
        &self.name
    }

    fn objective(&self) -> Objective {
        Objective::Maximize
    }

    fn check(&self, y_true: Shape, y_pred: Shape) -> Result<(), TargetError> {
        expect_class_indices(y_true, y_pred)
    }

    fn update(&self, sums: &mut [f64], batch: &MetricBatch<'_>) {
        count_class_indices(sums, batch);
    }
}

/// Adds the hits of a batch to the mean.
pub(super) fn count_class_indices(sums: &mut [f64], batch: &MetricBatch<'_>) {
    // Asking whether the target's score is the maximum is cheaper than looking for the maximum.
    count_right(sums, batch, classes_by_index(batch), is_first_maximum);
}
