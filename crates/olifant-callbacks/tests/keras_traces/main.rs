//! What each callback decides, prints and writes is what Keras's does: `tests/keras/callback_traces.py` made the traces.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod differences;
mod scripted_fit;
mod subject;

use std::fs;
use std::path::Path;

use olifant_callbacks::{
    CSVLogger, EarlyStopping, LambdaCallback, LearningRateScheduler, Mode, ModelCheckpoint,
    ReduceLROnPlateau, SaveFreq, TerminateOnNaN,
};
use serde_json::{Value, json};

use self::differences::{Difference, difference};
use self::scripted_fit::{model, run};
use self::subject::{Lambda, Subject};

/// The traces of one callback.
fn traces(callback: &str) -> Vec<Value> {
    let text = include_str!("../keras/callback_traces.json");
    let file: Value = serde_json::from_str(text).unwrap();
    let cases = file["cases"].as_array().unwrap().iter();
    let cases = Vec::from_iter(cases.filter(|case| case["callback"] == callback).cloned());
    assert!(!cases.is_empty(), "no traces of {callback}");
    cases
}

/// Runs the fits of a case with one object and compares all that was seen, or what we do instead.
fn compare<S: Subject>(case: &Value, mut subject: S) {
    let mut model = model(case["learning_rate"].as_f64().unwrap_or(0.01));
    let fits = case["fits"].as_array().unwrap();
    let no_epochs = [json!([])];
    let fits = if fits.is_empty() { &no_epochs } else { &fits[..] };
    let results = Vec::from_iter(fits.iter().map(|fit| run(&mut model, &mut subject, fit)));
    let expected = match difference(case) {
        Some(Difference::Refused(text)) => json!([{ "refused": text }]),
        Some(Difference::Results(results)) => results,
        Some(Difference::Error(text)) => {
            let mut results = keras_results(case);
            results[0]["error"] = text.into();
            results
        }
        None => keras_results(case),
    };
    assert_eq!(Value::from(results), expected, "\n{} {}", case["name"], case["options"]);
}

fn keras_results(case: &Value) -> Value {
    let mut results = case["results"].clone();
    scripted_fit::normalise(&mut results);
    results
}

fn number(options: &Value, name: &str) -> Option<f64> {
    options.get(name).map(|value| value.as_f64().unwrap())
}

fn count(options: &Value, name: &str) -> Option<usize> {
    options.get(name).map(|value| value.as_u64().unwrap() as usize)
}

fn is_set(options: &Value, name: &str) -> bool {
    options.get(name).is_some_and(|value| value.as_bool().unwrap())
}

fn text<'a>(options: &'a Value, name: &str) -> Option<&'a str> {
    options.get(name).map(|value| value.as_str().unwrap())
}

fn mode(options: &Value) -> Mode {
    text(options, "mode").unwrap_or("auto").parse().unwrap()
}

fn verbose(options: &Value) -> u8 {
    count(options, "verbose").unwrap_or(0) as u8
}

#[test]
fn early_stopping() {
    for case in traces("EarlyStopping") {
        let options = &case["options"];
        let mut subject = EarlyStopping::new()
            .mode(mode(options))
            .verbose(verbose(options))
            .restore_best_weights(is_set(options, "restore_best_weights"));
        if let Some(monitor) = text(options, "monitor") {
            subject = subject.monitor(monitor);
        }
        if let Some(patience) = count(options, "patience") {
            subject = subject.patience(patience);
        }
        if let Some(min_delta) = number(options, "min_delta") {
            subject = subject.min_delta(min_delta);
        }
        if let Some(baseline) = number(options, "baseline") {
            subject = subject.baseline(baseline);
        }
        if let Some(epoch) = count(options, "start_from_epoch") {
            subject = subject.start_from_epoch(epoch);
        }
        compare(&case, subject);
    }
}

#[test]
fn reduce_lr_on_plateau() {
    for case in traces("ReduceLROnPlateau") {
        let options = &case["options"];
        let mut subject = ReduceLROnPlateau::new().mode(mode(options)).verbose(verbose(options));
        if let Some(monitor) = text(options, "monitor") {
            subject = subject.monitor(monitor);
        }
        if let Some(factor) = number(options, "factor") {
            subject = subject.factor(factor);
        }
        if let Some(patience) = count(options, "patience") {
            subject = subject.patience(patience);
        }
        if let Some(min_delta) = number(options, "min_delta") {
            subject = subject.min_delta(min_delta);
        }
        if let Some(cooldown) = count(options, "cooldown") {
            subject = subject.cooldown(cooldown);
        }
        if let Some(min_lr) = number(options, "min_lr") {
            subject = subject.min_lr(min_lr);
        }
        compare(&case, subject);
    }
}

#[test]
fn model_checkpoint() {
    for case in traces("ModelCheckpoint") {
        let options = &case["options"];
        // Rust's types refuse a frequency in words.
        let Some(save_freq) = options.get("save_freq").map_or(Some(SaveFreq::Epoch), |every| {
            every.as_u64().map(|every| SaveFreq::Batches(every as usize))
        }) else {
            continue;
        };
        let directory = tempfile::tempdir().unwrap();
        let name = subject::in_our_formats(text(options, "filepath").unwrap());
        let mut checkpoint = ModelCheckpoint::new(directory.path().join(name))
            .mode(mode(options))
            .verbose(verbose(options))
            .save_best_only(is_set(options, "save_best_only"))
            .save_weights_only(is_set(options, "save_weights_only"))
            .save_freq(save_freq);
        if let Some(monitor) = text(options, "monitor") {
            checkpoint = checkpoint.monitor(monitor);
        }
        if let Some(threshold) = number(options, "initial_value_threshold") {
            checkpoint = checkpoint.initial_value_threshold(threshold);
        }
        compare(&case, subject::Checkpoint { checkpoint, directory, saved: Vec::new() });
    }
}

#[test]
fn learning_rate_scheduler() {
    for case in traces("LearningRateScheduler") {
        let options = &case["options"];
        let schedule: fn(usize, f64) -> f64 = match text(options, "schedule").unwrap() {
            "epoch < 2 ? 0.1 : 0.01" => |epoch, _| if epoch < 2 { 0.1 } else { 0.01 },
            "lr * 0.9" => |_, lr| lr * 0.9,
            "epoch < 2 ? lr : lr * exp(-0.1)" => {
                |epoch, lr| if epoch < 2 { lr } else { lr * (-0.1_f64).exp() }
            }
            // Rust's types refuse it.
            "the integer 1" => continue,
            other => panic!("unknown schedule {other}"),
        };
        compare(&case, LearningRateScheduler::new(schedule).verbose(verbose(options)));
    }
}

#[test]
fn terminate_on_nan() {
    for case in traces("TerminateOnNaN") {
        compare(&case, TerminateOnNaN::new().raise_error(is_set(&case["options"], "raise_error")));
    }
}

#[test]
fn csv_logger() {
    for case in traces("CSVLogger") {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log.csv");
        if let Some(existing) = case["existing"].as_str() {
            fs::write(&path, existing).unwrap();
        }
        let mut subject = csv_logger_of(&case["options"], &path);
        for (fit, expected) in case["fits"].as_array().unwrap().iter().zip(case["files"].as_array().unwrap())
        {
            let result = run(&mut model(0.01), &mut subject, fit);
            assert!(result.get("error").is_none(), "{result}");
            let file = fs::read_to_string(&path).unwrap();
            assert_eq!(file, expected.as_str().unwrap(), "\n{} {}", case["name"], case["options"]);
        }
    }
}

fn csv_logger_of(options: &Value, path: &Path) -> CSVLogger {
    let separator = text(options, "separator").unwrap_or(",").as_bytes()[0];
    CSVLogger::new(path).separator(separator).append(is_set(options, "append"))
}

#[test]
fn lambda_callback() {
    for case in traces("LambdaCallback") {
        let lambda = Lambda::default();
        for fit in case["fits"].as_array().unwrap() {
            let mut subject: LambdaCallback<'_> = lambda.with_hooks(case["options"].as_array().unwrap());
            run(&mut model(0.01), &mut subject, fit);
        }
        assert_eq!(lambda.events(), case["events"], "\n{}", case["options"]);
    }
}
