//! What is best among the thresholds that are good enough in another respect.

use olifant_core::Float;

use super::{
    binary_counts::for_each_answer,
    curve::{Point, points},
};
use crate::{BuildError, MetricBatch};

/// Counts for each of some thresholds, evenly spaced from 0 to 1, the answers above it. A single one is ½.
pub(super) fn count_above_each(
    sums: &mut [f64],
    batch: &MetricBatch<'_>,
    num_thresholds: usize,
    class_id: Option<usize>,
) {
    for_each_answer(batch, class_id, |answer| {
        let prediction = answer.prediction.clamp(0.0, 1.0);
        // What is not a number is above no threshold.
        let above = match num_thresholds {
            1 => usize::from(prediction > 0.5),
            _ => (prediction * (num_thresholds - 1) as Float).ceil() as usize,
        };
        let first = if answer.is_positive { 0 } else { num_thresholds + 1 };
        sums[first + above] += answer.weight;
    });
}

/// The largest of one thing at the thresholds where another is large enough, or 0.
pub(super) fn best(
    sums: &[f64],
    enough: f64,
    limited: impl Fn(Point) -> f64,
    wanted: impl Fn(Point) -> f64,
) -> f64 {
    points(sums).filter(|&point| limited(point) >= enough).map(wanted).fold(0.0, f64::max)
}

pub(super) fn check_options(
    option: &'static str,
    value: f64,
    num_thresholds: usize,
) -> Result<(), BuildError> {
    BuildError::check_option(option, "a number from 0 to 1", value, (0.0..=1.0).contains(&value))?;
    BuildError::check_option("num_thresholds", "at least 1", num_thresholds, num_thresholds > 0)
}

/// Writes a metric with `new`, `num_thresholds`, `class_id` and `name`.
///
/// It is the best of one thing at the thresholds where another is at least what is given.
macro_rules! best_at_least {
    ($(#[$doc:meta])* $Metric:ident, $name:tt, $given:ident, $limited:expr, $wanted:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $Metric {
            #[serde(default = "name")]
            name: String,
            $given: f64,
            #[serde(default = "num_thresholds")]
            num_thresholds: usize,
            #[serde(default)]
            class_id: Option<usize>,
        }

        fn name() -> String {
            $name.into()
        }

        fn num_thresholds() -> usize {
            200
        }

        impl $Metric {
            #[doc = concat!("The metric at this ", stringify!($given), ", from 0 to 1.")]
            pub fn new($given: f64) -> $Metric {
                $Metric { name: name(), $given, num_thresholds: num_thresholds(), class_id: None }
            }

            /// Among how many thresholds the best is looked for; at least 1.
            pub fn num_thresholds(mut self, num_thresholds: usize) -> $Metric {
                self.num_thresholds = num_thresholds;
                self
            }

            /// Only this class counts: a place on the last axis, from 0.
            pub fn class_id(mut self, class_id: usize) -> $Metric {
                self.class_id = Some(class_id);
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
                $crate::Objective::Maximize
            }

            fn check_options(&self) -> Result<(), $crate::BuildError> {
                super::operating_point::check_options(stringify!($given), self.$given, self.num_thresholds)
            }

            fn check(
                &self,
                y_true: olifant_core::Shape,
                y_pred: olifant_core::Shape,
            ) -> Result<(), $crate::TargetError> {
                super::binary_counts::check_answers(self.class_id, y_true, y_pred)
            }

            fn sums(&self) -> usize {
                2 * (self.num_thresholds + 1)
            }

            fn update(&self, sums: &mut [f64], batch: &$crate::MetricBatch<'_>) {
                super::operating_point::count_above_each(sums, batch, self.num_thresholds, self.class_id);
            }

            fn result(&self, sums: &[f64]) -> f64 {
                super::operating_point::best(sums, self.$given, $limited, $wanted)
            }
        }
    };
}
pub(super) use best_at_least;
