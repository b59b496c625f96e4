//! Losses against the numbers that Keras makes (`keras/losses.py`).
//!
//! Keras computes in single precision, in which 1 − 10⁻⁷ is rounded: in double precision clipped probabilities differ.
#![allow(clippy::unwrap_used)]
#![cfg(not(feature = "f64"))]

#[path = "keras/case.rs"]
mod case;

use case::{Case, cases, snake_case, tensor};
use olifant_core::{Axes, Float, Mode, Tape, TensorView, Var, Weights, Workspace};
use olifant_nn::Loss;
use serde_json::{Value, json};

/// A loss as a saved model describes it: Keras's name and options.
fn loss_of(case: &Case) -> Box<dyn Loss> {
    let mut description = case.options().clone();
    if description.remove("axis").is_some() {
        description.insert("per_sample".into(), json!(true));
    }
    description.insert("loss".into(), json!(snake_case(case.text("loss"))));
    serde_json::from_value(description.into()).unwrap()
}

fn loss_cases() -> Vec<Case> {
    // Our cosine similarity is along the last axis, which leaves one number per sample.
    let is_ours = |case: &Case| case.text("name") != "first axis";
    cases(include_str!("keras/losses.json")).into_iter().filter(is_ours).collect()
}

/// The predictions, through the last layer's activation if the case has one.
fn predict<'t>(case: &Case, x: Var<'t>) -> Var<'t> {
    match case.get("activation").and_then(Value::as_str) {
        Some("softmax") => x.softmax(),
        Some("sigmoid") => x.sigmoid(),
        _ => x,
    }
}

/// The loss of each sample with its weight, their reduction, and its gradient.
fn evaluate(case: &Case) -> (Vec<Float>, Float, Vec<Float>) {
    let (y_true, y_pred) = (tensor(case.get("y_true").unwrap()), tensor(case.get("y_pred").unwrap()));
    let mut weights = Weights::default();
    let x = weights.add("x", y_pred.shape(), true);
    weights.get_mut(x).copy_from_slice(y_pred.data());
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    let (per_sample, value) = {
        let tape = &tape;
        let y_pred = predict(case, tape.weight(x));
        let mut losses = loss_of(case).call(tape.input(y_true.view()), y_pred);
        let mut divisor = losses.shape().size() as Float;
        if let Some(sample_weight) = case.get("sample_weight").map(tensor) {
            losses = losses * tape.input(TensorView { data: sample_weight.data(), shape: losses.shape() });
            match case.text("reduction") {
                "sum" => divisor = 1.0,
                "mean_with_sample_weight" => divisor = sample_weight.data().iter().sum(),
                _ => (),
            }
        }
        let value = losses.sum(Axes::All) * (1.0 / divisor);
        tape.backward(value);
        (losses.with_value(|losses| losses.data.to_vec()), value.item())
    };
    let gradients = tape.finish().gradients()[..y_pred.data().len()].to_vec();
    (per_sample, value, gradients)
}

/// The cases in which something differs by more than `tolerance`, relative to max(1, |expected|).
fn differences(what: &str, tolerance: Float, compare: impl Fn(&Case) -> Option<(Vec<Float>, Vec<Float>)>) {
    let mut wrong = Vec::new();
    for case in loss_cases() {
        let Some((ours, theirs)) = compare(&case) else { continue };
        let close = |(a, b): (&Float, &Float)| (a - b).abs() <= tolerance * b.abs().max(1.0);
        if ours.len() != theirs.len() || !ours.iter().zip(&theirs).all(close) {
            wrong.push(format!("{case}\n  ours   {ours:?}\n  Keras's {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{what} of {} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn each_sample_costs_what_it_does_in_keras() {
    differences("losses", 1e-5, |case| {
        // With a class to ignore, or samples that have no pairs, Keras scales the mean, and we the losses.
        let keras = case.numbers("per_sample");
        let has_no_pairs =
            case.text("loss") == "Circle" && keras.contains(&0.0) && case.get("sample_weight").is_none();
        let is_scaled = case.options().contains_key("ignore_class") || has_no_pairs;
        // One number over a whole batch is the loss of every sample.
        let ours = evaluate(case).0;
        let keras = if keras.len() == 1 { vec![keras[0]; ours.len()] } else { keras };
        (!is_scaled).then_some((ours, keras))
    });
}

#[test]
fn a_batch_costs_what_it_does_in_keras() {
    differences("values", 1e-5, |case| Some((vec![evaluate(case).1], case.numbers("value"))));
}

#[test]
fn gradients_are_those_of_keras() {
    differences("gradients", 2e-4, |case| Some((evaluate(case).2, case.numbers("gradient"))));
}
