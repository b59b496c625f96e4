//! The overlap of all classes, for one-hot targets.

use serde::{Deserialize, Serialize};

use super::overlaps::{Overlaps, methods_of_overlaps, options_of_overlaps};
use crate::{BuildError, Metric};

/// [`MeanIoU`](super::MeanIoU) for one-hot targets and scores: the mean over all classes of
/// how much of the region that is it, or is taken for it, is both: TP / (TP + FP + FN).
///
/// Classes that never occur do not count.
/// As all metrics it weighs with the weights as they are; Keras rounds them down to whole numbers, unless its `dtype` is a float.
///
/// # Shapes
///
/// Predictions and targets `[batch, …, classes]`; with `sparse_y_pred` predictions are class indices, `[batch, …]`.
///
/// # Defaults
///
/// `sparse_y_pred` false; no `ignore_class`; `name`: `"one_hot_mean_io_u"`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Shape, TensorView};
/// use olifant_nn::{Metric, MetricBatch, metrics::OneHotMeanIoU};
///
/// let metric = OneHotMeanIoU::new(2);
/// let mut sums = vec![0.0; metric.sums()];
/// metric.update(&mut sums, &MetricBatch {
///     y_true: TensorView { data: &[1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0], shape: Shape::from([4, 2]) },
///     y_pred: TensorView { data: &[0.9, 0.1, 0.3, 0.7, 0.8, 0.2, 0.1, 0.9], shape: Shape::from([4, 2]) },
///     sample_weight: None,
/// });
/// assert!((metric.result(&sums) - 1.0 / 3.0).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OneHotMeanIoU {
    #[serde(default = "name")]
    name: String,
    #[serde(flatten)]
    overlaps: Overlaps<false>,
}

fn name() -> String {
    "one_hot_mean_io_u".into()
}

impl OneHotMeanIoU {
    /// The mean over so many classes.
    pub fn new(num_classes: usize) -> OneHotMeanIoU {
        let overlaps = Overlaps::new(num_classes);
        OneHotMeanIoU { name: name(), overlaps }
    }
}

options_of_overlaps!(OneHotMeanIoU: sparse_y_pred);

#[typetag::serde(name = "one_hot_mean_io_u")]
impl Metric for OneHotMeanIoU {
    methods_of_overlaps!();

    fn check_options(&self) -> Result<(), BuildError> {
        self.overlaps.check_options()
    }

    fn result(&self, sums: &[f64]) -> f64 {
        self.overlaps.mean(sums, 0..self.overlaps.num_classes)
    }
}
