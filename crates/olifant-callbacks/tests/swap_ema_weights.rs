//! `SwapEMAWeights` against what Keras does; `tests/keras/swap_ema_weights.py` made the numbers.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use ndarray::ArrayD;
use olifant_callbacks::{LambdaCallback, ModelCheckpoint, SwapEMAWeights};
use olifant_nn::{Optimizer, Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
use olifant_train::{
    Callback, CallbackError, Compile, EvaluateOptions, FitOptions, HookResult, Logs, Model, Training, Verbose,
};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("keras/swap_ema_weights.json")).unwrap()
}

fn array(value: &Value) -> ArrayD<f32> {
    let shape: Vec<usize> = serde_json::from_value(value["shape"].clone()).unwrap();
    ArrayD::from_shape_vec(shape, serde_json::from_value(value["values"].clone()).unwrap()).unwrap()
}

fn data(golden: &Value) -> (ArrayD<f32>, ArrayD<f32>) {
    (array(&golden["x"]), array(&golden["y"]))
}

fn averaging() -> Sgd {
    Sgd::new(0.1).momentum(0.5).use_ema(true).ema_momentum(0.6)
}

fn model(golden: &Value, optimizer: impl Optimizer) -> Model {
    let network = Sequential::new([3]).add(Dense::new(2)).seed(1);
    let mut model = network.compile(optimizer, MeanSquaredError::new(), ()).unwrap();
    let weights: Vec<_> = golden["weights"].as_array().unwrap().iter().map(array).collect();
    model.set_weights(&weights).unwrap();
    model
}

fn kernel(model: &Model) -> ArrayD<f32> {
    model.weight("dense/kernel").unwrap().to_owned()
}

fn options<'a>() -> FitOptions<'a> {
    FitOptions::new().epochs(3).batch_size(2).shuffle(false).verbose(Verbose::Silent)
}

/// Sees what a callback behind `SwapEMAWeights` sees, and may stop.
#[derive(Default)]
struct Witness {
    stop: Option<usize>,
    begin: Vec<ArrayD<f32>>,
    end: Vec<ArrayD<f32>>,
}

impl Callback for Witness {
    fn on_epoch_begin(&mut self, training: &mut Training<'_>) -> HookResult {
        self.begin.push(kernel(training.model()));
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, _: &mut Logs) -> HookResult {
        self.end.push(kernel(training.model()));
        if self.stop == Some(training.epoch()) {
            training.stop("as in the script");
        }
        Ok(())
    }
}

/// Keras swaps by adding and subtracting, which costs it a digit.
#[track_caller]
fn assert_near(ours: &ArrayD<f32>, expected: &Value, what: &str) {
    let expected = array(expected);
    assert_eq!(ours.shape(), expected.shape(), "{what}");
    let difference = (ours - &expected).iter().fold(0.0, |largest: f32, x| largest.max(x.abs()));
    assert!(difference < 2e-6, "{what}: {ours} instead of {expected}");
}

#[test]
fn fits_are_kerass() {
    let golden = golden();
    let (x, y) = data(&golden);
    for case in golden["cases"].as_array().unwrap().iter().filter(|case| case["call"] == "fit") {
        let what = format!("{} stopped at {}", case["callback"], case["stop"]);
        let mut witness =
            Witness { stop: case["stop"].as_u64().map(|epoch| epoch as usize), ..Witness::default() };
        let mut options = options().validation_data(&x, &y);
        let swap_on_epoch = case["callback"]["swap_on_epoch"] == true;
        if !case["callback"].is_null() {
            options = options.callback(SwapEMAWeights::new().swap_on_epoch(swap_on_epoch));
        }
        let mut model = model(&golden, averaging());
        let history = model.fit(&x, &y, options.callback(&mut witness)).unwrap();
        for name in ["loss", "val_loss"] {
            let ours: Vec<f32> = history[name].iter().map(|&loss| loss as f32).collect();
            assert_near(&ArrayD::from_shape_vec(vec![ours.len()], ours).unwrap(), &case[name], &what);
        }
        for (ours, name) in [(&witness.begin, "begin"), (&witness.end, "end")] {
            let expected = case[name].as_array().unwrap();
            assert_eq!(ours.len(), expected.len());
            for (ours, expected) in ours.iter().zip(expected) {
                assert_near(ours, expected, &format!("{what}: {name}"));
            }
        }
        if swap_on_epoch && witness.stop.is_some() {
            // Keras forgets to swap back when training is stopped, and takes the weights for their averages.
            assert_eq!(&kernel(&model), witness.end.last().unwrap());
            assert!(array(&case["kernel"]) != kernel(&model));
        } else {
            assert_near(&kernel(&model), &case["kernel"], &what);
        }
        assert!(!model.has_ema_weights());
    }
}

#[test]
fn evaluations_and_predictions_use_the_averages_and_leave_the_weights() {
    let golden = golden();
    let (x, y) = data(&golden);
    let case = golden["cases"].as_array().unwrap().iter().find(|case| case["call"] == "use").unwrap();
    let mut model = model(&golden, averaging());
    for _ in 0..3 {
        model.train_on_batch(&x, &y).unwrap();
    }
    assert_near(&kernel(&model), &case["kernel"], "kernel");
    let before = model.get_weights();
    let with_averages = || {
        EvaluateOptions::new().verbose(Verbose::Silent).callback(SwapEMAWeights::new().swap_on_epoch(true))
    };
    let loss = model.evaluate(&x, &y).unwrap()["loss"];
    let ema_loss = model.evaluate_with(&x, &y, with_averages()).unwrap()["loss"];
    for (ours, name) in [(loss, "loss"), (ema_loss, "ema_loss")] {
        assert!((ours - case[name].as_f64().unwrap()).abs() < 2e-6, "{name}: {ours}");
    }
    assert_eq!(model.get_weights(), before);
    let predictions = model.predict_with(&x, with_averages()).unwrap();
    assert_near(&predictions, &case["ema_predictions"], "predictions");
    // Keras does not swap back here.
    assert_eq!(model.get_weights(), before);
}

#[test]
fn a_checkpoint_saves_the_averages_and_training_goes_on_from_it_with_the_weights() {
    let golden = golden();
    let (x, y) = data(&golden);
    let directory = tempfile::tempdir().unwrap();
    let callbacks = || {
        let checkpoint = ModelCheckpoint::new(directory.path().join("{epoch}.olifant"));
        (SwapEMAWeights::new().swap_on_epoch(true), checkpoint)
    };
    let mut unbroken = model(&golden, averaging());
    let mut witness = Witness::default();
    unbroken.fit(&x, &y, options().callbacks(callbacks()).callback(&mut witness)).unwrap();

    for with_callbacks in [true, false] {
        let mut loaded = Model::load(directory.path().join("2.olifant")).unwrap();
        assert!(loaded.has_ema_weights());
        assert_eq!(kernel(&loaded), witness.end[1]);
        let options = options().initial_epoch(2);
        let options = if with_callbacks { options.callbacks(callbacks()) } else { options };
        loaded.fit(&x, &y, options).unwrap();
        assert_eq!(loaded.get_weights(), unbroken.get_weights());
    }
}

#[test]
fn after_a_failure_the_weights_are_back() {
    let golden = golden();
    let (x, y) = data(&golden);
    let mut before = Vec::new();
    let see = LambdaCallback::new().on_epoch_end(|training, _| before = training.model().get_weights());
    let fail = LambdaCallback::new().on_epoch_end(|_, _| Err(CallbackError::new("no")));
    let mut model = model(&golden, averaging());
    let callbacks = (see, SwapEMAWeights::new().swap_on_epoch(true), fail);
    model.fit(&x, &y, options().callbacks(callbacks)).unwrap_err();
    assert!(!model.has_ema_weights());
    assert_eq!(model.get_weights(), before);
}

#[test]
fn an_optimizer_without_averages_is_refused() {
    let golden = golden();
    let (x, y) = data(&golden);
    let mut model = model(&golden, Sgd::new(0.1));
    let begun = LambdaCallback::new().on_train_begin(|_| Err(CallbackError::new("training has begun")));
    let error = model.fit(&x, &y, options().callbacks((begun, SwapEMAWeights::new()))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "callback SwapEMAWeights: use_ema must be true in the optimizer: without it there are no averages \
         to swap the weights with, but is false"
    );
    let with_callback = EvaluateOptions::new().verbose(Verbose::Silent).callback(SwapEMAWeights::new());
    let later = model.evaluate_with(&x, &y, with_callback).unwrap_err();
    assert_eq!(later.to_string(), error.to_string(), "here nothing is checked beforehand");
}
