//! Weights of samples, time steps and classes: in the loss, and in the metrics that weigh.
//!
//! The numbers are made by `keras/weighting.py`, whose docstring describes the model and the cases.

#![allow(clippy::unwrap_used)]

use ndarray::{ArrayD, Axis, IxDyn, Slice, array};
use olifant_nn::{
    Activation, IntoMetrics, Metric, Objective, Sequential,
    layers::Dense,
    losses::{CategoricalCrossentropy, MeanSquaredError, SparseCategoricalCrossentropy},
    metrics::{self, Accuracy, MeanAbsoluteError, SparseTopKCategoricalAccuracy},
    optimizers::Sgd,
};
use olifant_train::{BatchOptions, Compile, EvaluateOptions, FitOptions, Logs, Model};
use serde_json::Value;

/// The first four samples.
const FOUR: Slice = Slice { start: 0, end: Some(4), step: 1 };

fn golden() -> Value {
    serde_json::from_str(include_str!("keras/weighting.json")).unwrap()
}

fn array(json: &Value) -> ArrayD<f32> {
    let shape: Vec<usize> = serde_json::from_value(json["shape"].clone()).unwrap();
    let values: Vec<f32> = serde_json::from_value(json["values"].clone()).unwrap();
    ArrayD::from_shape_vec(IxDyn(&shape), values).unwrap()
}

fn list(names: &Value) -> Vec<Box<dyn Metric>> {
    let metric = |name: &Value| -> Box<dyn Metric> {
        match name.as_str().unwrap() {
            "accuracy" => Box::new(Accuracy::new()),
            "mean_absolute_error" => Box::new(MeanAbsoluteError::new()),
            "mean_squared_error" => Box::new(metrics::MeanSquaredError::new()),
            other => panic!("unknown metric {other}"),
        }
    };
    names.as_array().unwrap().iter().map(metric).collect()
}

fn model(golden: &Value, case: &Value) -> Model {
    let activation: Activation = case["activation"].as_str().unwrap().parse().unwrap();
    let layers = Sequential::new([3, 2]).add(Dense::new(3).activation(activation)).seed(0);
    let (optimizer, metrics) = (Sgd::new(0.5), list(&case["metrics"]));
    let compiled = match case["loss"].as_str().unwrap() {
        "sparse_categorical_crossentropy" => {
            layers.compile(optimizer, SparseCategoricalCrossentropy::new(), metrics)
        }
        "categorical_crossentropy" => layers.compile(optimizer, CategoricalCrossentropy::new(), metrics),
        _ => layers.compile(optimizer, MeanSquaredError::new(), metrics),
    };
    let mut model = compiled.unwrap().weighted_metrics(list(&case["weighted_metrics"])).unwrap();
    let handles: Vec<_> = model.network().weights().iter().map(|(weight, _)| weight).collect();
    for (weight, values) in handles.into_iter().zip(golden["weights"].as_array().unwrap()) {
        model.weights_mut().get_mut(weight).copy_from_slice(array(values).as_slice().unwrap());
    }
    model
}

fn close(ours: f64, keras: &Value, what: &str) {
    let keras = keras.as_f64().unwrap();
    assert!((ours - keras).abs() < 1e-5 * keras.abs().max(1.0), "{what}: {ours}, Keras has {keras}");
}

/// The same names with the same values.
fn same(ours: &Logs, keras: &Value, what: &str) {
    let keras = keras.as_object().unwrap();
    assert!(ours.names().eq(keras.keys().map(String::as_str)), "{what}: {ours}");
    keras.iter().for_each(|(name, value)| close(ours[name.as_str()], value, &format!("{what}: {name}")));
}

#[test]
fn weights_of_samples_and_time_steps_weigh_as_in_keras() {
    let golden = golden();
    let x = array(&golden["x"]);
    for case in golden["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let y = array(&case["y"]);
        let sample_weight = (!case["sample_weight"].is_null()).then(|| array(&case["sample_weight"]));
        let mut evaluate = EvaluateOptions::new().batch_size(4).verbose(0);
        let mut fit =
            FitOptions::new().epochs(2).batch_size(4).shuffle(false).validation_data(&x, &y).verbose(0);
        if let Some(weights) = &sample_weight {
            evaluate = evaluate.sample_weight(weights);
            fit = fit.sample_weight(weights).validation_sample_weight(weights);
        }
        same(&model(&golden, case).evaluate_with(&x, &y, evaluate).unwrap(), &case["evaluate"], name);

        let mut stepped = model(&golden, case);
        let (four_x, four_y) = (x.slice_axis(Axis(0), FOUR), y.slice_axis(Axis(0), FOUR));
        let options = || match &sample_weight {
            Some(weights) => BatchOptions::new().sample_weight(weights.slice_axis(Axis(0), FOUR)),
            None => BatchOptions::new(),
        };
        let trained = stepped.train_on_batch_with(&four_x, &four_y, options()).unwrap();
        same(&trained, &case["train_on_batch"], &format!("{name}: train_on_batch"));
        let tested = stepped.test_on_batch_with(&four_x, &four_y, options()).unwrap();
        same(&tested, &case["test_on_batch"], &format!("{name}: test_on_batch"));

        let mut model = model(&golden, case);
        let history = model.fit(&x, &y, fit).unwrap();
        let keras = case["history"].as_object().unwrap();
        assert!(history.names().eq(keras.keys().map(String::as_str)), "{name}: {history:?}");
        for (key, values) in keras {
            for (epoch, value) in values.as_array().unwrap().iter().enumerate() {
                close(history[key.as_str()][epoch], value, &format!("{name}: {key} of epoch {epoch}"));
            }
        }
        for ((weight, spec), keras) in
            model.network().weights().iter().zip(case["weights"].as_array().unwrap())
        {
            let ours = model.network().weights().get(weight).data.iter();
            for (&ours, keras) in ours.zip(keras["values"].as_array().unwrap()) {
                close(ours.into(), keras, &format!("{name}: {}", spec.name));
            }
        }
    }
}

/// A classifier of three time steps that knows nothing: all its weights are zero.
fn blank(weighted: impl IntoMetrics) -> Model {
    let mut model = Sequential::new([3, 2])
        .add(Dense::new(2).activation(Activation::Softmax))
        .seed(0)
        .compile(Sgd::new(0.5), SparseCategoricalCrossentropy::new(), Accuracy::new())
        .unwrap()
        .weighted_metrics(weighted)
        .unwrap();
    model.weights_mut().trainable_mut().fill(0.0);
    model
}

#[test]
fn a_weight_of_a_sample_counts_for_all_its_time_steps() {
    let golden = golden();
    let (x, case) = (array(&golden["x"]), &golden["cases"][1]);
    assert_eq!(case["name"], "a weight in a column");
    let (y, column) = (array(&case["y"]), array(&case["sample_weight"]));
    let line = column.index_axis(Axis(1), 0);
    let options = || EvaluateOptions::new().verbose(0);
    let with_column = model(&golden, case).evaluate_with(&x, &y, options().sample_weight(&column)).unwrap();
    let with_line = model(&golden, case).evaluate_with(&x, &y, options().sample_weight(line)).unwrap();
    assert_eq!(with_line, with_column);
}

#[test]
fn each_time_step_is_weighed_by_its_class() {
    let golden = golden();
    let x = array(&golden["x"]);
    let y = array(&golden["cases"][0]["y"]).mapv(|class| class.min(1.0));
    let sample_weight = y.mapv(|class| if class == 1.0 { 3.0 } else { 0.5 });
    let options = || FitOptions::new().batch_size(4).epochs(2).shuffle(false).verbose(0);
    let mut by_class = blank(Accuracy::new());
    let classes = by_class.fit(&x, &y, options().class_weight([(0, 0.5), (1, 3.0)])).unwrap();
    let mut by_step = blank(Accuracy::new());
    let steps = by_step.fit(&x, &y, options().sample_weight(&sample_weight)).unwrap();
    assert_eq!(classes.to_json(), steps.to_json());
    assert_eq!(by_class.network().weights().trainable(), by_step.network().weights().trainable());
    assert_ne!(classes["accuracy"], classes["weighted_accuracy"]);
}

#[test]
fn weights_that_fit_no_time_steps_are_refused() {
    let golden = golden();
    let (x, y) = (array(&golden["x"]), array(&golden["cases"][0]["y"]));
    for shape in [[6, 2], [6, 4]] {
        let options = FitOptions::new().sample_weight(ArrayD::<f32>::ones(IxDyn(&shape))).verbose(0);
        let message = model(&golden, &golden["cases"][0]).fit(&x, &y, options).unwrap_err().to_string();
        let expected = format!("sample_weight of shape {shape:?} does not fit losses of shape [6, 3]");
        assert!(message.starts_with(&expected), "{message}");
    }
}

#[test]
fn weighted_metrics_are_known_by_name_and_replace_each_other() {
    let model = blank(Accuracy::new());
    assert!(model.log_names().eq(["accuracy", "loss", "weighted_accuracy"]));
    assert_eq!(model.objective("val_weighted_accuracy"), Some(Objective::Maximize));
    assert_eq!(model.metrics().len(), 2);
    let model = model.weighted_metrics([MeanAbsoluteError::new()]).unwrap();
    assert!(model.log_names().eq(["accuracy", "loss", "mean_absolute_error"]));
    assert_eq!(model.objective("mean_absolute_error"), Some(Objective::Minimize));
    let error = model.weighted_metrics(SparseTopKCategoricalAccuracy::new().k(0)).unwrap_err();
    assert!(error.to_string().contains("must be"), "{error}");
}

#[test]
fn a_weighted_metric_that_the_targets_do_not_suit_is_named() {
    let x = array![[[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]];
    let mut model = blank((Accuracy::new(), MeanAbsoluteError::new()));
    let message = model.fit(&x, array![[0, 1, 0]], ()).unwrap_err().to_string();
    assert!(message.starts_with("metric mean_absolute_error: "), "{message}");
}

#[test]
fn weighted_metrics_and_loss_weights_are_saved_with_the_model() {
    let golden = golden();
    let case = &golden["cases"][2];
    let (x, y) = (array(&golden["x"]), array(&case["y"]));
    let sample_weight = array(&case["sample_weight"]);
    let directory = tempfile::tempdir().unwrap();
    let options = || EvaluateOptions::new().sample_weight(&sample_weight).verbose(0);
    for file in ["model.olifant", "model.safetensors"] {
        let path = directory.path().join(file);
        let mut model = model(&golden, case).loss_weights([0.3]).unwrap();
        model.save(&path).unwrap();
        let mut loaded = Model::load(&path).unwrap();
        let logs = loaded.evaluate_with(&x, &y, options()).unwrap();
        assert_eq!(logs, model.evaluate_with(&x, &y, options()).unwrap());
        assert!(logs.contains("weighted_accuracy"));
        let again = directory.path().join(format!("again-{file}"));
        loaded.save(&again).unwrap();
        assert!(std::fs::read(again).unwrap() == std::fs::read(path).unwrap());
    }
}
