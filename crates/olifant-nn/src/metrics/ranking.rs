//! Which class a row of scores is for.

use olifant_core::{Float, Shape};

use super::weighted_mean::{add_to_mean, hit};
use crate::{MetricBatch, TargetError};

/// Adds to the mean how many rows of scores are right about the class that their target names.
///
/// A row whose target names no class is wrong.
#[inline]
pub(super) fn count_right(
    sums: &mut [f64],
    batch: &MetricBatch<'_>,
    classes: impl ExactSizeIterator<Item = Option<usize>>,
    is_right: impl Fn(&[Float], usize) -> bool,
) {
    let rows = batch.y_pred.rows().zip(classes);
    let hits = rows.map(|(scores, class)| hit(class.is_some_and(|class| is_right(scores, class))));
    add_to_mean(sums, batch, hits);
}

/// The classes that targets name by their index.
#[inline]
pub(super) fn classes_by_index<'a>(
    batch: &MetricBatch<'a>,
) -> impl ExactSizeIterator<Item = Option<usize>> + use<'a> {
    batch.y_true.data.iter().map(|&label| class_index(label))
}

/// The classes that targets, one-hot or soft, name by their highest score.
#[inline]
pub(super) fn classes_by_score<'a>(
    batch: &MetricBatch<'a>,
) -> impl ExactSizeIterator<Item = Option<usize>> + use<'a> {
    batch.y_true.rows().map(first_maximum)
}

/// The class that a label stands for: `None` unless it is a whole number from 0.
#[inline]
pub(super) fn class_index(label: Float) -> Option<usize> {
    let index = label as usize;
    (index as Float == label).then_some(index)
}

/// Whether a class has the highest score, and is the first that has it; never in a row with a NaN.
#[inline]
pub(super) fn is_first_maximum(scores: &[Float], class: usize) -> bool {
    let Some((before, [score, after @ ..])) = scores.split_at_checked(class) else { return false };
    !score.is_nan() && before.iter().all(|other| other < score) && after.iter().all(|other| other <= score)
}

/// The first class that has the highest score; `None` in an empty row or one with a NaN.
#[inline]
pub(super) fn first_maximum(scores: &[Float]) -> Option<usize> {
    let mut best = 0;
    for (class, &score) in scores.iter().enumerate() {
        if score.is_nan() {
            return None;
        }
        if score > scores[best] {
            best = class;
        }
    }
    (!scores.is_empty()).then_some(best)
}

/// Whether fewer than `k` classes have a higher score; never in a row with a number that is not finite.
#[inline]
pub(super) fn is_in_top_k(scores: &[Float], class: usize, k: usize) -> bool {
    let Some(score) = scores.get(class) else { return false };
    scores.iter().all(|other| other.is_finite()) && scores.iter().filter(|&other| other > score).count() < k
}

/// Whether targets are one class index for each row of predictions.
pub(super) fn expect_class_indices(y_true: Shape, y_pred: Shape) -> Result<(), TargetError> {
    crate::loss::expect_class_indices(
        y_true,
        y_pred,
        "; for one-hot targets use CategoricalAccuracy or TopKCategoricalAccuracy",
    )
}

/// Whether targets are one row of probabilities for each row of predictions.
pub(super) fn expect_one_hot(y_true: Shape, y_pred: Shape) -> Result<(), TargetError> {
    crate::loss::expect_one_hot(
        y_true,
        y_pred,
        "; for class indices use SparseCategoricalAccuracy or SparseTopKCategoricalAccuracy",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_maxima_wins() {
        let scores = [0.1, 0.4, 0.4, 0.1];
        assert_eq!(first_maximum(&scores), Some(1));
        let maxima: Vec<bool> = (0..5).map(|class| is_first_maximum(&scores, class)).collect();
        assert_eq!(maxima, [false, true, false, false, false]);
    }

    #[test]
    fn a_row_with_nan_has_no_maximum() {
        for row in [[Float::NAN, 1.0], [1.0, Float::NAN]] {
            assert_eq!(first_maximum(&row), None);
            assert!(!is_first_maximum(&row, 0) && !is_first_maximum(&row, 1));
            assert!(!is_in_top_k(&row, 0, 2) && !is_in_top_k(&row, 1, 2));
        }
        assert!(!is_first_maximum(&[Float::NAN], 0));
    }

    #[test]
    fn classes_that_tie_share_a_place() {
        let scores = [0.4, 0.3, 0.3, 0.0];
        let top: Vec<usize> = (0..4).filter(|&class| is_in_top_k(&scores, class, 2)).collect();
        assert_eq!(top, [0, 1, 2]);
        assert!(!is_in_top_k(&scores, 4, 5));
    }

    #[test]
    fn only_whole_numbers_from_zero_are_classes() {
        assert_eq!(class_index(3.0), Some(3));
        for label in [-1.0, 0.5, Float::NAN, Float::INFINITY] {
            assert_eq!(class_index(label), None, "{label}");
        }
    }
}
