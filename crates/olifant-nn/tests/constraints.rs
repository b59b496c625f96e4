//! Constraints against what Keras computes; `tests/keras/constraints.py` made the numbers.
#![allow(clippy::unwrap_used)]

use olifant_core::{Float, Mode, Shape, Tape, TensorView, Weights, Workspace};
use olifant_nn::{Constraint, Sequential, Trainable, layers::Dense};
use serde_json::{Map, Value, json};

/// Sums of a dozen numbers in single precision.
const TOLERANCE: f64 = 1e-6;

/// A constraint as a saved model describes it.
fn constraint(case: &Value) -> Constraint {
    let (name, mut options) = match case["constraint"].as_str().unwrap() {
        "MaxNorm" => ("max_norm", json!({"max_value": 2.0})),
        "NonNeg" => return serde_json::from_value(json!("non_neg")).unwrap(),
        "UnitNorm" => ("unit_norm", json!({})),
        _ => ("min_max_norm", json!({"min_value": 0.0, "max_value": 1.0, "rate": 1.0})),
    };
    options["axis"] = json!([0]);
    for (option, value) in case["options"].as_object().unwrap() {
        options[option] = if value.is_i64() { json!([value]) } else { value.clone() };
        if option == "max_value" {
            options[option] = value.clone();
        }
    }
    serde_json::from_value(Value::Object(Map::from_iter([(name.to_owned(), options)]))).unwrap()
}

#[test]
fn limits_are_kerass() {
    let golden: Value = serde_json::from_str(include_str!("keras/constraints.json")).unwrap();
    let mut tested = 0;
    for case in golden["cases"].as_array().unwrap() {
        let (constraint, numbers) = (constraint(case), |key: &str| -> Vec<Float> {
            serde_json::from_value(case[key]["values"].clone()).unwrap()
        });
        let shape: Shape = serde_json::from_value(case["w"]["shape"].clone()).unwrap();
        assert_eq!(constraint.check(&shape), Ok(()), "{case}");
        let weights = Weights::default();
        let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
        let result = constraint.call(tape.input(TensorView { data: &numbers("w"), shape }));
        let ours = result.with_value(|result| result.data.to_vec());
        for (&ours, expected) in ours.iter().zip(numbers("result")) {
            let (ours, expected) = (f64::from(ours), f64::from(expected));
            assert!((ours - expected).abs() <= TOLERANCE * expected.abs().max(1.0), "{case}: {ours}");
        }
        tested += 1;
    }
    assert_eq!(tested, 35);
}

#[test]
fn constraints_survive_saving() {
    for constraint in [
        Constraint::max_norm(0.5).axis([0, 1]),
        Constraint::non_neg(),
        Constraint::unit_norm().axis([-1]),
        Constraint::min_max_norm(0.5, 2.0).rate(0.3),
    ] {
        let json = serde_json::to_string(&constraint).unwrap();
        assert_eq!(serde_json::from_str::<Constraint>(&json).unwrap(), constraint);
    }
}

#[test]
fn layers_put_their_weights_back_unless_they_are_frozen() {
    let layer =
        || Dense::new(2).kernel_constraint(Constraint::unit_norm()).bias_constraint(Constraint::non_neg());
    let mut network =
        Sequential::new([2]).add(layer()).add(layer().trainable(false)).add(Dense::new(2)).build(0).unwrap();
    let names: Vec<String> = network.weights().iter().map(|(_, spec)| spec.name.clone()).collect();
    for name in &names {
        let weight = network.weights().find(name).unwrap();
        network.weights_mut().get_mut(weight).fill(-3.0);
    }
    assert!(network.has_constraints());
    network.apply_constraints(&mut Workspace::default());
    let values = names.iter().map(|name| {
        let weights = network.weights();
        (weights.get(weights.find(name).unwrap()).data[0] * 1000.0).round()
    });
    assert_eq!(values.collect::<Vec<_>>(), [-707.0, 0.0, -3000.0, -3000.0, -3000.0, -3000.0]);
}

#[test]
fn a_constraint_that_does_not_suit_its_weight_is_an_error_of_the_layer() {
    let layer = Dense::new(2).bias_constraint(Constraint::unit_norm().axis([1]));
    let error = Sequential::new([2]).add(layer).build(0).unwrap_err().to_string();
    assert_eq!(error, "layer 0 (dense): axis must be axes of a weight of shape [2], but is [1]");
}
