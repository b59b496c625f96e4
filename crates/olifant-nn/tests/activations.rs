//! Activations against what Keras computes; `tests/keras/activations.py` made the numbers.
#![allow(clippy::unwrap_used)]

use olifant_core::{Axes, Float, GradientCheck, Mode, Shape, Tape, Weights, Workspace};
use olifant_nn::Activation;
use serde_json::{Value, json};

/// A few units in the last place of single precision, relative to the largest number that occurs on the way.
const TOLERANCE: f64 = 1e-6;

#[test]
fn values_and_gradients_are_kerass() {
    let golden: Value = serde_json::from_str(include_str!("keras/activations.json")).unwrap();
    let (mut tested, mut wrong) = (0, Vec::new());
    for case in golden["cases"].as_array().unwrap() {
        let Some(activation) = activation(case) else { continue };
        let x = case.get("x").unwrap_or(&golden["x"]);
        let (y, gradient) = evaluate(activation, x, case.get("upstream"));
        let message = format!("{} {} {}", case["activation"], case["options"], case["name"]);
        let x = numbers(x);
        wrong.extend(differences(&y, &numbers(&case["y"]), &x, &format!("{message}: value")));
        let mut expected = numbers(&case["gradient"]);
        for (slope, &x) in expected.iter_mut().zip(&x) {
            match activation {
                // Keras counts both sides of the tie at 0.
                Activation::Celu { .. } if x == 0.0 => *slope = 1.0,
                // Keras asks on which side of 0 the *result* is, which it has rounded to 0.
                Activation::Selu if x == -1e-8 => *slope = 1.758_099_3,
                _ => (),
            }
        }
        wrong.extend(differences(&gradient, &expected, &x, &format!("{message}: gradient")));
        tested += 1;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(tested, 47);
}

#[test]
fn gradients_are_those_of_the_values() {
    let smooth = [
        Activation::elu(),
        Activation::celu(),
        Activation::gelu(),
        Activation::Gelu { approximate: true },
        Activation::Sigmoid,
        Activation::Silu,
        Activation::Tanh,
        Activation::TanhShrink,
        Activation::Softplus,
        Activation::Softsign,
        Activation::squareplus(),
        Activation::SparsePlus,
        Activation::Exponential,
        Activation::LogSigmoid,
        Activation::Mish,
        Activation::Softmax,
        Activation::LogSoftmax,
        Activation::Glu,
    ];
    for activation in smooth {
        let check = GradientCheck::new().range(-2.0, 2.0);
        let result = check.run(&[&[3, 4]], |_, x| activation.call(x[0]));
        result.unwrap_or_else(|error| panic!("{activation:?}: {error}"));
    }
}

#[test]
fn what_is_not_a_number_stays_so() {
    for name in ["relu", "relu6", "leaky_relu", "elu", "selu", "hard_sigmoid", "hard_tanh", "soft_shrink"] {
        let activation: Activation = name.parse().unwrap();
        let (y, _) = evaluate(activation, &json!({"shape": [1], "values": ["nan"]}), None);
        assert!(y[0].is_nan(), "{name} makes NaN {}", y[0]);
    }
}

/// The activation of a case, or `None` if it works along another axis than the last, or is not ours.
fn activation(case: &Value) -> Option<Activation> {
    let name = case["activation"].as_str().unwrap();
    let options = case["options"].as_object().unwrap();
    if name == "sparsemax" || options.contains_key("axis") {
        return None;
    }
    let option = |name: &str| options.get(name).map(|value| value.as_f64().unwrap() as Float);
    if name == "relu" && !options.is_empty() {
        return Some(Activation::ReluWith {
            negative_slope: option("negative_slope").unwrap_or(0.0),
            max_value: option("max_value"),
            threshold: option("threshold").unwrap_or(0.0),
        });
    }
    if name == "threshold" {
        let [threshold, default_value] = ["threshold", "default_value"].map(|name| option(name).unwrap());
        return Some(Activation::Threshold { threshold, default_value });
    }
    let mut description = json!(name.parse::<Activation>().unwrap());
    for (option, value) in options {
        assert!(description[name].get(option).is_some(), "{name} has no option {option}");
        description[name][option] = value.clone();
    }
    Some(serde_json::from_value(description).unwrap())
}

/// The activation's values, and the gradient of Σ upstream · y.
fn evaluate(activation: Activation, x: &Value, upstream: Option<&Value>) -> (Vec<f64>, Vec<f64>) {
    let mut weights = Weights::default();
    let shape: Shape = serde_json::from_value(x["shape"].clone()).unwrap();
    let w = weights.add("x", shape, true);
    weights.get_mut(w).iter_mut().zip(numbers(x)).for_each(|(w, x)| *w = x as Float);

    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    let y = activation.call(tape.weight(w));
    assert_eq!(y.shape(), activation.output_shape(&shape).unwrap());
    let values = y.with_value(|y| y.data.iter().map(|&y| f64::from(y)).collect());
    let factors = tape.input_with(y.shape(), |slot| {
        slot.fill(1.0);
        if let Some(upstream) = upstream {
            slot.iter_mut().zip(numbers(upstream)).for_each(|(slot, number)| *slot = number as Float);
        }
    });
    tape.backward((y * factors).sum(Axes::All));
    let gradients =
        tape.finish().gradients()[weights.spec(w).range()].iter().map(|&g| f64::from(g)).collect();
    (values, gradients)
}

/// Reads "nan", "inf" and "-inf" as well, for which JSON has no numbers.
fn numbers(tensor: &Value) -> Vec<f64> {
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap());
    tensor["values"].as_array().unwrap().iter().map(number).collect()
}

/// What differs, in words.
fn differences(ours: &[f64], expected: &[f64], x: &[f64], message: &str) -> Vec<String> {
    assert_eq!(ours.len(), expected.len(), "{message}");
    let mut differences = Vec::new();
    for (i, (&ours, &expected)) in ours.iter().zip(expected).enumerate() {
        let scale = expected.abs().max(x.get(i).map_or(1.0, |x| x.abs())).max(1.0);
        let is_near = ours == expected || (ours - expected).abs() <= TOLERANCE * scale;
        if !is_near {
            differences.push(format!("{message} at {:?}: {ours} instead of {expected}", x.get(i)));
        }
    }
    differences
}
