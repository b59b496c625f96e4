//! The mean of precision and recall, of which one counts more.

use serde::{Deserialize, Serialize};

use super::f_score::{Scoring, methods_of_scoring, options_of_scoring};
use crate::{BuildError, Metric};

/// The harmonic mean of precision P and recall R, in which recall counts β times as much: (1 + β²) P R / (β² P + R).
///
/// # Shapes
///
/// Predictions and targets `[batch, classes]`.
///
/// # Defaults
///
/// - `average`: macro. Keras's default is a list with the score of each class: here that is `class_id`, one metric for each.
/// - `beta`: 1.
/// - `threshold`: none; the highest score of each row is the answer.
/// - `name`: `"fbeta_score"`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Shape, TensorView};
/// use olifant_nn::{Metric, MetricBatch, metrics::FBetaScore};
///
/// let score = FBetaScore::new().beta(2.0).class_id(0);
/// let mut sums = vec![0.0; score.sums_for(Shape::from([2]))];
/// score.update(&mut sums, &MetricBatch {
///     y_true: TensorView { data: &[1.0, 0.0, 1.0, 0.0, 0.0, 1.0], shape: Shape::from([3, 2]) },
///     y_pred: TensorView { data: &[0.9, 0.1, 0.2, 0.8, 0.3, 0.7], shape: Shape::from([3, 2]) },
///     sample_weight: None,
/// });
/// assert!((score.result(&sums) - 5.0 / 9.0).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FBetaScore {
    name: String,
    beta: f64,
    #[serde(flatten)]
    scoring: Scoring,
}

impl Default for FBetaScore {
    fn default() -> FBetaScore {
        FBetaScore { name: "fbeta_score".into(), beta: 1.0, scoring: Scoring::default() }
    }
}

impl FBetaScore {
    /// The mean over the classes, with β = 1.
    pub fn new() -> FBetaScore {
        FBetaScore::default()
    }

    /// β: how much more recall counts than precision; above 0.
    pub fn beta(mut self, beta: f64) -> FBetaScore {
        self.beta = beta;
        self
    }
}

options_of_scoring!(FBetaScore);

#[typetag::serde(name = "fbeta_score")]
impl Metric for FBetaScore {
    methods_of_scoring!();

    fn check_options(&self) -> Result<(), BuildError> {
        let is_right = self.beta > 0.0 && self.beta.is_finite();
        BuildError::check_option("beta", "a number above 0", self.beta, is_right)?;
        self.scoring.check_options()
    }

    fn result(&self, sums: &[f64]) -> f64 {
        self.scoring.score(self.beta, sums)
    }
}
