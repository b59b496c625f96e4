//! The overlap of the answers to yes-or-no questions.

use olifant_core::{Float, Shape};
use serde::{Deserialize, Serialize};

use super::{
    binary_counts::for_each_answer,
    overlaps::{Overlaps, check_target_classes},
};
use crate::{BuildError, Metric, MetricBatch, Objective, TargetError, loss::expect_same_shape};

/// The mean over the classes "no", 0, and "yes", 1, of how much of the region that is it, or is taken for it, is both: TP / (TP + FP + FN).
///
/// A prediction from the threshold on is a "yes". A class that never occurs does not count.
/// As all metrics it weighs with the weights as they are; Keras rounds them down to whole numbers, unless its `dtype` is a float.
///
/// # Shapes
///
/// Predictions and targets `[batch, …]`; a last axis of size 1 may be missing in either.
///
/// # Defaults
///
/// `target_class_ids` \[0, 1\]; `threshold` 0.5; `name`: `"binary_io_u"`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Shape, TensorView};
/// use olifant_nn::{Metric, MetricBatch, metrics::BinaryIoU};
///
/// let metric = BinaryIoU::new();
/// let mut sums = vec![0.0; metric.sums()];
/// metric.update(&mut sums, &MetricBatch {
///     y_true: TensorView { data: &[0.0, 1.0, 0.0, 1.0], shape: Shape::from([4]) },
///     y_pred: TensorView { data: &[0.1, 0.2, 0.4, 0.7], shape: Shape::from([4]) },
///     sample_weight: None,
/// });
/// assert!((metric.result(&sums) - (2.0 / 3.0 + 1.0 / 2.0) / 2.0).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BinaryIoU {
    name: String,
    target_class_ids: Vec<usize>,
    threshold: Float,
}

impl Default for BinaryIoU {
    fn default() -> BinaryIoU {
        BinaryIoU { name: "binary_io_u".into(), target_class_ids: vec![0, 1], threshold: 0.5 }
    }
}

impl BinaryIoU {
    /// The mean of both overlaps, with a threshold of one half.
    pub fn new() -> BinaryIoU {
        BinaryIoU::default()
    }

    /// Whose overlaps count: 0 is "no", 1 is "yes".
    pub fn target_class_ids(mut self, target_class_ids: impl Into<Vec<usize>>) -> BinaryIoU {
        self.target_class_ids = target_class_ids.into();
        self
    }

    /// Predictions from this number on are a "yes"; from 0 to below 1.
    pub fn threshold(mut self, threshold: Float) -> BinaryIoU {
        self.threshold = threshold;
        self
    }

    /// The key in the logs.
    pub fn name(mut self, name: impl Into<String>) -> BinaryIoU {
        self.name = name.into();
        self
    }
}

#[typetag::serde(name = "binary_io_u")]
impl Metric for BinaryIoU {
    fn name(&self) -> &str {
        &self.name
    }

    fn objective(&self) -> Objective {
        Objective::Maximize
    }

    fn check_options(&self) -> Result<(), BuildError> {
        let is_right = (0.0..1.0).contains(&self.threshold);
        BuildError::check_option("threshold", "a number from 0 to below 1", self.threshold, is_right)?;
        check_target_classes(&self.target_class_ids, 2)
    }

    fn check(&self, y_true: Shape, y_pred: Shape) -> Result<(), TargetError> {
        expect_same_shape(y_true, y_pred, "; for class indices use IoU")
    }

    fn sums(&self) -> usize {
        4
    }

    fn update(&self, sums: &mut [f64], batch: &MetricBatch<'_>) {
        for_each_answer(batch, None, |answer| {
            let [row, column] = [answer.is_positive, answer.prediction >= self.threshold].map(usize::from);
            sums[2 * row + column] += answer.weight;
        });
    }

    fn result(&self, sums: &[f64]) -> f64 {
        Overlaps::<true>::new(2).mean(sums, self.target_class_ids.iter().copied())
    }
}
