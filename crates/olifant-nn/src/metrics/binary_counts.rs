//! How often a "yes" and a "no" are right.

use olifant_core::{Float, Shape};
use serde::{Deserialize, Serialize};

use super::top_k_categorical_accuracy::check_k;
use crate::{BuildError, MetricBatch, TargetError, loss::expect_same_shape};

/// What makes a prediction a "yes".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Decision {
    pub(super) thresholds: Option<Float>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) top_k: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) class_id: Option<usize>,
}

impl Decision {
    /// Adds to the sums of true positives, false positives, true negatives and false negatives.
    pub(super) fn count(&self, sums: &mut [f64], batch: &MetricBatch<'_>) {
        let default = if self.top_k.is_some() { Float::NEG_INFINITY } else { 0.5 };
        let threshold = self.thresholds.unwrap_or(default);
        for_each_answer(batch, self.class_id, |answer| {
            let is_yes = answer.prediction > threshold
                && self.top_k.is_none_or(|k| is_among_first(answer.row, answer.column, k));
            let place = match (is_yes, answer.is_positive) {
                (true, true) => 0,
                (true, false) => 1,
                (false, false) => 2,
                (false, true) => 3,
            };
            sums[place] += answer.weight;
        });
    }

    pub(super) fn check_options(&self) -> Result<(), BuildError> {
        if let Some(threshold) = self.thresholds {
            let is_right = (0.0..=1.0).contains(&threshold);
            BuildError::check_option("thresholds", "a number from 0 to 1", threshold, is_right)?;
        }
        check_k(self.top_k.unwrap_or(1)).map_err(|_| BuildError::option("top_k", "at least 1", 0))
    }
}

/// The answer to one yes-or-no question.
pub(super) struct Answer<'a> {
    pub(super) prediction: Float,
    /// Whether "yes" would be right.
    pub(super) is_positive: bool,
    pub(super) weight: f64,
    /// The predictions that stand along the last axis, and the place of this one.
    pub(super) row: &'a [Float],
    pub(super) column: usize,
}

/// Calls `each` with every answer of a batch, or with those in one column of the last axis.
pub(super) fn for_each_answer(
    batch: &MetricBatch<'_>,
    class_id: Option<usize>,
    mut each: impl FnMut(Answer<'_>),
) {
    let weights = batch.sample_weight;
    let answers_of_weight = weights.and_then(|weights| batch.y_pred.data.len().checked_div(weights.len()));
    for (number, row) in batch.y_pred.rows().enumerate() {
        let columns = class_id.map_or(0..row.len(), |class| class..(class + 1).min(row.len()));
        for column in columns {
            let place = number * row.len() + column;
            let Some(target) = batch.y_true.data.get(place) else { return };
            let of_weight = answers_of_weight.unwrap_or(1).max(1);
            let weight = weights.and_then(|weights| weights.get(place / of_weight));
            each(Answer {
                prediction: row[column],
                is_positive: *target != 0.0,
                weight: weight.map_or(1.0, |&weight| f64::from(weight)),
                row,
                column,
            });
        }
    }
}

/// Whether fewer than `k` places have a larger number, or the same number further in front.
fn is_among_first(row: &[Float], column: usize, k: usize) -> bool {
    let (before, rest) = row.split_at(column);
    let ahead = before.iter().filter(|&&other| other >= rest[0]).count();
    ahead + rest.iter().filter(|&&other| other > rest[0]).count() < k
}

/// Whether predictions have the targets' shape, and the class that is looked at.
pub(super) fn check_answers(
    class_id: Option<usize>,
    y_true: Shape,
    y_pred: Shape,
) -> Result<(), TargetError> {
    expect_same_shape(y_true, y_pred, "; for class indices use SparseCategoricalAccuracy")?;
    let classes = if y_pred.rank() < 2 { 1 } else { y_pred.last_axis().unwrap_or(1) };
    match class_id {
        Some(class) if class >= classes => {
            let expected = format!("a last axis in which there is the class {class}");
            Err(TargetError::shape(y_true, y_pred, expected, "; class_id counts from 0"))
        }
        _ => Ok(()),
    }
}

/// Writes a metric with `new`, `thresholds` and `name`.
///
/// It follows from how often a "yes" and a "no" are right: `|sums|` of true positives, false positives,
/// true negatives and false negatives.
macro_rules! counting_metric {
    ($(#[$doc:meta])* $Metric:ident, $name:tt, $objective:ident, |$sums:ident| $result:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $Metric {
            name: String,
            #[serde(flatten)]
            decision: super::binary_counts::Decision,
        }

        impl Default for $Metric {
            fn default() -> $Metric {
                $Metric { name: $name.into(), decision: Default::default() }
            }
        }

        impl $Metric {
            /// The metric with a threshold of one half.
            pub fn new() -> $Metric {
                $Metric::default()
            }

            /// Predictions above this number are a "yes"; from 0 to 1.
            pub fn thresholds(mut self, threshold: olifant_core::Float) -> $Metric {
                self.decision.thresholds = Some(threshold);
                self
            }

            /// The key in the logs.
            pub fn name(mut self, name: impl Into<String>) -> $Metric {
                self.name = name.into();
                self
            }
        }

        #[typetag::serde(name = $name)]
        impl $crate::Metric for $Metric {
            fn name(&self) -> &str {
                &self.name
            }

            fn objective(&self) -> $crate::Objective {
                $crate::Objective::$objective
            }

            fn check_options(&self) -> Result<(), $crate::BuildError> {
                self.decision.check_options()
            }

            fn check(
                &self,
                y_true: olifant_core::Shape,
                y_pred: olifant_core::Shape,
            ) -> Result<(), $crate::TargetError> {
                super::binary_counts::check_answers(self.decision.class_id, y_true, y_pred)
            }

            fn sums(&self) -> usize {
                4
            }

            fn update(&self, sums: &mut [f64], batch: &$crate::MetricBatch<'_>) {
                self.decision.count(sums, batch);
            }

            fn result(&self, $sums: &[f64]) -> f64 {
                $result
            }
        }
    };
}
pub(super) use counting_metric;

/// Writes `top_k` and `class_id`, the builder methods for what concerns whole rows.
macro_rules! options_of_rows {
    ($Metric:ident) => {
        impl $Metric {
            /// Only the k largest predictions of each row can be a "yes"; without `thresholds` they all are.
            pub fn top_k(mut self, top_k: usize) -> $Metric {
                self.decision.top_k = Some(top_k);
                self
            }

            /// Only this class counts: a place on the last axis, from 0.
            pub fn class_id(mut self, class_id: usize) -> $Metric {
                self.decision.class_id = Some(class_id);
                self
            }
        }
    };
}
pub(super) use options_of_rows;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_predictions_the_first_are_among_the_first() {
        let row = [0.2, 0.5, 0.5, 0.5];
        let first = |k| (0..4).filter(|&column| is_among_first(&row, column, k)).collect::<Vec<_>>();
        assert_eq!(first(2), [1, 2]);
        assert_eq!(first(4), [0, 1, 2, 3]);
        assert_eq!(first(9), [0, 1, 2, 3]);
    }
}
