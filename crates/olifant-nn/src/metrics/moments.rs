//! How the targets and predictions of a row vary, and vary together.

use olifant_core::Float;

use super::weighted_mean::add_to_mean;
use crate::MetricBatch;

/// Means, variances and covariance of one row.
pub(super) struct Moments {
    pub(super) mean_of_targets: f64,
    pub(super) mean_of_predictions: f64,
    pub(super) variance_of_targets: f64,
    pub(super) variance_of_predictions: f64,
    pub(super) covariance: f64,
}

impl Moments {
    fn of(targets: &[Float], predictions: &[Float]) -> Moments {
        let count = targets.len() as f64;
        let mean = |values: &[Float]| values.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        let means = [mean(targets), mean(predictions)];
        let [mut of_targets, mut of_predictions, mut of_both] = [0.0; 3];
        for (&t, &p) in targets.iter().zip(predictions) {
            let [t, p] = [f64::from(t) - means[0], f64::from(p) - means[1]];
            of_targets += t * t;
            of_predictions += p * p;
            of_both += t * p;
        }
        Moments {
            mean_of_targets: means[0],
            mean_of_predictions: means[1],
            variance_of_targets: of_targets / count,
            variance_of_predictions: of_predictions / count,
            covariance: of_both / count,
        }
    }
}

/// Adds what follows from each row's moments to the mean.
pub(super) fn add_rows(sums: &mut [f64], batch: &MetricBatch<'_>, value: impl Fn(Moments) -> f64) {
    let rows = batch.y_true.rows().zip(batch.y_pred.rows());
    add_to_mean(sums, batch, rows.map(|(targets, predictions)| value(Moments::of(targets, predictions))));
}

/// Writes a metric with `new` and `name`, which follows from the moments of each row.
macro_rules! correlation {
    ($(#[$doc:meta])* $Metric:ident, $name:tt, |$moments:ident| $value:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $Metric {
            name: String,
        }

        impl Default for $Metric {
            fn default() -> $Metric {
                $Metric { name: $name.into() }
            }
        }

        impl $Metric {
            #[doc = concat!("The metric under the name `\"", $name, "\"`.")]
            pub fn new() -> $Metric {
                $Metric::default()
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

            fn check(
                &self,
                y_true: olifant_core::Shape,
                y_pred: olifant_core::Shape,
            ) -> Result<(), $crate::TargetError> {
                $crate::loss::expect_one_hot(y_true, y_pred, "; for class indices use Accuracy")
            }

            fn update(&self, sums: &mut [f64], batch: &$crate::MetricBatch<'_>) {
                super::moments::add_rows(sums, batch, |$moments| $value);
            }
        }
    };
}
pub(super) use correlation;
