//! Metrics against the numbers that Keras makes (`keras/metrics.py`), and bad input.
#![allow(clippy::unwrap_used)]

#[path = "keras/case.rs"]
mod case;

use case::{Case, cases, snake_case, tensor};
use olifant_core::{Float, Shape, TensorView};
use olifant_nn::{Metric, MetricBatch, Objective, metrics};
use serde_json::{Map, Value, json};

const OURS: [&str; 41] = [
    "AUC",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "BinaryIoU",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "ConcordanceCorrelation",
    "CosineSimilarity",
    "F1Score",
    "FBetaScore",
    "FalseNegatives",
    "FalsePositives",
    "Hinge",
    "IoU",
    "KLDivergence",
    "LogCoshError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanIoU",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "OneHotIoU",
    "OneHotMeanIoU",
    "PearsonCorrelation",
    "Poisson",
    "Precision",
    "PrecisionAtRecall",
    "R2Score",
    "Recall",
    "RecallAtPrecision",
    "RootMeanSquaredError",
    "SensitivityAtSpecificity",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity",
    "SquaredHinge",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
];

/// Keras's name of a metric in files and, but for one, in the logs.
fn keras_name(class: &str) -> String {
    match class {
        "FBetaScore" => "fbeta_score".into(),
        class => snake_case(class),
    }
}

fn metric_cases() -> Vec<Case> {
    // Keras weighs overlaps with weights that it rounds down, unless it is told to use floats.
    let is_rounded = |case: &Case| {
        let is_weighted = case.get("batches").unwrap()[0].get("sample_weight").is_some();
        case.text("metric").ends_with("IoU") && is_weighted && !case.options().contains_key("dtype")
    };
    let is_ours = |case: &Case| {
        case.get("resolve").is_none() && OURS.contains(&case.text("metric")) && !is_rounded(case)
    };
    cases(include_str!("keras/metrics.json")).into_iter().filter(is_ours).collect()
}

/// A metric as a saved model describes it: Keras's name and options.
fn metric_of(case: &Case) -> Box<dyn Metric> {
    let mut description = case.options().clone();
    description.remove("dtype");
    described(case, description)
}

fn described(case: &Case, mut description: Map<String, Value>) -> Box<dyn Metric> {
    description.insert("metric".into(), json!(keras_name(case.text("metric"))));
    serde_json::from_value(description.into()).unwrap()
}

/// Where Keras has several results, one metric of ours for each.
fn metrics_of(case: &Case) -> Vec<Box<dyn Metric>> {
    let options = case.options();
    let each = |option: &str, values: Vec<Value>, without: &str| {
        let metric = |value| {
            let mut description = options.clone();
            description.remove(without);
            description.insert(option.into(), value);
            described(case, description)
        };
        values.into_iter().map(metric).collect()
    };
    let classes =
        || (0..tensor(&case.get("batches").unwrap()[0]["y_pred"]).shape().axes()[1]).map(Value::from);
    match (options.get("thresholds"), options.get("average")) {
        (Some(Value::Array(thresholds)), _) if case.text("metric") != "AUC" => {
            each("thresholds", thresholds.clone(), "thresholds")
        }
        // Keras's default.
        (_, None | Some(Value::Null)) if ["F1Score", "FBetaScore"].contains(&case.text("metric")) => {
            each("class_id", classes().collect(), "average")
        }
        _ => vec![metric_of(case)],
    }
}

fn update(metric: &dyn Metric, sums: &mut [f64], batch: &Value) {
    let (y_true, y_pred) = (tensor(&batch["y_true"]), tensor(&batch["y_pred"]));
    assert_eq!(metric.check(y_true.shape(), y_pred.shape()), Ok(()));
    let sample_weight = batch.get("sample_weight").map(tensor);
    let sample_weight = sample_weight.as_ref().map(|weights| weights.data());
    metric.update(sums, &MetricBatch { y_true: y_true.view(), y_pred: y_pred.view(), sample_weight });
}

/// The values after each batch must be Keras's, whose single-precision sums allow for 10⁻⁶.
fn compare(metrics: &[Box<dyn Metric>], case: &Case) {
    let batches = case.get("batches").unwrap().as_array().unwrap();
    let prediction = tensor(&batches[0]["y_pred"]).shape().without_batch();
    let mut sums: Vec<_> = metrics.iter().map(|metric| vec![0.0; metric.sums_for(prediction)]).collect();
    let results = case.numbers("results");
    assert_eq!(results.len(), batches.len() * metrics.len(), "{case}");
    for (batch, expected) in batches.iter().zip(results.chunks(metrics.len())) {
        for ((metric, sums), &expected) in metrics.iter().zip(&mut sums).zip(expected) {
            update(&**metric, sums, batch);
            let (ours, expected) = (metric.result(sums), f64::from(expected));
            let close = (ours - expected).abs() <= 1e-6 * expected.abs().max(1.0);
            let both_nan = ours.is_nan() && expected.is_nan();
            assert!(close || both_nan, "{case}: {ours}, but Keras has {expected}");
        }
    }
}

#[test]
fn every_metric_has_cases() {
    for name in OURS {
        assert!(metric_cases().iter().filter(|case| case.text("metric") == name).count() >= 2, "{name}");
    }
}

#[test]
fn values_are_those_of_keras() {
    for case in
        metric_cases().iter().filter(|case| case.options().get("class_aggregation") != Some(&Value::Null))
    {
        let metrics = metrics_of(case);
        metrics.iter().for_each(|metric| metric.check_options().unwrap());
        compare(&metrics, case);
    }
}

#[test]
fn accuracy_is_the_metric_that_keras_chooses() {
    let cases = cases(include_str!("keras/metrics.json"));
    let resolved: Vec<&Case> = cases.iter().filter(|case| case.get("resolve").is_some()).collect();
    assert!(resolved.len() >= 18);
    for case in resolved {
        let shape = |key: &str| {
            let axes = case.get(key).unwrap().as_array().unwrap().iter();
            Shape::new(&axes.map(|axis| axis.as_u64().unwrap_or(2) as usize).collect::<Vec<_>>()).unwrap()
        };
        let chosen = json!({ "metric": snake_case(case.text("metric")) });
        let chosen: Box<dyn Metric> = serde_json::from_value(chosen).unwrap();
        let accuracy = metrics::Accuracy::new().name(case.text("resolve"));
        assert_eq!(Metric::name(&accuracy), case.text("log_key"));
        assert_same_on_random_data(&accuracy, &*chosen, shape("y_true"), shape("y_pred"));
    }
}

/// Numbers 0 and 1 for targets and multiples of ⅛ for predictions, which the three accuracies judge differently.
fn assert_same_on_random_data(a: &dyn Metric, b: &dyn Metric, y_true: Shape, y_pred: Shape) {
    assert_eq!(a.check(y_true, y_pred), Ok(()));
    let key = olifant_core::RandomKey::from_seed(1);
    let t: Vec<Float> = (0..y_true.size()).map(|i| Float::from(key.uniform(i as u32) > 0.5)).collect();
    let p: Vec<Float> =
        (0..y_pred.size()).map(|i| (Float::from(key.uniform(1000 + i as u32)) * 8.0).floor() / 8.0).collect();
    let batch = MetricBatch {
        y_true: TensorView { data: &t, shape: y_true },
        y_pred: TensorView { data: &p, shape: y_pred },
        sample_weight: Some(&[1.0, 3.0]),
    };
    let (mut of_a, mut of_b) = ([0.0; 2], [0.0; 2]);
    a.update(&mut of_a, &batch);
    b.update(&mut of_b, &batch);
    assert_eq!(of_a, of_b, "{b:?} of {y_true} and {y_pred}");
    assert_eq!(of_a[1], 4.0);
}

#[test]
fn accuracy_passes_the_cases_of_the_metric_it_chooses() {
    let accuracies = ["BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy"];
    let one_number = |case: &Case| {
        let shape = tensor(&case.get("batches").unwrap()[0]["y_pred"]).shape();
        shape.last_axis() == Ok(1)
    };
    let mut compared = 0;
    for case in metric_cases().iter().filter(|case| accuracies.contains(&case.text("metric"))) {
        let is_binary = case.text("metric") == "BinaryAccuracy";
        if is_binary == one_number(case) && case.options().is_empty() {
            compare(&[Box::new(metrics::Accuracy::new())], case);
            compared += 1;
        }
    }
    assert!(compared >= 10, "{compared}");
}

fn all_metrics() -> Vec<Box<dyn Metric>> {
    vec![
        Box::new(metrics::Accuracy::new().name("acc")),
        Box::new(metrics::BinaryAccuracy::new().threshold(0.3).name("a")),
        Box::new(metrics::CategoricalAccuracy::new().name("b")),
        Box::new(metrics::MeanAbsoluteError::new().name("c")),
        Box::new(metrics::MeanSquaredError::new().name("d")),
        Box::new(metrics::RootMeanSquaredError::new().name("e")),
        Box::new(metrics::SparseCategoricalAccuracy::new().name("f")),
        Box::new(metrics::SparseTopKCategoricalAccuracy::new().k(3).name("g")),
        Box::new(metrics::TopKCategoricalAccuracy::new().k(2).name("h")),
        Box::new(metrics::AUC::new().curve(metrics::Curve::Pr).thresholds([0.3, 0.7]).name("i")),
        Box::new(metrics::AUC::new().multi_label(true).summation_method(metrics::SummationMethod::Minoring)),
        Box::new(metrics::BinaryCrossentropy::new().label_smoothing(0.1).name("j")),
        Box::new(metrics::BinaryIoU::new().threshold(0.3).target_class_ids([1]).name("k")),
        Box::new(metrics::CategoricalCrossentropy::new().from_logits(true).name("l")),
        Box::new(metrics::CategoricalHinge::new().name("m")),
        Box::new(metrics::ConcordanceCorrelation::new().name("n")),
        Box::new(metrics::CosineSimilarity::new().name("o")),
        Box::new(metrics::F1Score::new().average(metrics::Average::Weighted).threshold(0.3).name("p")),
        Box::new(metrics::FBetaScore::new().beta(2.0).class_id(1).name("q")),
        Box::new(metrics::FalseNegatives::new().thresholds(0.3).name("r")),
        Box::new(metrics::FalsePositives::new().name("s")),
        Box::new(metrics::Hinge::new().name("t")),
        Box::new(metrics::IoU::new(3, [0, 2]).ignore_class(1).sparse_y_true(true).name("u")),
        Box::new(metrics::KLDivergence::new().name("v")),
        Box::new(metrics::LogCoshError::new().name("w")),
        Box::new(metrics::MeanAbsolutePercentageError::new().name("x")),
        Box::new(metrics::MeanIoU::new(3).sparse_y_pred(true).name("y")),
        Box::new(metrics::MeanSquaredLogarithmicError::new().name("z")),
        Box::new(metrics::OneHotIoU::new(3, [0]).sparse_y_pred(false).name("aa")),
        Box::new(metrics::OneHotMeanIoU::new(3).name("ab")),
        Box::new(metrics::PearsonCorrelation::new().name("ac")),
        Box::new(metrics::Poisson::new().name("ad")),
        Box::new(metrics::Precision::new().top_k(2).name("ae")),
        Box::new(metrics::PrecisionAtRecall::new(0.3).class_id(1).name("af")),
        Box::new(metrics::R2Score::new().num_regressors(2).name("ag")),
        Box::new(metrics::Recall::new().class_id(0).name("ah")),
        Box::new(metrics::RecallAtPrecision::new(0.3).num_thresholds(7).name("ai")),
        Box::new(metrics::SensitivityAtSpecificity::new(0.3).name("aj")),
        Box::new(metrics::SparseCategoricalCrossentropy::new().from_logits(true).name("ak")),
        Box::new(metrics::SpecificityAtSensitivity::new(0.3).name("al")),
        Box::new(metrics::SquaredHinge::new().name("am")),
        Box::new(metrics::TrueNegatives::new().name("an")),
        Box::new(metrics::TruePositives::new().name("ao")),
    ]
}

#[test]
fn every_metric_survives_saving() {
    for metric in all_metrics() {
        let json = serde_json::to_string(&metric).unwrap();
        let loaded: Box<dyn Metric> = serde_json::from_str(&json).unwrap();
        assert_eq!(format!("{loaded:?}"), format!("{metric:?}"));
    }
}

#[test]
fn a_metric_is_named_as_in_keras_unless_told_otherwise() {
    for class in OURS.iter().chain(&["Accuracy"]) {
        let tag = keras_name(class);
        let metric: Box<dyn Metric> = serde_json::from_value(json!({
            "metric": tag, "num_classes": 2, "target_class_ids": [1],
            "recall": 0.5, "precision": 0.5, "sensitivity": 0.5, "specificity": 0.5,
        }))
        .unwrap();
        assert_eq!(metric.name(), if tag == "log_cosh_error" { "logcosh" } else { &tag });
        let is_loss =
            ["error", "hinge", "crossentropy", "divergence", "poisson"].iter().any(|end| tag.ends_with(end));
        let is_less_better = is_loss || tag.starts_with("false");
        let expected = if is_less_better { Objective::Minimize } else { Objective::Maximize };
        assert_eq!(metric.objective(), expected, "{tag}");
    }
    assert_eq!(all_metrics()[0].name(), "acc");
}

fn value_of(metric: &dyn Metric, y_true: (&[Float], &[usize]), y_pred: (&[Float], &[usize])) -> f64 {
    let mut sums = vec![0.0; metric.sums_for(Shape::new(y_pred.1).unwrap().without_batch())];
    let view = |(data, axes)| TensorView { data, shape: Shape::new(axes).unwrap() };
    metric
        .update(&mut sums, &MetricBatch { y_true: view(y_true), y_pred: view(y_pred), sample_weight: None });
    metric.result(&sums)
}

#[test]
fn nothing_seen_is_zero() {
    for metric in all_metrics() {
        for axes in [&[0, 3][..], &[0, 1], &[0], &[2, 0]] {
            assert_eq!(value_of(&*metric, (&[], axes), (&[], axes)), 0.0, "{metric:?} of {axes:?}");
        }
    }
}

#[test]
fn targets_that_cannot_be_are_wrong_answers_and_do_not_panic() {
    let labels = [3.0, -1.0, 0.5, Float::NAN, Float::INFINITY, 1e30];
    let scores = [0.9, 0.1, 0.0].repeat(6);
    let sparse: [&dyn Metric; 3] = [
        &metrics::Accuracy::new(),
        &metrics::SparseCategoricalAccuracy::new(),
        &metrics::SparseTopKCategoricalAccuracy::new(),
    ];
    for metric in sparse {
        assert_eq!(value_of(metric, (&labels, &[6]), (&scores, &[6, 3])), 0.0, "{metric:?}");
    }
    for metric in all_metrics() {
        // Shapes that `check` refuses give a number without meaning, but no panic.
        value_of(&*metric, (&[1.0, 0.0], &[2]), (&[0.5; 6], &[2, 3]));
        value_of(&*metric, (&[1.0; 8], &[2, 4]), (&[0.5; 6], &[2, 3]));
    }
}

#[test]
fn a_prediction_that_is_not_a_number_is_wrong() {
    let nan = Float::NAN;
    assert_eq!(value_of(&metrics::BinaryAccuracy::new(), (&[0.0, 1.0], &[2]), (&[nan, nan], &[2, 1])), 0.0);
    let scores = (&[nan, 0.9, 0.9, nan][..], &[2, 2][..]);
    assert_eq!(value_of(&metrics::Accuracy::new(), (&[1.0, 0.0], &[2]), scores), 0.0);
    assert_eq!(value_of(&metrics::CategoricalAccuracy::new(), (&[0.0, 1.0, 1.0, 0.0], &[2, 2]), scores), 0.0);
    assert_eq!(value_of(&metrics::SparseTopKCategoricalAccuracy::new(), (&[1.0, 0.0], &[2]), scores), 0.0);
}

#[test]
fn shapes_that_do_not_suit_are_named() {
    let complaint = |metric: &dyn Metric, y_true: &[usize]| {
        metric.check(Shape::new(y_true).unwrap(), Shape::from([4, 3])).unwrap_err().to_string()
    };
    assert_eq!(
        complaint(&metrics::SparseCategoricalAccuracy::new(), &[4, 3]),
        "targets of shape [4, 3] do not suit predictions of shape [4, 3]: expected class indices, [4]; \
         for one-hot targets use CategoricalAccuracy or TopKCategoricalAccuracy"
    );
    assert_eq!(
        complaint(&metrics::TopKCategoricalAccuracy::new(), &[4]),
        "targets of shape [4] do not suit predictions of shape [4, 3]: expected [4, 3]; \
         for class indices use SparseCategoricalAccuracy or SparseTopKCategoricalAccuracy"
    );
    assert_eq!(
        complaint(&metrics::MeanSquaredError::new(), &[4]),
        "targets of shape [4] do not suit predictions of shape [4, 3]: expected [4, 3]; for class indices use Accuracy"
    );
    let one_class = metrics::Precision::new().class_id(3);
    assert_eq!(
        complaint(&one_class, &[4, 3]),
        "targets of shape [4, 3] do not suit predictions of shape [4, 3]: \
         expected a last axis in which there is the class 3; class_id counts from 0"
    );
    assert_eq!(complaint(&metrics::F1Score::new().class_id(3), &[4, 3]), complaint(&one_class, &[4, 3]));
    assert_eq!(
        complaint(&metrics::AUC::new().label_weights([1.0, 2.0]), &[4, 3]),
        "targets of shape [4, 3] do not suit predictions of shape [4, 3]: \
         expected a last axis of 2 labels; label_weights has one number for each label"
    );
    assert_eq!(
        complaint(&metrics::SparseCategoricalCrossentropy::new(), &[4, 3]),
        "targets of shape [4, 3] do not suit predictions of shape [4, 3]: expected class indices, [4]; \
         for one-hot targets use CategoricalCrossentropy"
    );
    assert_eq!(
        complaint(&metrics::MeanIoU::new(3).sparse_y_pred(false), &[4, 3]),
        "targets of shape [4, 3] do not suit predictions of shape [4, 3]: expected class indices, [4]; \
         for one-hot targets unset sparse_y_true"
    );
    let deep = Shape::from([4, 2, 3]);
    for metric in [&metrics::R2Score::new() as &dyn Metric, &metrics::F1Score::new()] {
        assert!(metric.check(deep, deep).unwrap_err().to_string().contains("expected two axes, [batch, "));
    }
    assert_eq!(
        complaint(&metrics::Accuracy::new(), &[4, 2]),
        "targets of shape [4, 2] do not suit predictions of shape [4, 3]: expected [4, 3]; \
         check the units of the last layer"
    );
}

#[test]
fn options_outside_their_range_are_refused() {
    let complaint = |metric: &dyn Metric| metric.check_options().unwrap_err().to_string();
    assert_eq!(
        complaint(&metrics::BinaryAccuracy::new().threshold(1.0)),
        "threshold must be a number between 0 and 1, but is 1"
    );
    assert_eq!(complaint(&metrics::TopKCategoricalAccuracy::new().k(0)), "k must be at least 1, but is 0");
    assert_eq!(
        complaint(&metrics::SparseTopKCategoricalAccuracy::new().k(0)),
        "k must be at least 1, but is 0"
    );
    let at_most_1 = |option| format!("{option} must be a number from 0 to 1, but is 1.5");
    assert_eq!(complaint(&metrics::Precision::new().thresholds(1.5)), at_most_1("thresholds"));
    assert_eq!(complaint(&metrics::TrueNegatives::new().thresholds(1.5)), at_most_1("thresholds"));
    assert_eq!(complaint(&metrics::Recall::new().top_k(0)), "top_k must be at least 1, but is 0");
    assert_eq!(complaint(&metrics::PrecisionAtRecall::new(1.5)), at_most_1("recall"));
    assert_eq!(complaint(&metrics::RecallAtPrecision::new(1.5)), at_most_1("precision"));
    assert_eq!(complaint(&metrics::SensitivityAtSpecificity::new(1.5)), at_most_1("specificity"));
    assert_eq!(complaint(&metrics::SpecificityAtSensitivity::new(1.5)), at_most_1("sensitivity"));
    assert_eq!(
        complaint(&metrics::RecallAtPrecision::new(0.5).num_thresholds(0)),
        "num_thresholds must be at least 1, but is 0"
    );
    assert_eq!(
        complaint(&metrics::AUC::new().num_thresholds(1)),
        "num_thresholds must be at least 2, but is 1"
    );
    assert_eq!(
        complaint(&metrics::AUC::new().thresholds([0.5, -1.0])),
        "thresholds must be numbers from 0 to 1, but is -1"
    );
    assert_eq!(
        complaint(&metrics::AUC::new().label_weights([0.5, -1.0])),
        "label_weights must be numbers from 0, but is -1"
    );
    assert_eq!(complaint(&metrics::FBetaScore::new().beta(0.0)), "beta must be a number above 0, but is 0");
    assert_eq!(
        complaint(&metrics::F1Score::new().threshold(0.0)),
        "threshold must be a number above 0, to 1, but is 0"
    );
    assert_eq!(complaint(&metrics::MeanIoU::new(0)), "num_classes must be at least 1, but is 0");
    assert_eq!(complaint(&metrics::OneHotMeanIoU::new(0)), "num_classes must be at least 1, but is 0");
    assert_eq!(
        complaint(&metrics::IoU::new(3, [3])),
        "target_class_ids must be classes from 0 to below 3, but is [3]"
    );
    assert_eq!(
        complaint(&metrics::OneHotIoU::new(3, [])),
        "target_class_ids must be classes from 0 to below 3, but is []"
    );
    assert_eq!(
        complaint(&metrics::BinaryIoU::new().threshold(1.0)),
        "threshold must be a number from 0 to below 1, but is 1"
    );
    assert_eq!(
        complaint(&metrics::CategoricalCrossentropy::new().label_smoothing(2.0)),
        "label_smoothing must be a number from 0 to 1, but is 2"
    );
    assert!(all_metrics().iter().all(|metric| metric.check_options().is_ok()));
}
