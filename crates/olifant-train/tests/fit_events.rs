//! `fit`, `evaluate` and `predict` call the hooks in Keras's order, with Keras's logs, and get Keras's numbers.
//!
//! The numbers are made by `keras/fit_events.py`, whose docstring describes the model and the cases.

// Data is lent, as a reader of these tests will lend it.
#![allow(clippy::unwrap_used, clippy::needless_borrows_for_generic_args)]

use ndarray::{Array1, Array2, Axis, Slice};
use olifant_core::TensorView;
use olifant_nn::{
    Activation, IntoMetrics, Metric, Regularizer, Sequential, layers::Dense,
    losses::SparseCategoricalCrossentropy, metrics::Accuracy, optimizers::Sgd,
};
use olifant_train::{
    BatchOptions, Callback, Compile, EvaluateOptions, FitOptions, HookResult, Logs, Model, Training, Verbose,
};
use serde_json::Value;

struct Golden {
    json: Value,
    x: Array2<f32>,
    y: Array1<f32>,
    sample_weight: Array1<f32>,
}

fn numbers(array: &Value) -> Vec<f32> {
    array["values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32).collect()
}

/// A list of accuracies by name, or null.
fn accuracies(names: &Value) -> Vec<Box<dyn Metric>> {
    let names = names.as_array().map_or(&[][..], Vec::as_slice);
    let accuracy = |name: &Value| Box::new(Accuracy::new().name(name.as_str().unwrap())) as Box<dyn Metric>;
    names.iter().map(accuracy).collect()
}

impl Golden {
    fn read() -> Golden {
        let json: Value = serde_json::from_str(include_str!("keras/fit_events.json")).unwrap();
        Golden {
            x: Array2::from_shape_vec((10, 2), numbers(&json["x"])).unwrap(),
            y: numbers(&json["y"]).into(),
            sample_weight: numbers(&json["sample_weight"]).into(),
            json,
        }
    }

    fn cases(&self, method: &str) -> impl Iterator<Item = &Value> {
        let method = method.to_string();
        self.json["cases"].as_array().unwrap().iter().filter(move |case| case["method"] == method)
    }

    fn model(&self, case: &Value) -> Model {
        let compile = case.get("compile");
        let metrics = compile.and_then(|compile| compile.get("metrics"));
        let weighted = compile.and_then(|compile| compile.get("weighted_metrics"));
        let loss_weights = compile.and_then(|compile| compile.get("loss_weights"));
        let mut model = Sequential::new([2])
            .add(Dense::new(3).activation(Activation::Tanh).kernel_regularizer(Regularizer::l2(0.01)))
            .add(Dense::new(3).activation(Activation::Softmax))
            .seed(0)
            .compile(
                Sgd::new(0.1),
                SparseCategoricalCrossentropy::new(),
                metrics.map_or_else(|| Accuracy::new().into_metrics(), accuracies),
            )
            .unwrap()
            .weighted_metrics(weighted.map_or_else(Vec::new, accuracies))
            .unwrap();
        if let Some(weights) = loss_weights {
            model = model.loss_weights([weights[0].as_f64().unwrap() as f32]).unwrap();
        }
        let handles: Vec<_> = model.network().weights().iter().map(|(weight, _)| weight).collect();
        for (number, weight) in handles.into_iter().enumerate() {
            let values = numbers(&self.json["weights"][number]);
            model.weights_mut().get_mut(weight).copy_from_slice(&values);
        }
        model
    }
}

/// Writes down every hook as the script does, and stops in one of them.
#[derive(Default)]
struct Recorder {
    events: Vec<String>,
    stop_in: Option<String>,
}

impl Recorder {
    fn of(case: &Value) -> Recorder {
        let stop_in = case.get("stop_in").map(|event| event.as_str().unwrap().to_string());
        Recorder { events: Vec::new(), stop_in }
    }

    fn record(&mut self, training: &mut Training<'_>, event: String, logs: Option<&Logs>) -> HookResult {
        if self.stop_in.as_ref() == Some(&event) {
            training.stop("told to");
        }
        let names: Vec<&str> = logs.map(|logs| logs.names().collect()).unwrap_or_default();
        self.events.push(if names.is_empty() { event } else { format!("{event}: {}", names.join(", ")) });
        Ok(())
    }
}

macro_rules! recorded {
    ($($hook:ident($($logs:ident: $Type:ty)?) $event:literal $($index:ident)?;)*) => {
        impl Callback for Recorder {
            $(fn $hook(&mut self, training: &mut Training<'_>, $($logs: $Type)?) -> HookResult {
                #[allow(unused_mut, unused_assignments)]
                let mut event = $event.to_string();
                $(event = format!("{event} {}", training.$index());)?
                #[allow(unused_mut, unused_assignments)]
                let mut given: Option<&Logs> = None;
                $(given = Some(&*$logs);)?
                self.record(training, event, given)
            })*

            fn on_predict_batch_end(&mut self, training: &mut Training<'_>, _: &[TensorView<'_>]) -> HookResult {
                let event = format!("predict_batch_end {}: outputs", training.batch());
                self.record(training, event, None)
            }
        }
    };
}

recorded! {
    on_train_begin() "train_begin";
    on_train_end(logs: &Logs) "train_end";
    on_epoch_begin() "epoch_begin" epoch;
    on_epoch_end(logs: &mut Logs) "epoch_end" epoch;
    on_train_batch_begin() "train_batch_begin" batch;
    on_train_batch_end(logs: &Logs) "train_batch_end" batch;
    on_test_begin() "test_begin";
    on_test_end(logs: &Logs) "test_end";
    on_test_batch_begin() "test_batch_begin" batch;
    on_test_batch_end(logs: &Logs) "test_batch_end" batch;
    on_predict_begin() "predict_begin";
    on_predict_end() "predict_end";
    on_predict_batch_begin() "predict_batch_begin" batch;
}

fn fit_options<'a>(golden: &'a Golden, case: &Value) -> FitOptions<'a> {
    let mut options = FitOptions::new().shuffle(false).verbose(Verbose::Silent);
    for (name, value) in case["options"].as_object().unwrap() {
        let number = || value.as_u64().unwrap() as usize;
        options = match name.as_str() {
            "epochs" => options.epochs(number()),
            "initial_epoch" => options.initial_epoch(number()),
            "batch_size" => options.batch_size(number()),
            "validation_split" => options.validation_split(value.as_f64().unwrap()),
            "validation_batch_size" => options.validation_batch_size(number()),
            "validation_freq" => match value {
                Value::Array(epochs) => {
                    let epochs = epochs.iter().map(|epoch| epoch.as_u64().unwrap() as usize);
                    options.validation_freq(epochs.collect::<Vec<_>>())
                }
                _ => options.validation_freq(number()),
            },
            "validation_data" => {
                let rows =
                    Slice::from(value[0].as_i64().unwrap() as isize..value[1].as_i64().unwrap() as isize);
                options
                    .validation_data(golden.x.slice_axis(Axis(0), rows), golden.y.slice_axis(Axis(0), rows))
            }
            "class_weight" => options.class_weight(class_weight(value)),
            "steps_per_epoch" => options.steps_per_epoch(number()),
            "validation_steps" => options.validation_steps(number()),
            "sample_weight" => options.sample_weight(&golden.sample_weight),
            other => panic!("unknown option {other}"),
        };
    }
    options
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

fn close(ours: &[f64], keras: &Value, what: &str) {
    let keras: Vec<f64> = keras.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
    assert_eq!(ours.len(), keras.len(), "{what}");
    for (ours, keras) in ours.iter().zip(keras) {
        assert!((ours - keras).abs() < 1e-5 * keras.abs().max(1.0), "{what}: {ours}, Keras has {keras}");
    }
}

fn same_weights(model: &Model, case: &Value, what: &str) {
    for (number, (weight, spec)) in model.network().weights().iter().enumerate() {
        let ours: Vec<f64> = model.network().weights().get(weight).data.iter().map(|&w| w.into()).collect();
        close(&ours, &case["weights"][number]["values"], &format!("{what}: {}", spec.name));
    }
}

/// What Keras returns as a dictionary, or as a list: the loss, then the metrics as they were declared.
fn same(ours: &Logs, keras: &Value, what: &str) {
    if let Value::Object(keras) = keras {
        assert!(ours.names().eq(keras.keys().map(String::as_str)), "{what}: {ours}");
        keras
            .iter()
            .for_each(|(name, value)| close(&[ours[name.as_str()]], &Value::from(vec![value.clone()]), what));
    } else {
        let names = ["loss", "accuracy", "weighted_accuracy"];
        let ours: Vec<f64> = names.into_iter().filter_map(|name| ours.get(name)).collect();
        close(&ours, keras, what);
    }
}

/// How often it was said that there are fewer batches than were asked for.
fn out_of_data(output: &[u8]) -> usize {
    let output = String::from_utf8_lossy(output);
    let warning = "Your input ran out of data; interrupting epoch.";
    let lines = output.lines().filter(|line| line.starts_with(warning)).count();
    assert_eq!(output.lines().count(), lines, "{output}");
    lines
}

/// The weights of classes as the script writes them.
fn class_weight(json: &Value) -> Vec<(usize, f32)> {
    let weights = json.as_object().unwrap().iter();
    weights.map(|(class, weight)| (class.parse().unwrap(), weight.as_f64().unwrap() as f32)).collect()
}

#[test]
fn fit_calls_the_hooks_in_keras_order_with_keras_numbers() {
    let golden = Golden::read();
    for case in golden.cases("fit") {
        let name = case["name"].as_str().unwrap();
        // No epoch at all is an error here.
        if case["events"].as_array().unwrap().len() == 2 && case["options"]["epochs"] == 0 {
            continue;
        }
        let options = fit_options(&golden, case);
        let (mut recorder, mut output) = (Recorder::of(case), Vec::new());
        let mut model = golden.model(case);
        let options = options.callback(&mut recorder).output(&mut output);
        let history = model.fit(&golden.x, &golden.y, options).unwrap();
        assert_eq!(recorder.events, texts(&case["events"]), "{name}");
        assert_eq!(Value::from(out_of_data(&output)), case["out_of_data"], "{name}");
        let epochs: Vec<u64> = history.epoch().iter().map(|&epoch| epoch as u64).collect();
        assert_eq!(Value::from(epochs), case["epoch"], "{name}");
        let keras_history = case["history"].as_object().unwrap();
        assert_eq!(history.names().count(), keras_history.len(), "{name}");
        for (key, values) in keras_history {
            close(&history[key.as_str()], values, &format!("{name}: {key}"));
        }
        same_weights(&model, case, name);
    }
}

#[test]
fn evaluate_and_predict_call_the_hooks_in_keras_order_with_keras_numbers() {
    let golden = Golden::read();
    for case in golden.cases("evaluate").chain(golden.cases("predict")) {
        let name = case["name"].as_str().unwrap();
        let (mut recorder, mut output) = (Recorder::of(case), Vec::new());
        let mut options =
            EvaluateOptions::new().verbose(Verbose::Silent).callback(&mut recorder).output(&mut output);
        if let Some(batch_size) = case["options"].get("batch_size") {
            options = options.batch_size(batch_size.as_u64().unwrap() as usize);
        }
        if let Some(steps) = case["options"].get("steps") {
            options = options.steps(steps.as_u64().unwrap() as usize);
        }
        if case["options"].get("sample_weight").is_some() {
            options = options.sample_weight(&golden.sample_weight);
        }
        let mut model = golden.model(case);
        if case["method"] == "predict" {
            let outputs = model.predict_with(&golden.x, options).unwrap();
            let ours: Vec<f64> = outputs.iter().map(|&output| output.into()).collect();
            close(&ours, &case["result"]["values"], name);
        } else {
            let logs = model.evaluate_with(&golden.x, &golden.y, options).unwrap();
            same(&logs, &case["result"], name);
        }
        assert_eq!(recorder.events, texts(&case["events"]), "{name}");
        assert_eq!(Value::from(out_of_data(&output)), case["out_of_data"], "{name}");
    }
}

#[test]
fn batches_by_hand_have_keras_numbers() {
    let golden = Golden::read();
    for case in golden.cases("train_on_batch").chain(golden.cases("test_on_batch")) {
        let what = format!("{}: {}", case["method"], case["name"]);
        let mut model = golden.model(case);
        for (call, rows) in [0..4, 4..8, 8..10].into_iter().enumerate() {
            let rows = Slice::from(rows);
            let (x, y) = (golden.x.slice_axis(Axis(0), rows), golden.y.slice_axis(Axis(0), rows));
            let mut options = BatchOptions::new();
            if case["options"].get("sample_weight").is_some() {
                options = options.sample_weight(golden.sample_weight.slice_axis(Axis(0), rows));
            }
            if let Some(weights) = case["options"].get("class_weight") {
                options = options.class_weight(class_weight(weights));
            }
            let logs = if case["method"] == "train_on_batch" {
                model.train_on_batch_with(x, y, options).unwrap()
            } else {
                model.test_on_batch_with(x, y, options).unwrap()
            };
            same(&logs, &case["result"][call], &what);
        }
        same_weights(&model, case, &what);
    }
}

/// Keras sorts all names: with metrics `zeta` and `mae`, 3.15 has loss, mae, val_loss, val_mae, val_zeta, zeta.
#[test]
fn a_name_behind_val_stands_behind_the_validation_logs() {
    let golden = Golden::read();
    let mut model = Sequential::new([2])
        .add(Dense::new(3).activation(Activation::Softmax))
        .compile(
            Sgd::new(0.1),
            SparseCategoricalCrossentropy::new(),
            (Accuracy::new().name("zeta"), Accuracy::new()),
        )
        .unwrap();
    let mut recorder = Recorder::default();
    let options = FitOptions::new().validation_split(0.2).verbose(Verbose::Silent).callback(&mut recorder);
    let history = model.fit(&golden.x, &golden.y, options).unwrap();
    let names = ["accuracy", "loss", "val_accuracy", "val_loss", "val_zeta", "zeta"];
    assert!(history.names().eq(names), "{history:?}");
    assert_eq!(recorder.events.last().unwrap(), &format!("train_end: {}", names.join(", ")));
}

/// Adds a name to the logs of an epoch.
struct Adds;

impl Callback for Adds {
    fn adds_logs(&self) -> &[&'static str] {
        &["extra"]
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        logs.insert("extra", training.epoch() as f64);
        Ok(())
    }
}

/// In Keras all callbacks share one dictionary for an epoch's end, and the end of training gets another.
#[test]
fn a_name_that_a_callback_adds_is_for_those_behind_it_and_the_history() {
    let golden = Golden::read();
    let (mut before, mut behind) = (Recorder::default(), Recorder::default());
    let options = FitOptions::new().epochs(2).validation_split(0.2).verbose(Verbose::Silent);
    let options = options.callbacks((&mut before, Adds, &mut behind));
    let history = golden.model(&Value::Null).fit(&golden.x, &golden.y, options).unwrap();
    let names = "accuracy, loss, val_accuracy, val_loss";
    for (recorder, expected) in
        [(&before, format!("epoch_end 0: {names}")), (&behind, format!("epoch_end 0: {names}, extra"))]
    {
        assert!(recorder.events.contains(&expected), "{:?}", recorder.events);
        assert_eq!(recorder.events.last().unwrap(), &format!("train_end: {names}"));
    }
    assert_eq!(history["extra"], [0.0, 1.0]);
    assert_eq!(history.names().last(), Some("extra"));
}
