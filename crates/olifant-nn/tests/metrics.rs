//! Metrics against the numbers that Keras makes (`keras/metrics.py`), and bad input.
#![allow(clippy::unwrap_used)]

#[path = "keras/case.rs"]
mod case;

use case::{Case, cases, snake_case, tensor};
use olifant_core::{Float, Shape, TensorView};
use olifant_nn::{Metric, MetricBatch, Objective, metrics};
use serde_json::{Value, json};

const OURS: [&str; 8] = [
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
];

fn metric_cases() -> Vec<Case> {
    let is_ours = |case: &Case| case.get("resolve").is_none() && OURS.contains(&case.text("metric"));
    cases(include_str!("keras/metrics.json")).into_iter().filter(is_ours).collect()
}

/// A metric as a saved model describes it: Keras's name and options.
fn metric_of(case: &Case) -> Box<dyn Metric> {
    let mut description = case.options().clone();
    description.insert("metric".into(), json!(snake_case(case.text("metric"))));
    serde_json::from_value(description.into()).unwrap()
}

fn update(metric: &dyn Metric, sums: &mut [f64], batch: &Value) {
    let (y_true, y_pred) = (tensor(&batch["y_true"]), tensor(&batch["y_pred"]));
    assert_eq!(metric.check(y_true.shape(), y_pred.shape()), Ok(()));
    let sample_weight = batch.get("sample_weight").map(tensor);
    let sample_weight = sample_weight.as_ref().map(|weights| weights.data());
    metric.update(sums, &MetricBatch { y_true: y_true.view(), y_pred: y_pred.view(), sample_weight });
}

/// The values after each batch must be Keras's, whose single-precision sums allow for 10⁻⁶.
fn compare(metric: &dyn Metric, case: &Case) {
    let mut sums = vec![0.0; metric.sums()];
    let batches = case.get("batches").unwrap().as_array().unwrap();
    for (batch, expected) in batches.iter().zip(case.numbers("results")) {
        update(metric, &mut sums, batch);
        let (ours, expected) = (metric.result(&sums), f64::from(expected));
        let close = (ours - expected).abs() <= 1e-6 * expected.abs().max(1.0);
        assert!(close, "{case}: {ours}, but Keras has {expected}");
    }
}

#[test]
fn every_metric_has_cases() {
    for name in OURS {
        assert!(metric_cases().iter().filter(|case| case.text("metric") == name).count() >= 3, "{name}");
    }
}

#[test]
fn values_are_those_of_keras() {
    for case in metric_cases() {
        compare(&*metric_of(&case), &case);
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
            compare(&metrics::Accuracy::new(), case);
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
    for name in OURS.map(snake_case).iter().map(String::as_str).chain(["accuracy"]) {
        let metric: Box<dyn Metric> = serde_json::from_value(json!({ "metric": name })).unwrap();
        assert_eq!(metric.name(), name);
        let expected = if name.ends_with("error") { Objective::Minimize } else { Objective::Maximize };
        assert_eq!(metric.objective(), expected, "{name}");
    }
    assert_eq!(all_metrics()[0].name(), "acc");
}

fn value_of(metric: &dyn Metric, y_true: (&[Float], &[usize]), y_pred: (&[Float], &[usize])) -> f64 {
    let mut sums = vec![0.0; metric.sums()];
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
    assert!(all_metrics().iter().all(|metric| metric.check_options().is_ok()));
}
