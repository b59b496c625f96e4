//! The harmonic mean of precision and recall.

use serde::{Deserialize, Serialize};

use super::f_score::{Scoring, methods_of_scoring, options_of_scoring};
use crate::{BuildError, Metric};

/// The harmonic mean of precision P and recall R: 2 P R / (P + R).
///
/// # Shapes
///
/// Predictions and targets `[batch, classes]`.
///
/// # Defaults
///
/// - `average`: macro. Keras's default is a list with the score of each class: here that is `class_id`, one metric for each.
/// - `threshold`: none; the highest score of each row is the answer.
/// - `name`: `"f1_score"`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Shape, TensorView};
/// use olifant_nn::{Metric, MetricBatch, metrics::{Average, F1Score}};
///
/// let score = F1Score::new().average(Average::Micro);
/// let mut sums = vec![0.0; score.sums_for(Shape::from([2]))];
/// score.update(&mut sums, &MetricBatch {
///     y_true: TensorView { data: &[1.0, 0.0, 1.0, 0.0, 0.0, 1.0], shape: Shape::from([3, 2]) },
///     y_pred: TensorView { data: &[0.9, 0.1, 0.2, 0.8, 0.3, 0.7], shape: Shape::from([3, 2]) },
///     sample_weight: None,
/// });
/// assert!((score.result(&sums) - 2.0 / 3.0).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct F1Score {
    name: String,
    #[serde(flatten)]
    scoring: Scoring,
}

impl Default for F1Score {
    fn default() -> F1Score {
        F1Score { name: "f1_score".into(), scoring: Scoring::default() }
    }
}

impl F1Score {
    /// The mean over the classes.
    pub fn new() -> F1Score {
        F1Score::default()
    }
}

options_of_scoring!(F1Score);

#[typetag::serde(name = "f1_score")]
impl Metric for F1Score {
    methods_of_scoring!();

    fn check_options(&self) -> Result<(), BuildError> {
        self.scoring.check_options()
    }

    fn result(&self, sums: &[f64]) -> f64 {
        self.scoring.score(1.0, sums)
    }
}
