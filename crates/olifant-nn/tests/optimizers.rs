//! Optimizers and schedules against what Keras computes; `tests/keras/optimizers.py` made the numbers.
#![allow(clippy::unwrap_used)]
#![cfg(not(feature = "f64"))]

use olifant_core::{Team, Weight, Weights};
use olifant_nn::{Optimizer, OptimizerState, Schedule, optimizers::*, schedules::*};
use serde_json::{Value, json};

/// Keras computes the same formulas in single precision, with its own order of operations:
/// ten steps differ by a few units in the last place (6e-8) of the largest number that occurs.
const TOLERANCE: f32 = 1e-6;

#[test]
fn ten_steps_are_kerass() {
    let golden = golden();
    let mut tested = 0;
    for case in golden["cases"].as_array().unwrap() {
        let Some(optimizer) = case.get("optimizer").and_then(|name| optimizer(name, &case["options"])) else {
            continue;
        };
        optimizer.check().unwrap();
        ten_steps(&golden, case, &*optimizer);
        tested += 1;
    }
    assert_eq!(tested, 153);
}

#[test]
fn schedules_are_kerass() {
    let golden = golden();
    let mut tested = 0;
    for case in golden["cases"].as_array().unwrap() {
        let Some(name) = case.get("schedule") else { continue };
        let schedule = schedule(name, &case["options"]);
        schedule.check().unwrap();
        let steps = case["steps"].as_array().unwrap();
        for (step, expected) in steps.iter().zip(case["values"].as_array().unwrap()) {
            let rate = schedule.learning_rate(step.as_u64().unwrap());
            assert_near(&[rate], &[expected.as_f64().unwrap() as f32], 0.1, &format!("{case}, step {step}"));
        }
        tested += 1;
    }
    assert_eq!(tested, 15);
}

/// Runs ten steps, and compares weights after some of them, and the slots at the end.
fn ten_steps(golden: &Value, case: &Value, optimizer: &dyn Optimizer) {
    let name = format!("{} {}", case["optimizer"], case["options"]);
    let (mut weights, handles, steps) = subject(golden, case.get("others").is_some());
    optimizer.check_names(&weights).unwrap();
    let mut state = OptimizerState::new(optimizer, &weights);
    for (step, given) in (1..).zip(steps) {
        let mut gradients = vec![0.0; weights.trainable().len()];
        for (&weight, gradient) in handles.iter().zip(given.as_array().unwrap()) {
            gradients[weights.spec(weight).range()].copy_from_slice(&numbers(gradient));
        }
        state.step(optimizer, &mut weights, &mut gradients, &Team::default());
        let after = case["after"].as_array().unwrap().iter().find(|after| after["step"] == step);
        for (number, &weight) in handles.iter().enumerate() {
            let Some(after) = after else { continue };
            let message = format!("{name}: {} after step {step}", weights.spec(weight).name);
            // All weights are of the order of 1: an error that cancels to a small weight is still one of 1.
            assert_near(weights.get(weight).data, &numbers(&after["weights"][number]), 1.0, &message);
        }
    }
    assert_eq!(state.iterations(), case["iterations"]);
    let slots = case["slots"].as_array().unwrap();
    if case["optimizer"] == "Adafactor" {
        return compare_means(&weights, &state, slots, &name);
    }
    // The product of Nadam's momenta follows from the number of the step.
    for slot in slots.iter().filter(|slot| slot["name"] != "product") {
        compare_slot(&weights, &state, slot, &name);
    }
}

/// The weights before the first step, and the gradients of all steps.
fn subject(golden: &Value, others: bool) -> (Weights, Vec<Weight>, &[Value]) {
    let (initial, gradients) =
        if others { ("other_weights", "other_gradients") } else { ("initial_weights", "gradients") };
    let mut weights = Weights::default();
    let mut handles = Vec::new();
    for (number, value) in golden[initial].as_array().unwrap().iter().enumerate() {
        let shape: Vec<usize> = serde_json::from_value(value["shape"].clone()).unwrap();
        let shape = olifant_core::Shape::new(&shape).unwrap();
        let numbered = format!("tensor_{number}");
        let name = if others { golden["other_names"][number].as_str().unwrap() } else { &numbered };
        let weight = weights.add(name, shape, true);
        weights.get_mut(weight).copy_from_slice(&numbers(value));
        handles.push(weight);
    }
    (weights, handles, golden[gradients].as_array().unwrap())
}

/// The slot `tensor_1_velocity` of Keras is our slot `velocity`, in the range of the second weight.
fn compare_slot(weights: &Weights, state: &OptimizerState, slot: &Value, case: &str) {
    let slot_name = slot["name"].as_str().unwrap();
    let of_weight = |name: &str| slot_name.strip_prefix(name)?.strip_prefix('_');
    let (spec, name) =
        weights.iter().find_map(|(_, spec)| Some((spec, of_weight(&spec.name)?))).expect("a weight's slot");
    let position = state.slot_names().iter().position(|&ours| ours == name);
    let position = position.unwrap_or_else(|| panic!("{case}: there is no slot {name}"));
    let ours = &state.slots()[position][spec.range()];
    assert_near_largest(ours, &numbers(&slot["value"]), &format!("{case}: {slot_name}"));
}

/// Adafactor of Keras has the means of rows and columns as slots without a name of their own, or zeros.
///
/// What follows from the means it keeps as well.
fn compare_means(weights: &Weights, state: &OptimizerState, slots: &[Value], case: &str) {
    for (_, spec) in weights.iter() {
        let named =
            |name: String| slots.iter().filter(move |slot| slot["name"] == *name).map(|slot| &slot["value"]);
        let (place, message) = (&state.slots()[0][spec.range()], format!("{case}: {}", spec.name));
        let [stack @ .., rows, columns] = spec.shape.axes() else {
            let velocity = named(format!("{}_velocity", spec.name)).next().unwrap();
            assert_near_largest(place, &numbers(velocity), &message);
            continue;
        };
        let [r, c] =
            <[Vec<f32>; 2]>::try_from(named(spec.name.clone()).map(numbers).collect::<Vec<_>>()).unwrap();
        for matrix in 0..stack.iter().product() {
            let place = &place[matrix * rows * columns..];
            assert_near_largest(&place[..*rows], &r[matrix * rows..][..*rows], &message);
            if *columns > 1 {
                assert_near_largest(
                    &place[*rows..][..*columns],
                    &c[matrix * columns..][..*columns],
                    &message,
                );
            }
        }
    }
}

/// The optimizer with Keras's defaults and these options, or `None` if we do not have it.
fn optimizer(name: &Value, options: &Value) -> Option<Box<dyn Optimizer>> {
    let default: Box<dyn Optimizer> = match name.as_str().unwrap() {
        "SGD" => Box::new(Sgd::default()),
        "Adam" => Box::new(Adam::default()),
        "AdamW" => Box::new(AdamW::default()),
        "RMSprop" => Box::new(RmsProp::default()),
        "Adagrad" => Box::new(Adagrad::default()),
        "Adadelta" => Box::new(Adadelta::default()),
        "Adamax" => Box::new(Adamax::default()),
        "Lion" => Box::new(Lion::default()),
        "Nadam" => Box::new(Nadam::default()),
        "Ftrl" => Box::new(Ftrl::default()),
        "Lamb" => Box::new(Lamb::default()),
        "Adafactor" => Box::new(Adafactor::default()),
        "Muon" => Box::new(Muon::default()),
        // Ours differs from `ScheduleFreeAdamW` with TensorFlow on purpose.
        "ReadingFirst" => Box::new(ScheduleFreeAdamW::default()),
        _ => return None,
    };
    let mut description = serde_json::to_value(&default).unwrap();
    for (option, value) in options.as_object().unwrap() {
        assert!(description.get(option).is_some(), "{name} has no option {option}");
        description[option] = match value.get("schedule") {
            Some(schedule_name) => serde_json::to_value(schedule(schedule_name, &value["options"])).unwrap(),
            None => value.clone(),
        };
    }
    Some(serde_json::from_value(description).unwrap())
}

fn schedule(name: &Value, options: &Value) -> Box<dyn Schedule> {
    let default: Box<dyn Schedule> = match name.as_str().unwrap() {
        "ExponentialDecay" => Box::new(ExponentialDecay::new(0.0, 0, 0.0)),
        "InverseTimeDecay" => Box::new(InverseTimeDecay::new(0.0, 0, 0.0)),
        "PiecewiseConstantDecay" => Box::new(PiecewiseConstantDecay::new([], [])),
        "PolynomialDecay" => Box::new(PolynomialDecay::new(0.0, 0)),
        "CosineDecay" => Box::new(CosineDecay::new(0.0, 0)),
        "CosineDecayRestarts" => Box::new(CosineDecayRestarts::new(0.0, 0)),
        name => panic!("schedule {name}"),
    };
    let mut description = serde_json::to_value(&default).unwrap();
    for (option, value) in options.as_object().unwrap() {
        assert!(description.get(option).is_some(), "{name} has no option {option}");
        description[option] = value.clone();
    }
    serde_json::from_value(description).unwrap()
}

fn golden() -> Value {
    serde_json::from_str(include_str!("keras/optimizers.json")).unwrap()
}

fn numbers(tensor: &Value) -> Vec<f32> {
    tensor["values"].as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect()
}

/// Whether numbers are near, compared with the largest of them.
#[track_caller]
fn assert_near_largest(ours: &[f32], expected: &[f32], message: &str) {
    let largest = expected.iter().fold(0.0, |largest: f32, x| largest.max(x.abs()));
    assert_near(ours, expected, largest, message);
}

#[track_caller]
fn assert_near(ours: &[f32], expected: &[f32], scale: f32, message: &str) {
    assert_eq!(ours.len(), expected.len(), "{message}");
    for (&ours, &expected) in ours.iter().zip(expected) {
        let error = (ours - expected).abs();
        assert!(error <= TOLERANCE * expected.abs().max(scale), "{message}: {ours} instead of {expected}");
    }
}

#[test]
fn a_description_without_the_new_options_is_still_read() {
    let description = json!({
        "optimizer": "sgd",
        "learning_rate": {"schedule": "cosine_decay", "initial_learning_rate": 0.1, "decay_steps": 10,
            "alpha": 0.0, "warmup_target": null, "warmup_steps": 0},
        "momentum": 0.0,
        "nesterov": false,
    });
    let optimizer: Box<dyn Optimizer> = serde_json::from_value(description).unwrap();
    assert_eq!(optimizer.options().learning_rate.at(10), 0.0);
    assert_eq!(optimizer.options().clipnorm, None);
    assert_eq!((optimizer.options().use_ema, optimizer.options().ema_momentum), (false, 0.99));
}
