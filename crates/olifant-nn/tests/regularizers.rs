//! Regularizers against what Keras computes; `tests/keras/regularizers.py` made the numbers.
#![allow(clippy::unwrap_used)]

use olifant_core::{Float, Mode, Shape, Tape, Weights, Workspace};
use olifant_nn::Regularizer;
use serde_json::Value;

/// Sums of a dozen numbers in single precision.
const TOLERANCE: f64 = 1e-6;

#[test]
fn penalties_and_gradients_are_kerass() {
    let golden: Value = serde_json::from_str(include_str!("keras/regularizers.json")).unwrap();
    let mut tested = 0;
    for case in golden["cases"].as_array().unwrap() {
        let option = |name: &str| case["options"].get(name).map(|value| value.as_f64().unwrap() as Float);
        let regularizer = match case["regularizer"].as_str().unwrap() {
            "L1" => Regularizer::l1(option("l1").unwrap_or(0.01)),
            "L2" => Regularizer::l2(option("l2").unwrap_or(0.01)),
            "L1L2" => Regularizer::l1_l2(option("l1").unwrap_or(0.0), option("l2").unwrap_or(0.0)),
            _ => continue,
        };
        let (penalty, gradient) = evaluate(regularizer, &case["x"]);
        assert_near(penalty, case["penalty"].as_f64().unwrap(), case);
        let expected = numbers(&case["gradient"]);
        assert_eq!(gradient.len(), expected.len());
        gradient.iter().zip(expected).for_each(|(&g, expected)| assert_near(g, expected.into(), case));
        tested += 1;
    }
    assert_eq!(tested, 18);
}

/// The penalty of a weight, and its gradient.
fn evaluate(regularizer: Regularizer, x: &Value) -> (Float, Vec<Float>) {
    let mut weights = Weights::default();
    let shape: Shape = serde_json::from_value(x["shape"].clone()).unwrap();
    let w = weights.add("w", shape, true);
    weights.get_mut(w).copy_from_slice(&numbers(x));
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    let penalty = regularizer.penalty(tape.weight(w));
    let value = penalty.item();
    tape.backward(penalty);
    (value, tape.finish().gradients()[weights.spec(w).range()].to_vec())
}

fn numbers(tensor: &Value) -> Vec<Float> {
    serde_json::from_value(tensor["values"].clone()).unwrap()
}

#[track_caller]
fn assert_near(ours: Float, expected: f64, case: &Value) {
    let ours = f64::from(ours);
    assert!((ours - expected).abs() <= TOLERANCE * expected.abs(), "{case}: {ours} instead of {expected}");
}
