//! The root of the mean of the squared errors.

use olifant_core::Shape;
use serde::{Deserialize, Serialize};

use super::weighted_mean::add_to_mean;
use crate::{Metric, MetricBatch, Objective, TargetError, loss::expect_same_shape};

/// The root of the mean of the squared errors: √(Σ w (t − p)² / Σ w).
///
/// The root is taken at the end, of the mean over all batches.
///
/// # Shapes
///
/// Predictions and targets `[batch, …]`; a last axis of size 1 may be missing in either.
///
/// # Defaults
///
/// `name`: `"root_mean_squared_error"`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Shape, TensorView};
/// use olifant_nn::{Metric, MetricBatch, metrics::RootMeanSquaredError};
///
/// let error = RootMeanSquaredError::new();
/// let mut sums = [0.0; 2];
/// error.update(&mut sums, &MetricBatch {
///     y_true: TensorView { data: &[0.0, 1.0, 0.0, 0.0], shape: Shape::from([2, 2]) },
///     y_pred: TensorView { data: &[1.0, 1.0, 0.0, 0.0], shape: Shape::from([2, 2]) },
///     sample_weight: None,
/// });
/// assert_eq!(error.result(&sums), 0.5);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RootMeanSquaredError {
    name: String,
}

impl Default for RootMeanSquaredError {
    fn default() -> RootMeanSquaredError {
        RootMeanSquaredError { name: "root_mean_squared_error".into() }
    }
}

impl RootMeanSquaredError {
    /// The error under the name `"root_mean_squared_error"`.
    pub fn new() -> RootMeanSquaredError {
        RootMeanSquaredError::default()
    }

    /// The key in the logs.
    pub fn name(mut self, name: impl Into<String>) -> RootMeanSquaredError {
        self.name = name.into();
        self
    }
}

#[typetag::serde(name = "root_mean_squared_error")]
impl Metric for RootMeanSquaredError {
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
        add_to_mean(sums, batch, pairs.map(|(t, p)| f64::from(t - p).powi(2)));
    }

    fn result(&self, sums: &[f64]) -> f64 {
        if sums[1] == 0.0 { 0.0 } else { (sums[0] / sums[1]).sqrt() }
    }
}
