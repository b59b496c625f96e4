//! States of stateful layers go on as in Keras. The numbers are made by `keras/states.py`.

#![allow(clippy::unwrap_used)]

use ndarray::{ArrayD, Axis, array, s};
use olifant_nn::{
    Sequential,
    layers::{Bidirectional, Dense, GRU, LSTM},
    losses::MeanSquaredError,
    optimizers::Sgd,
};
use olifant_train::{
    BatchOptions, Callback, Compile, EvaluateOptions, FitOptions, HookResult, Model, Training, Verbose,
};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("keras/states.json")).unwrap()
}

fn array(value: &Value) -> ArrayD<f32> {
    let shape: Vec<usize> = serde_json::from_value(value["shape"].clone()).unwrap();
    ArrayD::from_shape_vec(shape, serde_json::from_value(value["values"].clone()).unwrap()).unwrap()
}

/// The network of the golden numbers, with its first weights.
fn model(golden: &Value) -> Model {
    let mut model = Sequential::new([3, 2])
        .add(LSTM::new(3).return_sequences(true).stateful(2))
        .add(Bidirectional::new(GRU::new(2).stateful(2)))
        .add(Dense::new(1))
        .seed(1)
        .compile(Sgd::new(0.1), MeanSquaredError::new(), ())
        .unwrap();
    let given = golden["weights"].as_array().unwrap();
    let weights = model.weights_mut();
    let trained: Vec<_> = weights.iter().filter(|(_, spec)| spec.trainable).map(|(w, _)| w).collect();
    assert_eq!(trained.len(), given.len());
    for (weight, values) in trained.into_iter().zip(given) {
        weights.get_mut(weight).copy_from_slice(array(values).as_slice().unwrap());
    }
    model
}

fn quiet<'a>() -> EvaluateOptions<'a> {
    EvaluateOptions::new().verbose(Verbose::Silent)
}

#[track_caller]
fn assert_close(ours: impl IntoIterator<Item = f64>, keras: &Value, what: &str) {
    let keras = if keras.is_array() { keras } else { &keras["values"] };
    let keras: Vec<f64> = serde_json::from_value(keras.clone()).unwrap();
    let ours: Vec<f64> = ours.into_iter().collect();
    assert_eq!(ours.len(), keras.len(), "{what}");
    for (ours, keras) in ours.iter().zip(&keras) {
        assert!((ours - keras).abs() < 2e-5 * keras.abs().max(1.0), "{what}: {ours}, Keras has {keras}");
    }
}

#[test]
fn states_go_on_as_in_keras() {
    let golden = golden();
    let (x, y) = (array(&golden["x"]), array(&golden["y"]));
    let mut model = model(&golden);
    for (number, case) in golden["cases"].as_array().unwrap().iter().enumerate() {
        let did = case["did"].as_str().unwrap();
        let what = format!("{number}: {did}");
        let wide = |x: f32| f64::from(x);
        match did {
            "predict" => {
                let y = model.predict_with(&x, quiet()).unwrap();
                assert_close(y.into_iter().map(wide), &case["prediction"], &what);
            }
            "predict_on_batch" => {
                let y = model.predict_with(x.slice_axis(Axis(0), (..2).into()), quiet()).unwrap();
                assert_close(y.into_iter().map(wide), &case["prediction"], &what);
            }
            "evaluate" => {
                let logs = model.evaluate_with(&x, &y, quiet()).unwrap();
                assert_close([logs["loss"]], &case["losses"], &what);
            }
            "fit" => {
                let backwards = |array: &ArrayD<f32>| {
                    let mut array = array.clone();
                    array.invert_axis(Axis(0));
                    array
                };
                let options = FitOptions::new().epochs(3).shuffle(false).verbose(Verbose::Silent);
                let options = options.validation_data(backwards(&x), backwards(&y));
                let history = model.fit(&x, &y, options).unwrap();
                assert_close(history["loss"].iter().copied(), &case["losses"], &what);
                assert_close(history["val_loss"].iter().copied(), &case["val_losses"], &what);
            }
            "reset" => model.reset_states(),
            _ => panic!("{what} is not known"),
        }
    }
}

#[test]
fn methods_that_only_read_a_model_refuse_one_with_states() {
    let golden = golden();
    let (x, y) = (array(&golden["x"]), array(&golden["y"]));
    let (first_x, first_y) = (x.slice(s![..2, .., ..]), y.slice(s![..2, ..]));
    let mut model = model(&golden);
    model.predict_with(&x, quiet()).unwrap();
    let before = model.get_weights();
    let message = |instead: &str| {
        format!(
            "layer lstm is stateful, so that each batch changes the model: use {instead}, which may change it"
        )
    };
    let predict = "predict_with or predict_several_with";
    assert_eq!(model.predict(&x).unwrap_err().to_string(), message(predict));
    assert_eq!(model.predict_several(&x).unwrap_err().to_string(), message(predict));
    assert_eq!(model.predict_on_batch(first_x).unwrap_err().to_string(), message("predict_with"));
    assert_eq!(model.evaluate(&x, &y).unwrap_err().to_string(), message("evaluate_with"));
    assert_eq!(model.test_on_batch(first_x, first_y).unwrap_err().to_string(), message("evaluate_with"));
    assert_eq!(model.get_weights(), before);
}

#[test]
fn batches_of_another_size_are_refused_also_with_weights() {
    let golden = golden();
    let (x, y) = (array(&golden["x"]), array(&golden["y"]));
    let (x, y) = (x.slice(s![..4, .., ..]), y.slice(s![..4, ..]));
    let weights = array![1.0, 2.0, 0.5, 0.0];
    let mut model = model(&golden);
    let fit = || FitOptions::new().verbose(Verbose::Silent);
    let message = |batch_size: usize, samples: usize| {
        format!(
            "layer lstm is stateful, for batches of 2, but {samples} samples in batches of {batch_size} \
             do not come in such batches: set batch_size to 2, and leave out samples that fill no batch"
        )
    };
    let error = model.fit(x, y, fit().batch_size(4).sample_weight(&weights)).unwrap_err();
    assert_eq!(error.to_string(), message(4, 4));
    let split = fit().sample_weight(&weights).validation_split(0.25);
    assert_eq!(model.fit(x, y, split).unwrap_err().to_string(), message(2, 3));
    let validated = fit().validation_data(x, y).validation_sample_weight(&weights).validation_batch_size(4);
    assert_eq!(model.fit(x, y, validated).unwrap_err().to_string(), message(4, 4));
    let options = BatchOptions::new().sample_weight(&weights);
    assert_eq!(model.train_on_batch_with(x, y, options).unwrap_err().to_string(), message(4, 4));
    let options = quiet().batch_size(3).sample_weight(&weights);
    assert_eq!(model.evaluate_with(x, y, options).unwrap_err().to_string(), message(3, 4));
    assert!(model.evaluate_with(x, y, quiet().sample_weight(&weights)).is_ok());
}

/// Begins each evaluation with new sequences.
struct BeginAnew;

impl Callback for BeginAnew {
    fn on_test_begin(&mut self, training: &mut Training<'_>) -> HookResult {
        training.model_mut().reset_states();
        Ok(())
    }
}

#[test]
fn a_callback_can_reset_states() {
    let golden = golden();
    let (x, y) = (array(&golden["x"]), array(&golden["y"]));
    let mut model = model(&golden);
    let first = model.evaluate_with(&x, &y, quiet()).unwrap();
    assert_ne!(model.evaluate_with(&x, &y, quiet()).unwrap(), first);
    assert_eq!(model.evaluate_with(&x, &y, quiet().callback(BeginAnew)).unwrap(), first);
}
