//! The share of right predictions, whatever the targets look like.

use olifant_core::Shape;
use serde::{Deserialize, Serialize};

use super::{
    binary_accuracy::count_binary, categorical_accuracy::count_one_hot,
    sparse_categorical_accuracy::count_class_indices,
};
use crate::{Metric, MetricBatch, Objective, TargetError, loss::expect_same_shape};

/// The share of right predictions; what "right" means follows from the shapes, as with Keras's `"accuracy"`.
///
/// | predictions | targets | counted as |
/// |---|---|---|
/// | `[batch, …, 1]` | any | [`BinaryAccuracy`](super::BinaryAccuracy) with threshold 0.5 |
/// | `[batch, …, classes]` | `[batch, …]` or `[batch, …, 1]` | [`SparseCategoricalAccuracy`](super::SparseCategoricalAccuracy) |
/// | `[batch, …, classes]` | `[batch, …, classes]` | [`CategoricalAccuracy`](super::CategoricalAccuracy) |
///
/// # Defaults
///
/// `name`: `"accuracy"`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Shape, TensorView};
/// use olifant_nn::{Metric, MetricBatch, metrics::Accuracy};
///
/// let accuracy = Accuracy::new();
/// let mut sums = [0.0; 2];
/// accuracy.update(&mut sums, &MetricBatch {
///     y_true: TensorView { data: &[2.0, 0.0], shape: Shape::from([2]) },
///     y_pred: TensorView { data: &[0.1, 0.2, 0.7, 0.3, 0.5, 0.2], shape: Shape::from([2, 3]) },
///     sample_weight: None,
/// });
/// assert_eq!(accuracy.result(&sums), 0.5);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Accuracy {
    name: String,
}

impl Default for Accuracy {
    fn default() -> Accuracy {
        Accuracy { name: "accuracy".into() }
    }
}

impl Accuracy {
    /// The accuracy under the name `"accuracy"`.
    pub fn new() -> Accuracy {
        Accuracy::default()
    }

    /// The key in the logs.
    pub fn name(mut self, name: impl Into<String>) -> Accuracy {
        self.name = name.into();
        self
    }
}

#[typetag::serde(name = "accuracy")]
impl Metric for Accuracy {
    fn name(&self) -> &str {
        &self.name
    }

    fn objective(&self) -> Objective {
        Objective::Maximize
    }

    fn check(&self, y_true: Shape, y_pred: Shape) -> Result<(), TargetError> {
        match Targets::of(y_true, y_pred) {
            Targets::Binary | Targets::OneHot => {
                expect_same_shape(y_true, y_pred, "; check the units of the last layer")
            }
            Targets::ClassIndices => super::ranking::expect_class_indices(y_true, y_pred),
        }
    }

    fn update(&self, sums: &mut [f64], batch: &MetricBatch<'_>) {
        match Targets::of(batch.y_true.shape, batch.y_pred.shape) {
            Targets::Binary => count_binary(sums, batch, 0.5),
            Targets::ClassIndices => count_class_indices(sums, batch),
            Targets::OneHot => count_one_hot(sums, batch),
        }
    }
}

/// What the targets are.
enum Targets {
    Binary,
    ClassIndices,
    OneHot,
}

impl Targets {
    /// What shapes say; predictions without an axis besides the batch are one number per sample.
    fn of(y_true: Shape, y_pred: Shape) -> Targets {
        let classes = y_pred.without_batch().last_axis().unwrap_or(1);
        let last_of_targets = y_true.last_axis().unwrap_or(1);
        if classes == 1 {
            Targets::Binary
        } else if y_true.rank() < y_pred.rank() || last_of_targets == 1 {
            Targets::ClassIndices
        } else {
            Targets::OneHot
        }
    }
}
