//! How much of the variance of the targets is explained.

use olifant_core::Shape;
use serde::{Deserialize, Serialize};

use crate::{Metric, MetricBatch, Objective, TargetError, loss::expect_same_shape};

/// How much of the variance of the targets is explained: R² = 1 − Σ (t − p)² / Σ (t − mean t)², for each output.
///
/// 1 is all of it, 0 no more than the mean of the targets would; worse than that is below 0.
/// With k `num_regressors` it is adjusted: 1 − (1 − R²)(n − 1) / (n − k − 1), with n targets.
///
/// # Shapes
///
/// Predictions and targets `[batch, outputs]`, or `[batch]` in either if there is one output.
///
/// # Defaults
///
/// `class_aggregation` the uniform average; `num_regressors` 0; `name`: `"r2_score"`.
/// Keras can give a list with the R² of each output: here there is an average.
///
/// # Examples
///
/// ```
/// use olifant_core::{Shape, TensorView};
/// use olifant_nn::{Metric, MetricBatch, metrics::R2Score};
///
/// let score = R2Score::new();
/// let mut sums = vec![0.0; score.sums_for(Shape::from([1]))];
/// score.update(&mut sums, &MetricBatch {
///     y_true: TensorView { data: &[1.0, 4.0, 3.0], shape: Shape::from([3, 1]) },
///     y_pred: TensorView { data: &[2.0, 4.0, 4.0], shape: Shape::from([3, 1]) },
///     sample_weight: None,
/// });
/// assert!((score.result(&sums) - 4.0 / 7.0).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct R2Score {
    name: String,
    class_aggregation: ClassAggregation,
    num_regressors: u64,
}

/// How the R² of several outputs become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassAggregation {
    /// Their mean.
    #[default]
    UniformAverage,
    /// Their mean, weighed by the variance of each output's targets.
    VarianceWeightedAverage,
}

impl Default for R2Score {
    fn default() -> R2Score {
        R2Score {
            name: "r2_score".into(),
            class_aggregation: ClassAggregation::UniformAverage,
            num_regressors: 0,
        }
    }
}

impl R2Score {
    /// The mean over the outputs, not adjusted.
    pub fn new() -> R2Score {
        R2Score::default()
    }

    /// How the R² of several outputs become one.
    pub fn class_aggregation(mut self, class_aggregation: ClassAggregation) -> R2Score {
        self.class_aggregation = class_aggregation;
        self
    }

    /// How many independent variables the predictions follow from, for the adjusted R².
    pub fn num_regressors(mut self, num_regressors: u64) -> R2Score {
        self.num_regressors = num_regressors;
        self
    }

    /// The key in the logs.
    pub fn name(mut self, name: impl Into<String>) -> R2Score {
        self.name = name.into();
        self
    }
}

/// The sums of one output: Σ w, Σ w t, Σ w t², Σ w (t − p)². In front of all outputs stands the number of targets.
const SUMS: usize = 4;

#[typetag::serde(name = "r2_score")]
impl Metric for R2Score {
    fn name(&self) -> &str {
        &self.name
    }

    fn objective(&self) -> Objective {
        Objective::Maximize
    }

    fn check(&self, y_true: Shape, y_pred: Shape) -> Result<(), TargetError> {
        expect_same_shape(y_true, y_pred, "; for class indices use Accuracy")?;
        if y_pred.rank() <= 2 {
            return Ok(());
        }
        Err(TargetError::shape(
            y_true,
            y_pred,
            "two axes, [batch, outputs]",
            "; put a Flatten behind the last layer",
        ))
    }

    fn sums(&self) -> usize {
        1 + SUMS
    }

    fn sums_for(&self, prediction: Shape) -> usize {
        1 + SUMS * prediction.last_axis().unwrap_or(1)
    }

    fn update(&self, sums: &mut [f64], batch: &MetricBatch<'_>) {
        let (count, outputs) = sums.split_at_mut(1);
        let columns = outputs.len() / SUMS;
        let pairs = batch.y_true.data.iter().zip(batch.y_pred.data);
        for (place, (&t, &p)) in pairs.enumerate() {
            let weight = batch.sample_weight.and_then(|weights| weights.get(place / columns));
            let weight = weight.map_or(1.0, |&weight| f64::from(weight));
            let (t, p) = (f64::from(t), f64::from(p));
            let sums = &mut outputs[place % columns * SUMS..][..SUMS];
            sums[0] += weight;
            sums[1] += weight * t;
            sums[2] += weight * t * t;
            sums[3] += weight * (t - p) * (t - p);
            count[0] += 1.0;
        }
    }

    fn result(&self, sums: &[f64]) -> f64 {
        let [count, outputs @ ..] = sums else { return 0.0 };
        if *count == 0.0 {
            return 0.0;
        }
        let variances = || outputs.chunks_exact(SUMS).map(|sums| sums[2] - sums[1] * sums[1] / sums[0]);
        let scores = outputs.chunks_exact(SUMS).zip(variances()).map(|(sums, variance)| {
            let score = 1.0 - sums[3] / variance;
            if score.is_infinite() { 0.0 } else { score }
        });
        let score = match self.class_aggregation {
            ClassAggregation::UniformAverage => scores.sum::<f64>() / variances().len() as f64,
            ClassAggregation::VarianceWeightedAverage => {
                let weighted: f64 = scores.zip(variances()).map(|(score, variance)| score * variance).sum();
                weighted / variances().sum::<f64>()
            }
        };
        let free = count - self.num_regressors as f64 - 1.0;
        // As in Keras, with too few targets nothing is adjusted.
        if self.num_regressors == 0 || free <= 0.0 {
            score
        } else {
            1.0 - (1.0 - score) * (count - 1.0) / free
        }
    }
}
