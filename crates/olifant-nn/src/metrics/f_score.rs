//! Means of precision and recall.

use olifant_core::{Float, Shape};
use serde::{Deserialize, Serialize};

use super::ratio::ratio;
use crate::{BuildError, MetricBatch, TargetError, loss::expect_one_hot};

/// How the scores of several classes become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Average {
    /// The mean of the classes' scores.
    #[default]
    Macro,
    /// The score of all answers together.
    Micro,
    /// The mean of the classes' scores, weighed by how often each class is right.
    Weighted,
}

/// The options that scores have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Scoring {
    pub(super) average: Average,
    pub(super) threshold: Option<Float>,
    pub(super) class_id: Option<usize>,
}

impl Default for Scoring {
    fn default() -> Scoring {
        Scoring { average: Average::Macro, threshold: None, class_id: None }
    }
}

/// The sums of one class: what is rightly and wrongly answered "yes", wrongly "no", and how often "yes" is right.
const SUMS: usize = 4;

/// Keras's `epsilon()`, which it adds to all divisors.
const EPSILON: f64 = 1e-7;

impl Scoring {
    pub(super) fn check_options(&self) -> Result<(), BuildError> {
        let Some(threshold) = self.threshold else { return Ok(()) };
        let is_right = threshold > 0.0 && threshold <= 1.0;
        BuildError::check_option("threshold", "a number above 0, to 1", threshold, is_right)
    }

    pub(super) fn check(&self, y_true: Shape, y_pred: Shape) -> Result<(), TargetError> {
        expect_one_hot(y_true, y_pred, "; for class indices there is SparseCategoricalAccuracy")?;
        match (y_pred.rank(), self.class_id) {
            (2, Some(class)) if class >= y_pred.axes()[1] => {
                let expected = format!("a last axis in which there is the class {class}");
                Err(TargetError::shape(y_true, y_pred, expected, "; class_id counts from 0"))
            }
            (2, _) => Ok(()),
            _ => Err(TargetError::shape(y_true, y_pred, "two axes, [batch, classes]", "")),
        }
    }

    pub(super) fn sums_for(&self, prediction: Shape) -> usize {
        SUMS * prediction.last_axis().unwrap_or(1)
    }

    /// Adds a batch to the sums of each class.
    pub(super) fn count(&self, sums: &mut [f64], batch: &MetricBatch<'_>) {
        let rows = batch.y_true.rows().zip(batch.y_pred.rows());
        for (sample, (targets, scores)) in rows.enumerate() {
            let weight = batch.sample_weight.and_then(|weights| weights.get(sample));
            let weight = weight.map_or(1.0, |&weight| f64::from(weight));
            let highest = scores.iter().copied().fold(Float::NEG_INFINITY, Float::max);
            for ((&t, &p), sums) in targets.iter().zip(scores).zip(sums.chunks_exact_mut(SUMS)) {
                let is_yes = match self.threshold {
                    Some(threshold) => p > threshold,
                    // A row of zeros is no answer.
                    None => p >= highest && p.abs() > 1e-9,
                };
                let (yes, t) = (f64::from(u8::from(is_yes)), f64::from(t));
                sums[0] += weight * yes * t;
                sums[1] += weight * yes * (1.0 - t);
                sums[2] += weight * (1.0 - yes) * t;
                sums[3] += weight * t;
            }
        }
    }

    /// The F-score with this β.
    pub(super) fn score(&self, beta: f64, sums: &[f64]) -> f64 {
        let classes = || sums.chunks_exact(SUMS);
        if let Some(class) = self.class_id {
            return classes().nth(class).map_or(0.0, |sums| f_score(beta, sums));
        }
        match self.average {
            Average::Macro => ratio(classes().map(|sums| f_score(beta, sums)).sum(), classes().len() as f64),
            Average::Micro => {
                let total = |place| classes().map(|sums| sums[place]).sum();
                f_score(beta, &[total(0), total(1), total(2)])
            }
            Average::Weighted => {
                let total: f64 = classes().map(|sums| sums[3]).sum();
                classes().map(|sums| f_score(beta, sums) * sums[3] / (total + EPSILON)).sum()
            }
        }
    }
}

/// (1 + β²) P R / (β² P + R), of precision P and recall R.
fn f_score(beta: f64, sums: &[f64]) -> f64 {
    let precision = sums[0] / (sums[0] + sums[1] + EPSILON);
    let recall = sums[0] / (sums[0] + sums[2] + EPSILON);
    (1.0 + beta * beta) * precision * recall / (beta * beta * precision + recall + EPSILON)
}

/// Writes `average`, `threshold`, `class_id` and `name`, for a metric whose field `scoring` has the options.
macro_rules! options_of_scoring {
    ($Metric:ident) => {
        impl $Metric {
            /// How the scores of the classes become one.
            pub fn average(mut self, average: super::Average) -> $Metric {
                self.scoring.average = average;
                self
            }

            /// Predictions above this number are a "yes", above 0 to 1; without it, the highest of each row is.
            pub fn threshold(mut self, threshold: olifant_core::Float) -> $Metric {
                self.scoring.threshold = Some(threshold);
                self
            }

            /// The score of this class alone, from 0.
            pub fn class_id(mut self, class_id: usize) -> $Metric {
                self.scoring.class_id = Some(class_id);
                self
            }

            /// The key in the logs.
            pub fn name(mut self, name: impl Into<String>) -> $Metric {
                self.name = name.into();
                self
            }
        }
    };
}
pub(super) use options_of_scoring;

/// Writes `name`, `objective`, `check`, `update` and `sums_for` of the trait, which are the same for all scores.
macro_rules! methods_of_scoring {
    () => {
        $crate::metrics::methods_of_part::methods_of_part!(scoring);

        fn sums_for(&self, prediction: olifant_core::Shape) -> usize {
            self.scoring.sums_for(prediction)
        }
    };
}
pub(super) use methods_of_scoring;
