//! The mean of the absolute errors.

use olifant_core::Shape;
use serde::{Deserialize, Serialize};

use super::weighted_mean::add_to_mean;
use crate::{Metric, MetricBatch, Objective, TargetError, loss::expect_same_shape};

/// The mean of the absolute errors: v = |t − p|.
///
/// # Shapes
///
/// Predictions and targets `[batch, …]`; a last axis of size 1 may be missing in either.
///
/// # Defaults
///
/// `name`: `"mean_absolute_error"`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Shape, TensorView};
/// use olifant_nn::{Metric, MetricBatch, metrics::MeanAbsoluteError};
///
/// let error = MeanAbsoluteError::new();
/// let mut sums = [0.0; 2];
/// error.update(&mut sums, &MetricBatch {
///     y_true: TensorView { data: &[0.0, 1.0, 0.0, 0.0], shape: Shape::from([2, 2]) },
///     y_pred: TensorView { data: &[1.0, 1.0, 0.0, 0.0], shape: Shape::from([2, 2]) },
///     sample_weight: None,
/// });
/// assert_eq!(error.result(&sums), 0.25);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MeanAbsoluteError {
    name: String,
}

impl Default for MeanAbsoluteError {
    fn default() -> MeanAbsoluteError {
        MeanAbsoluteError { name: "mean_absolute_error".into() }
    }
}

impl MeanAbsoluteError {
    /// The error under the name `"mean_absolute_error"`.
    pub fn new() -> MeanAbsoluteError {
        MeanAbsoluteError::default()
    }

    /// The key in the logs.
    pub fn name(mut self, name: impl Into<String>) -> MeanAbsoluteError {
        self.name = name.into();
        self
    }
}

#[typetag::serde(name = "mean_absolute_error")]
impl Metric for MeanAbsoluteError {
    fn name(&self) -> &str {
        &self.name
    }

    fn objective(&self) -> Objective {
        Objective::Minimize
    }

    fn check(&self, y_true: Shape, y_pred: Shape) -> Result<(), TargetError> {
        expect_same_shape(y_true, y_pred, "; for class indices use Accuracy")
    }

    fn update(&self, sums: &mut [f64], batch: &MetricBatch<'_>) {
        let pairs = batch.y_true.data.iter().zip(batch.y_pred.data);
        add_to_mean(sums, batch, pairs.map(|(t, p)| f64::from(t - p).abs()));
    }
}
