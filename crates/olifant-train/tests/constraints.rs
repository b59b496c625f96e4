//! Weights are put back to their limits after each step, as in Keras. The numbers are made by `keras/constraints.py`.

#![allow(clippy::unwrap_used)]

use ndarray::ArrayD;
use olifant_nn::{
    Activation, Constraint, Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd,
};
use olifant_train::{Compile, Model};
use serde_json::Value;

fn array(value: &Value) -> ArrayD<f32> {
    let shape: Vec<usize> = serde_json::from_value(value["shape"].clone()).unwrap();
    ArrayD::from_shape_vec(shape, serde_json::from_value(value["values"].clone()).unwrap()).unwrap()
}

fn constraint(value: &Value) -> Constraint {
    let number = |option: &str| value[option].as_f64().unwrap() as f32;
    let along = |constraint: Constraint| constraint.axis([value["axis"].as_i64().unwrap() as isize]);
    match value["name"].as_str().unwrap() {
        "NonNeg" => Constraint::non_neg(),
        "MaxNorm" => along(Constraint::max_norm(number("max_value"))),
        "UnitNorm" => along(Constraint::unit_norm()),
        _ => {
            let drawn = Constraint::min_max_norm(number("min_value"), number("max_value"));
            along(drawn.rate(number("rate")))
        }
    }
}

/// The network of a case, with its first weights.
fn model(golden: &Value, case: &Value) -> Model {
    let mut sgd = Sgd::new(0.1).momentum(0.9);
    for (option, value) in case["options"].as_object().unwrap() {
        sgd = match option.as_str() {
            "gradient_accumulation_steps" => sgd.gradient_accumulation_steps(value.as_u64().unwrap()),
            "use_ema" => sgd.use_ema(true),
            "ema_momentum" => sgd.ema_momentum(value.as_f64().unwrap() as f32),
            "ema_overwrite_frequency" => sgd.ema_overwrite_frequency(value.as_u64().unwrap()),
            _ => sgd.weight_decay(value.as_f64().unwrap() as f32),
        };
    }
    let dense = |units| {
        Dense::new(units)
            .kernel_constraint(constraint(&case["kernel"]))
            .bias_constraint(constraint(&case["bias"]))
    };
    let mut model = Sequential::new([3])
        .add(dense(4).activation(Activation::Relu))
        .add(dense(2))
        .compile(sgd, MeanSquaredError::new(), ())
        .unwrap();
    let arrays: Vec<_> = golden["weights"].as_array().unwrap().iter().map(array).collect();
    model.set_weights(&arrays).unwrap();
    model
}

#[track_caller]
fn assert_weights(model: &Model, expected: &Value, message: &str) {
    for (ours, expected) in model.get_weights().iter().zip(expected.as_array().unwrap()) {
        let (ours, expected) = (ours.iter(), array(expected));
        for (ours, expected) in ours.zip(&expected) {
            assert!((ours - expected).abs() < 2e-6, "{message}: {ours} instead of {expected}");
        }
    }
}

#[test]
fn ten_steps_are_kerass() {
    let golden: Value = serde_json::from_str(include_str!("keras/constraints.json")).unwrap();
    let (x, y) = (array(&golden["x"]), array(&golden["y"]));
    let cases = golden["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 7);
    for case in cases {
        let name = format!("{} {} {}", case["kernel"], case["bias"], case["options"]);
        let mut model = model(&golden, case);
        for (step, expected) in case["after"].as_array().unwrap().iter().enumerate() {
            model.train_on_batch(&x, &y).unwrap();
            assert_weights(&model, expected, &format!("{name}, step {step}"));
        }
        model.finalize_weights();
        assert_weights(&model, &case["end"], &format!("{name}, at the end"));
    }
}

#[test]
fn a_hand_written_step_and_a_loaded_model_keep_to_the_limits() {
    let layer = || Dense::new(1).kernel_constraint(Constraint::non_neg());
    let mut model =
        Sequential::new([1]).add(layer()).compile(Sgd::new(1.0), MeanSquaredError::new(), ()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.olifant");
    let learn = |model: &mut Model| {
        model.learn(|tape, network| {
            let kernel = network.weights().find("dense/kernel").unwrap();
            (tape.weight(kernel) * 5.0).sum(olifant_core::Axes::All)
        });
        model.get_weights()[0].clone()
    };
    assert_eq!(learn(&mut model).sum(), 0.0);
    model.save(&path).unwrap();
    assert_eq!(learn(&mut Model::load(&path).unwrap()).sum(), 0.0);
}
