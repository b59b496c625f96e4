//! The area under a curve of right answers.

use olifant_core::{Float, Shape};
use serde::{Deserialize, Serialize};

use super::{
    binary_counts::{check_answers, for_each_answer},
    curve::{Point, points},
    ratio::ratio,
};
use crate::{BuildError, Metric, MetricBatch, Objective, TargetError};

/// The area under the curve that right answers draw as the threshold goes from high to low.
///
/// With `curve` ROC: the share of positives that is found, over the share of negatives that is mistaken for them.
/// It is the probability that a positive has a higher prediction than a negative.
/// With PR: precision over recall. With PR gain: both in relation to a constant "yes".
///
/// Between two thresholds the curve is taken to be straight; for PR, true positives are, and precision follows from them.
///
/// # Shapes
///
/// Predictions, from 0 to 1 unless `from_logits`, and targets `[batch, …]`; a last axis of size 1 may be missing in either.
/// With `multi_label`, `[batch, …, labels]`, and the value is the mean over the labels.
///
/// # Defaults
///
/// `num_thresholds` 200, evenly spaced from 0 to 1, the outermost just outside; `curve` ROC; `summation_method` interpolation;
/// `multi_label` false; no `label_weights`; `from_logits` false; `name`: `"auc"`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Shape, TensorView};
/// use olifant_nn::{Metric, MetricBatch, metrics::AUC};
///
/// let auc = AUC::new();
/// let mut sums = vec![0.0; auc.sums_for(Shape::from([1]))];
/// auc.update(&mut sums, &MetricBatch {
///     y_true: TensorView { data: &[0.0, 0.0, 1.0, 1.0], shape: Shape::from([4, 1]) },
///     y_pred: TensorView { data: &[0.0, 0.5, 0.3, 0.9], shape: Shape::from([4, 1]) },
///     sample_weight: None,
/// });
/// assert!((auc.result(&sums) - 0.75).abs() < 1e-6);
/// ```
///
/// # References
///
/// Davis, Goadrich (2006), [The Relationship Between Precision-Recall and ROC Curves](https://doi.org/10.1145/1143844.1143874).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AUC {
    name: String,
    num_thresholds: usize,
    curve: Curve,
    summation_method: SummationMethod,
    thresholds: Option<Vec<Float>>,
    multi_label: bool,
    label_weights: Option<Vec<Float>>,
    from_logits: bool,
}

/// Which curve the area is under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Curve {
    /// True positive rate over false positive rate.
    #[default]
    #[serde(rename = "ROC")]
    Roc,
    /// Precision over recall.
    #[serde(rename = "PR")]
    Pr,
    /// Precision gain over recall gain.
    #[serde(rename = "PRGAIN")]
    PrGain,
}

/// How high the area between two thresholds is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SummationMethod {
    /// The mean of both heights.
    #[default]
    Interpolation,
    /// The smaller height.
    Minoring,
    /// The larger height.
    Majoring,
}

impl Default for AUC {
    fn default() -> AUC {
        AUC {
            name: "auc".into(),
            num_thresholds: 200,
            curve: Curve::Roc,
            summation_method: SummationMethod::Interpolation,
            thresholds: None,
            multi_label: false,
            label_weights: None,
            from_logits: false,
        }
    }
}

impl AUC {
    /// The area under the ROC curve.
    pub fn new() -> AUC {
        AUC::default()
    }

    /// At how many thresholds the curve is known; at least 2.
    pub fn num_thresholds(mut self, num_thresholds: usize) -> AUC {
        self.num_thresholds = num_thresholds;
        self
    }

    /// Which curve.
    pub fn curve(mut self, curve: Curve) -> AUC {
        self.curve = curve;
        self
    }

    /// How high the area between two thresholds is.
    pub fn summation_method(mut self, summation_method: SummationMethod) -> AUC {
        self.summation_method = summation_method;
        self
    }

    /// The thresholds, from 0 to 1, besides one below 0 and one above 1; then `num_thresholds` has no effect.
    pub fn thresholds(mut self, thresholds: impl Into<Vec<Float>>) -> AUC {
        self.thresholds = Some(thresholds.into());
        self
    }

    /// Whether each label, a place on the last axis, has a curve of its own.
    pub fn multi_label(mut self, multi_label: bool) -> AUC {
        self.multi_label = multi_label;
        self
    }

    /// How much each label counts: its area with `multi_label`, its answers without.
    pub fn label_weights(mut self, label_weights: impl Into<Vec<Float>>) -> AUC {
        self.label_weights = Some(label_weights.into());
        self
    }

    /// Whether predictions are logits, to which a sigmoid is applied.
    pub fn from_logits(mut self, from_logits: bool) -> AUC {
        self.from_logits = from_logits;
        self
    }

    /// The key in the logs.
    pub fn name(mut self, name: impl Into<String>) -> AUC {
        self.name = name.into();
        self
    }

    /// How many numbers there are for each curve: one more than thresholds, of positives and of negatives.
    fn buckets(&self) -> usize {
        let thresholds = self.thresholds.as_ref().map_or(self.num_thresholds, |given| given.len() + 2);
        2 * (thresholds + 1)
    }

    /// How many thresholds a prediction is above, the one below 0 included.
    fn thresholds_below(&self, prediction: Float) -> usize {
        let prediction = if self.from_logits { 1.0 / (1.0 + (-prediction).exp()) } else { prediction };
        match &self.thresholds {
            Some(thresholds) => 1 + thresholds.iter().filter(|&&threshold| prediction > threshold).count(),
            None => {
                let steps = prediction.clamp(0.0, 1.0) * (self.num_thresholds - 1) as Float;
                (steps.ceil() as usize).max(1)
            }
        }
    }

    /// How much a label counts.
    fn weight_of(&self, label: usize) -> f64 {
        let weights = self.label_weights.as_ref();
        weights.and_then(|weights| weights.get(label)).map_or(1.0, |&weight| f64::from(weight))
    }

    /// The area under one curve, from two thresholds to the next two.
    fn area(&self, buckets: &[f64]) -> f64 {
        let mut points = points(buckets);
        let Some(mut higher) = points.next() else { return 0.0 };
        let mut area = 0.0;
        for lower in points {
            area += match (self.curve, self.summation_method) {
                (Curve::Pr, SummationMethod::Interpolation) => interpolated_precision(lower, higher),
                _ => self.strip(lower, higher),
            };
            higher = lower;
        }
        area
    }

    /// The area between two thresholds.
    fn strip(&self, lower: Point, higher: Point) -> f64 {
        let [(right, y), (left, other_y)] = [lower, higher].map(|point| match self.curve {
            Curve::Roc => (point.false_positive_rate(), point.sensitivity()),
            Curve::Pr => (point.sensitivity(), point.precision()),
            Curve::PrGain => gains(point),
        });
        let height = match self.summation_method {
            SummationMethod::Interpolation => (y + other_y) / 2.0,
            SummationMethod::Minoring => y.min(other_y),
            SummationMethod::Majoring => y.max(other_y),
        };
        (right - left) * height
    }
}

/// The area under precision over recall between two thresholds, if true positives grow evenly with the answers "yes".
fn interpolated_precision(lower: Point, higher: Point) -> f64 {
    let [yes, fewer] = [lower, higher].map(|point| point.true_positives + point.false_positives);
    let found = lower.true_positives - higher.true_positives;
    let slope = ratio(found, (yes - fewer).max(0.0));
    let intercept = higher.true_positives - slope * fewer;
    let growth = if yes > 0.0 && fewer > 0.0 { yes / fewer } else { 1.0 };
    ratio(slope * (found + intercept * growth.ln()), higher.true_positives + higher.false_negatives)
}

/// Recall gain and precision gain. Without true positives they are 0 and 1, and the first is never below 0.
fn gains(point: Point) -> (f64, f64) {
    if point.true_positives == 0.0 {
        return (0.0, 1.0);
    }
    let scale =
        ratio(point.true_positives + point.false_negatives, point.true_negatives + point.false_positives);
    let gain = |wrong: f64| 1.0 - scale * wrong / point.true_positives;
    (gain(point.false_negatives).max(0.0), gain(point.false_positives))
}

#[typetag::serde(name = "auc")]
impl Metric for AUC {
    fn name(&self) -> &str {
        &self.name
    }

    fn objective(&self) -> Objective {
        Objective::Maximize
    }

    fn check_options(&self) -> Result<(), BuildError> {
        let count = self.num_thresholds;
        BuildError::check_option("num_thresholds", "at least 2", count, count >= 2)?;
        for threshold in self.thresholds.iter().flatten() {
            let is_right = (0.0..=1.0).contains(threshold);
            BuildError::check_option("thresholds", "numbers from 0 to 1", threshold, is_right)?;
        }
        for weight in self.label_weights.iter().flatten() {
            let is_right = weight.is_finite() && *weight >= 0.0;
            BuildError::check_option("label_weights", "numbers from 0", weight, is_right)?;
        }
        Ok(())
    }

    fn check(&self, y_true: Shape, y_pred: Shape) -> Result<(), TargetError> {
        check_answers(None, y_true, y_pred)?;
        let labels = y_pred.last_axis().unwrap_or(1);
        match &self.label_weights {
            Some(weights) if weights.len() != labels => {
                let expected = format!("a last axis of {} labels", weights.len());
                Err(TargetError::shape(
                    y_true,
                    y_pred,
                    expected,
                    "; label_weights has one number for each label",
                ))
            }
            _ => Ok(()),
        }
    }

    fn sums(&self) -> usize {
        self.buckets()
    }

    fn sums_for(&self, prediction: Shape) -> usize {
        let labels = if self.multi_label { prediction.last_axis().unwrap_or(1) } else { 1 };
        labels * self.buckets()
    }

    fn update(&self, sums: &mut [f64], batch: &MetricBatch<'_>) {
        let buckets = self.buckets();
        for_each_answer(batch, None, |answer| {
            let curve = if self.multi_label { answer.column } else { 0 };
            let weight = if self.multi_label { 1.0 } else { self.weight_of(answer.column) };
            let first = curve * buckets + if answer.is_positive { 0 } else { buckets / 2 };
            if let Some(sum) = sums.get_mut(first + self.thresholds_below(answer.prediction)) {
                *sum += answer.weight * weight;
            }
        });
    }

    fn result(&self, sums: &[f64]) -> f64 {
        let curves = || sums.chunks(self.buckets()).enumerate();
        if !self.multi_label {
            return curves().map(|(_, buckets)| self.area(buckets)).sum();
        }
        let areas: f64 = curves().map(|(label, buckets)| self.weight_of(label) * self.area(buckets)).sum();
        ratio(areas, curves().map(|(label, _)| self.weight_of(label)).sum())
    }
}
