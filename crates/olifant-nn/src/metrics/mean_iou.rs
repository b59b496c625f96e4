//! The overlap of all classes.

use serde::{Deserialize, Serialize};

use super::overlaps::{Overlaps, methods_of_overlaps, options_of_overlaps};
use crate::{BuildError, Metric};

/// The mean over all classes of how much of the region that is it, or is taken for it, is both: TP / (TP + FP + FN).
///
/// Classes that never occur do not count.
/// As all metrics it weighs with the weights as they are; Keras rounds them down to whole numbers, unless its `dtype` is a float.
///
/// # Shapes
///
/// Predictions and targets `[batch, …]`, class indices; without `sparse_y_true` or `sparse_y_pred` `[batch, …, classes]`.
///
/// # Defaults
///
/// `sparse_y_true` and `sparse_y_pred` true; no `ignore_class`; `name`: `"mean_io_u"`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Shape, TensorView};
/// use olifant_nn::{Metric, MetricBatch, metrics::MeanIoU};
///
/// let metric = MeanIoU::new(2);
/// let mut sums = vec![0.0; metric.sums()];
/// metric.update(&mut sums, &MetricBatch {
///     y_true: TensorView { data: &[0.0, 0.0, 1.0, 1.0], shape: Shape::from([4]) },
///     y_pred: TensorView { data: &[0.0, 1.0, 0.0, 1.0], shape: Shape::from([4]) },
///     sample_weight: None,
/// });
/// assert!((metric.result(&sums) - 1.0 / 3.0).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanIoU {
    #[serde(default = "name")]
    name: String,
    #[serde(flatten)]
    overlaps: Overlaps<true>,
}

fn name() -> String {
    "mean_io_u".into()
}

impl MeanIoU {
    /// The mean over so many classes.
    pub fn new(num_classes: usize) -> MeanIoU {
        let overlaps = Overlaps::new(num_classes);
        MeanIoU { name: name(), overlaps }
    }
}

options_of_overlaps!(MeanIoU: sparse_y_true, sparse_y_pred);

#[typetag::serde(name = "mean_io_u")]
impl Metric for MeanIoU {
    methods_of_overlaps!();

    fn check_options(&self) -> Result<(), BuildError> {
        self.overlaps.check_options()
    }

    fn result(&self, sums: &[f64]) -> f64 {
        self.overlaps.mean(sums, 0..self.overlaps.num_classes)
    }
}
