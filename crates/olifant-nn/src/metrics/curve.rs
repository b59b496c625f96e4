//! How right answers depend on the threshold.

use super::ratio::ratio;

/// How many answers are right and wrong at one threshold, as weights.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Point {
    pub(super) true_positives: f64,
    pub(super) false_positives: f64,
    pub(super) true_negatives: f64,
    pub(super) false_negatives: f64,
}

impl Point {
    /// TP / (TP + FN), also called recall.
    pub(super) fn sensitivity(&self) -> f64 {
        ratio(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// TN / (TN + FP)
    pub(super) fn specificity(&self) -> f64 {
        ratio(self.true_negatives, self.true_negatives + self.false_positives)
    }

    /// FP / (FP + TN)
    pub(super) fn false_positive_rate(&self) -> f64 {
        ratio(self.false_positives, self.false_positives + self.true_negatives)
    }

    /// TP / (TP + FP)
    pub(super) fn precision(&self) -> f64 {
        ratio(self.true_positives, self.true_positives + self.false_positives)
    }
}

/// The points of all thresholds, from the highest threshold to the lowest.
///
/// `buckets` holds, for positive answers and behind them for negative ones, the weight of those above exactly so many thresholds:
/// one number more than there are thresholds.
pub(super) fn points(buckets: &[f64]) -> impl Iterator<Item = Point> {
    let (positives, negatives) = buckets.split_at(buckets.len() / 2);
    let [all_positives, all_negatives] = [positives, negatives].map(|buckets| buckets.iter().sum::<f64>());
    let (mut true_positives, mut false_positives) = (0.0, 0.0);
    positives.iter().zip(negatives).skip(1).rev().map(move |(positive, negative)| {
        true_positives += positive;
        false_positives += negative;
        Point {
            true_positives,
            false_positives,
            true_negatives: (all_negatives - false_positives).max(0.0),
            false_negatives: (all_positives - true_positives).max(0.0),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_point_counts_what_is_above_its_threshold() {
        // Two thresholds; of the positives one is above none, two above one, four above both.
        let points: Vec<Point> = points(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0]).collect();
        let counts = |point: &Point| {
            [point.true_positives, point.false_positives, point.true_negatives, point.false_negatives]
        };
        assert_eq!(
            points.iter().map(counts).collect::<Vec<_>>(),
            [[4.0, 32.0, 24.0, 3.0], [6.0, 48.0, 8.0, 1.0]]
        );
    }
}
