//! A fit that trains nothing: it shows a callback the logs that a trace prescribes.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use olifant_nn::{
    Sequential,
    layers::Dense,
    losses::MeanSquaredError,
    metrics::{BinaryAccuracy, MeanAbsoluteError},
    optimizers::Sgd,
};
use olifant_train::{
    Callback, CallbackError, CallbackList, Compile, Logs, Model, Params, Plan, Training, Verbose,
};
use serde_json::{Map, Value, json};

use crate::subject::Subject;

/// A model of one weight with the metrics `accuracy` and `mae`.
pub fn model(learning_rate: f64) -> Model {
    let metrics = (BinaryAccuracy::new().name("accuracy"), MeanAbsoluteError::new().name("mae"));
    let network = Sequential::new([1]).add(Dense::new(1).use_bias(false));
    let mut model =
        network.compile(Sgd::new(learning_rate as f32), MeanSquaredError::new(), metrics).unwrap();
    set_weight(&mut model, 0.0);
    model
}

pub fn weight(model: &Model) -> f32 {
    model.network().weights().trainable()[0]
}

fn set_weight(model: &mut Model, weight: f32) {
    model.weights_mut().trainable_mut()[0] = weight;
}

/// One fit of the epochs of a trace, and what was seen of it, as the traces put it.
pub fn run<S: Subject>(model: &mut Model, subject: &mut S, epochs: &Value) -> Value {
    let epochs = epochs.as_array().unwrap();
    if let Err(error) = check(model, subject, epochs) {
        return json!({ "refused": subject.normalise(&error) });
    }
    let printed = Printed::default();
    let mut params = Params::default();
    (params.verbose, params.epochs) = (Verbose::Silent, epochs.len());
    let mut fit = Fit {
        training: Training::new(model, params).output(printed.clone()),
        subject,
        printed,
        result: Map::new(),
    };
    fit.result.insert("epochs".into(), json!([]));
    if let Err(error) = fit.run(epochs) {
        let error = fit.subject.normalise(&error.to_string());
        fit.result.insert("error".into(), error.into());
    }
    fit.into_result()
}

struct Fit<'a, S> {
    training: Training<'a>,
    subject: &'a mut S,
    printed: Printed,
    result: Map<String, Value>,
}

impl<S: Subject> Fit<'_, S> {
    fn run(&mut self, epochs: &[Value]) -> Result<(), CallbackError> {
        self.subject.on_train_begin(&mut self.training)?;
        self.note("train_begin");
        for (number, epoch) in epochs.iter().enumerate() {
            self.epoch(number, epoch)?;
            if self.training.is_stopping() {
                break;
            }
        }
        self.training.end();
        self.subject.on_train_end(&mut self.training, &Logs::new())?;
        self.note("train_end");
        Ok(())
    }

    fn epoch(&mut self, number: usize, epoch: &Value) -> Result<(), CallbackError> {
        let Fit { training, subject, .. } = self;
        training.begin_epoch(number);
        subject.on_epoch_begin(training)?;
        for (number, batch) in epoch["batches"].as_array().unwrap().iter().enumerate() {
            training.begin_batch(number);
            subject.on_train_batch_begin(training)?;
            subject.on_train_batch_end(training, &logs(batch))?;
            subject.after_hook();
            if training.is_stopping() {
                break;
            }
        }
        set_weight(training.model_mut(), (number + 1) as f32);
        let mut logs = logs(&epoch["logs"]);
        subject.on_epoch_end(training, &mut logs)?;
        subject.after_hook();
        training.end_epoch(&logs);
        let trace = self.trace();
        self.result["epochs"].as_array_mut().unwrap().push(trace);
        Ok(())
    }

    fn trace(&mut self) -> Value {
        let mut trace = self.subject.attributes();
        trace["printed"] = self.subject.normalise(&self.printed.take()).into();
        trace["stop"] = self.training.is_stopping().into();
        trace["learning_rate"] = f64::from(self.training.learning_rate()).into();
        trace
    }

    fn note(&mut self, moment: &str) {
        let text = self.subject.normalise(&self.printed.take());
        if !text.is_empty() {
            self.result.insert(moment.into(), text.into());
        }
    }

    fn into_result(mut self) -> Value {
        let history = self.training.history();
        let list = |name| Value::from_iter(history.get(name).unwrap().iter().copied().map(float));
        let history = Map::from_iter(history.names().map(|name| (name.to_string(), list(name))));
        self.result.insert("history".into(), history.into());
        self.result.insert("weight".into(), f64::from(weight(self.training.model())).into());
        if let Some(saved) = self.subject.take_saved() {
            self.result.insert("saved".into(), saved);
        }
        self.result.into()
    }
}

/// Asks the callback whether it can work when the logs have the names of the trace.
fn check<S: Subject>(model: &Model, subject: &mut S, epochs: &[Value]) -> Result<(), String> {
    struct Names(Vec<&'static str>);
    impl Callback for Names {
        fn adds_logs(&self) -> &[&'static str] {
            &self.0
        }
    }
    let names = epochs.iter().flat_map(|epoch| epoch["logs"].as_object().unwrap().keys());
    let names = Names(names.map(|name| &*name.clone().leak()).collect());
    let params = Params::default();
    let callbacks = CallbackList::new(vec![Box::new(names), Box::new(subject)]);
    callbacks.check(Plan::new(model, &params)).map_err(|error| error.to_string())
}

/// The traces have words where JSON has no numbers.
fn logs(values: &Value) -> Logs {
    let value = |value: &Value| match value.as_str() {
        Some(word) => word.parse().unwrap(),
        None => value.as_f64().unwrap(),
    };
    values.as_object().unwrap().iter().map(|(name, number)| (name, value(number))).collect()
}

pub fn float(value: f64) -> Value {
    let words = || format!("{value}").to_lowercase().into();
    serde_json::Number::from_f64(value).map_or_else(words, Value::from)
}

/// Leaves out warnings, which we do not give, and widens the learning rate.
pub fn normalise(results: &mut Value) {
    for result in results.as_array_mut().unwrap() {
        for epoch in result["epochs"].as_array_mut().unwrap() {
            epoch.as_object_mut().unwrap().remove("warnings");
            epoch["learning_rate"] = f64::from(epoch["learning_rate"].as_f64().unwrap() as f32).into();
        }
    }
}

/// What was printed and not yet looked at.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Printed {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
