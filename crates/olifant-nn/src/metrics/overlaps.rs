//! How much the regions of classes overlap.

use olifant_core::{Float, Shape};
use serde::{Deserialize, Serialize};

use super::ranking::first_maximum;
use crate::{BuildError, MetricBatch, TargetError, loss};

/// How often each class was predicted for each: what the metrics named IoU count.
///
/// `SPARSE` is whether targets and predictions are class indices unless told otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Overlaps<const SPARSE: bool> {
    pub(super) num_classes: usize,
    #[serde(default)]
    pub(super) ignore_class: Option<i32>,
    #[serde(default = "given::<SPARSE>")]
    pub(super) sparse_y_true: bool,
    #[serde(default = "given::<SPARSE>")]
    pub(super) sparse_y_pred: bool,
}

fn given<const SPARSE: bool>() -> bool {
    SPARSE
}

impl<const SPARSE: bool> Overlaps<SPARSE> {
    pub(super) fn new(num_classes: usize) -> Overlaps<SPARSE> {
        Overlaps { num_classes, ignore_class: None, sparse_y_true: SPARSE, sparse_y_pred: SPARSE }
    }

    pub(super) fn check_options(&self) -> Result<(), BuildError> {
        BuildError::check_option("num_classes", "at least 1", self.num_classes, self.num_classes > 0)
    }

    pub(super) fn check(&self, y_true: Shape, y_pred: Shape) -> Result<(), TargetError> {
        match (self.sparse_y_true, self.sparse_y_pred) {
            (true, true) => loss::expect_same_shape(y_true, y_pred, "; predictions are class indices here"),
            (false, false) => loss::expect_one_hot(y_true, y_pred, "; for class indices set sparse_y_true"),
            (true, false) => {
                loss::expect_class_indices(y_true, y_pred, "; for one-hot targets unset sparse_y_true")
            }
            (false, true) => {
                loss::expect_class_indices(y_pred, y_true, "; for one-hot predictions unset sparse_y_pred")
            }
        }
    }

    /// Adds to the matrix: its rows are true classes, its columns predicted ones.
    ///
    /// What is no class, or the class that is ignored, is not counted.
    pub(super) fn count(&self, sums: &mut [f64], batch: &MetricBatch<'_>) {
        let (classes, is_sparse) = (self.num_classes, [self.sparse_y_true, self.sparse_y_pred]);
        let class_of = |view: olifant_core::TensorView<'_>, is_sparse: bool, place: usize| {
            if is_sparse {
                return index(*view.data.get(place)?, classes);
            }
            first_maximum(view.rows().nth(place)?).filter(|&class| class < classes)
        };
        let answers = |view: olifant_core::TensorView<'_>, is_sparse: bool| {
            if is_sparse { view.data.len() } else { view.rows().len() }
        };
        let count = answers(batch.y_true, is_sparse[0]).min(answers(batch.y_pred, is_sparse[1]));
        let ignored = self.ignore_class.and_then(|class| usize::try_from(class).ok());
        for place in 0..count {
            let true_class =
                class_of(batch.y_true, is_sparse[0], place).filter(|&class| Some(class) != ignored);
            let Some((row, column)) = true_class.zip(class_of(batch.y_pred, is_sparse[1], place)) else {
                continue;
            };
            let weight = batch.sample_weight.and_then(|weights| weights.get(place * weights.len() / count));
            sums[row * classes + column] += weight.map_or(1.0, |&weight| f64::from(weight));
        }
    }

    /// The mean of the overlaps of some classes; those that never occur do not count.
    pub(super) fn mean(&self, sums: &[f64], classes: impl Iterator<Item = usize>) -> f64 {
        let (mut total, mut counted) = (0.0, 0.0);
        for class in classes.filter(|&class| class < self.num_classes) {
            let row: f64 = sums[class * self.num_classes..][..self.num_classes].iter().sum();
            let column: f64 = sums[class..].iter().step_by(self.num_classes).sum();
            let both = sums[class * self.num_classes + class];
            let either = row + column - both;
            if either > 0.0 {
                total += both / either;
                counted += 1.0;
            }
        }
        super::ratio::ratio(total, counted)
    }
}

/// The class that a number stands for; as in Keras, what is behind the point does not matter.
fn index(label: Float, classes: usize) -> Option<usize> {
    (label > -1.0 && label < classes as Float).then_some(label as usize)
}

/// Whether all of these are classes.
pub(super) fn check_target_classes(target_class_ids: &[usize], num_classes: usize) -> Result<(), BuildError> {
    let is_right = !target_class_ids.is_empty() && target_class_ids.iter().all(|&class| class < num_classes);
    let expected = format!("classes from 0 to below {num_classes}");
    BuildError::check_option("target_class_ids", &expected, format!("{target_class_ids:?}"), is_right)
}

/// Writes `ignore_class`, `name` and, where asked for, `sparse_y_true` and `sparse_y_pred`.
macro_rules! options_of_overlaps {
    ($Metric:ident: $($option:ident),*) => {
        impl $Metric {
            $(options_of_overlaps!(@ $Metric $option);)*

            /// A true class that is left out, such as −1 or 255 for "not labelled".
            pub fn ignore_class(mut self, class: i32) -> $Metric {
                self.overlaps.ignore_class = Some(class);
                self
            }

            /// The key in the logs.
            pub fn name(mut self, name: impl Into<String>) -> $Metric {
                self.name = name.into();
                self
            }
        }
    };
    (@ $Metric:ident sparse_y_true) => {
        /// Whether targets are class indices; otherwise they are one-hot, along the last axis.
        pub fn sparse_y_true(mut self, sparse_y_true: bool) -> $Metric {
            self.overlaps.sparse_y_true = sparse_y_true;
            self
        }
    };
    (@ $Metric:ident sparse_y_pred) => {
        /// Whether predictions are class indices; otherwise they are scores, along the last axis.
        pub fn sparse_y_pred(mut self, sparse_y_pred: bool) -> $Metric {
            self.overlaps.sparse_y_pred = sparse_y_pred;
            self
        }
    };
}
pub(super) use options_of_overlaps;

/// Writes `name`, `objective`, `check`, `update` and `sums` of the trait, which are the same for all overlaps.
macro_rules! methods_of_overlaps {
    () => {
        $crate::metrics::methods_of_part::methods_of_part!(overlaps);

        fn sums(&self) -> usize {
            self.overlaps.num_classes * self.overlaps.num_classes
        }
    };
}
pub(super) use methods_of_overlaps;
