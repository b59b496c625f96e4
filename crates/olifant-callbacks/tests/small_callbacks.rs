//! `BestWeights`, `ProgressBar`, and the learning rate of each batch, in real fits.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{Arc, Mutex};

use ndarray::{Array1, Array2, array};
use olifant_callbacks::{
    BackupAndRestore, BestWeights, LambdaCallback, LearningRateScheduler, Mode, ProgressBar, SaveFreq,
};
use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
use olifant_train::{CallbackError, Compile, FitOptions, Model, Training, Verbose};

fn data() -> (Array2<f32>, Array1<f32>) {
    (array![[0.0], [1.0], [2.0], [3.0]], array![1.0, 3.0, 5.0, 7.0])
}

fn model() -> Model {
    let network = Sequential::new([1]).add(Dense::new(1)).seed(1);
    network.compile(Sgd::new(0.05), MeanSquaredError::new(), ()).unwrap()
}

fn options<'a>(epochs: usize) -> FitOptions<'a> {
    FitOptions::new().epochs(epochs).batch_size(2).shuffle(false).verbose(Verbose::Silent)
}

fn weights(model: &Model) -> Vec<f32> {
    model.network().weights().trainable().to_vec()
}

/// Adds to the logs of each epoch the next of these values, and takes down the weights of each epoch.
fn scripted(values: &'static [f64], seen: Arc<Mutex<Vec<Vec<f32>>>>) -> impl olifant_train::Callback {
    struct Scripted(&'static [f64], Arc<Mutex<Vec<Vec<f32>>>>);
    impl olifant_train::Callback for Scripted {
        fn adds_logs(&self) -> &[&'static str] {
            &["score"]
        }

        fn on_epoch_end(
            &mut self,
            training: &mut Training<'_>,
            logs: &mut olifant_train::Logs,
        ) -> olifant_train::HookResult {
            logs.insert("score", self.0[training.epoch()]);
            self.1.lock().unwrap().push(weights(training.model()));
            Ok(())
        }
    }
    Scripted(values, seen)
}

#[test]
fn the_weights_of_the_best_epoch_are_kept_and_put_back() {
    let (x, y) = data();
    for (mode, best_epoch) in [(Mode::Min, 3), (Mode::Max, 2)] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut kept = BestWeights::new().monitor("score").mode(mode).restore(false);
        let mut restored = BestWeights::new().monitor("score").mode(mode).verbose(1);
        let mut output = Vec::new();
        let mut model = model();
        let options = options(5)
            .output(&mut output)
            .callback(scripted(&[f64::NAN, 0.5, 0.9, 0.25, 0.25], Arc::clone(&seen)))
            .callback(&mut kept)
            .callback(&mut restored);
        model.fit(&x, &y, options).unwrap();
        let seen = seen.lock().unwrap();
        assert_eq!(kept.best_epoch(), Some(best_epoch), "{mode:?}");
        assert_eq!(restored.best(), Some([f64::NAN, 0.5, 0.9, 0.25][best_epoch]));
        assert_eq!(weights(&model), seen[best_epoch]);
        let expected =
            format!("Restoring model weights from the end of the best epoch: {}.\n", best_epoch + 1);
        assert_eq!(String::from_utf8(output).unwrap(), expected);
        model.weights_mut().trainable_mut().fill(0.0);
        kept.put_into(&mut model).unwrap();
        assert_eq!(weights(&model), seen[best_epoch]);
    }
}

#[test]
fn an_improvement_below_min_delta_is_none() {
    let (x, y) = data();
    let mut best = BestWeights::new().monitor("score").mode(Mode::Min).min_delta(0.2);
    let script = scripted(&[1.0, 0.9, 0.7, 0.6], Arc::default());
    model().fit(&x, &y, options(4).callback(script).callback(&mut best)).unwrap();
    assert_eq!((best.best_epoch(), best.best()), (Some(2), Some(0.7)));
}

#[test]
fn without_any_number_there_are_no_best_weights() {
    let (x, y) = data();
    let mut best = BestWeights::new().monitor("score").mode(Mode::Min);
    let mut model = model();
    model
        .fit(&x, &y, options(2).callback(scripted(&[f64::NAN; 2], Arc::default())).callback(&mut best))
        .unwrap();
    assert_eq!(
        best.put_into(&mut model).unwrap_err().to_string(),
        "there are no best weights: no epoch was better than nothing"
    );
}

#[test]
fn best_weights_survive_an_interruption() {
    let (x, y) = data();
    let directory = tempfile::tempdir().unwrap();
    let fit = |crashes: bool| {
        let mut best = BestWeights::new().monitor("score").mode(Mode::Max);
        let mut model = model();
        let crash = LambdaCallback::new().on_epoch_begin(move |training| {
            if crashes && training.epoch() == 3 { Err(CallbackError::new("crash")) } else { Ok(()) }
        });
        let options = options(5)
            .callback(BackupAndRestore::new(directory.path()))
            .callback(scripted(&[0.1, 0.9, 0.3, 0.2, 0.4], Arc::default()))
            .callback(&mut best)
            .callback(crash);
        let result = model.fit(&x, &y, options);
        (result.is_ok(), weights(&model), best.best_epoch())
    };
    let unbroken = fit(false);
    assert!(!fit(true).0);
    assert_eq!(fit(false), unbroken);
}

#[test]
fn a_rate_for_each_batch_is_a_function_of_the_step() {
    let (x, y) = data();
    let rates = Mutex::new(Vec::new());
    let see = || {
        LambdaCallback::new()
            .on_train_batch_end(|training, _| rates.lock().unwrap().push(training.learning_rate()))
    };
    let mut model = model();
    let schedule = || LearningRateScheduler::per_batch(|step, _| 1.0 / (step + 1) as f64);
    let history = model.fit(&x, &y, options(2).callback(schedule()).callback(see())).unwrap();
    assert_eq!(*rates.lock().unwrap(), [1.0, 0.5, 1.0 / 3.0, 0.25]);
    assert_eq!(history["learning_rate"], [0.5, 0.25]);
    model.fit(&x, &y, options(1).callback(schedule()).callback(see())).unwrap();
    assert_eq!(rates.lock().unwrap()[4..], [0.2, 1.0 / 6.0], "a later run counts on");
    let halves = LearningRateScheduler::per_batch(|_, rate| rate * 0.5);
    model.set_learning_rate(1.0).unwrap();
    model.fit(&x, &y, options(1).callback(halves).callback(see())).unwrap();
    assert_eq!(rates.lock().unwrap()[6..], [0.5, 0.25]);
}

#[test]
fn a_rate_for_each_batch_goes_on_with_a_resumed_run() {
    let (x, y) = data();
    let directory = tempfile::tempdir().unwrap();
    let fit = |crashes: bool| {
        let mut rates = Vec::new();
        let see = LambdaCallback::new().on_train_batch_end(|training, _| {
            rates.push(training.learning_rate());
            let is_time = crashes && (training.epoch(), training.batch()) == (1, 1);
            if is_time { Err(CallbackError::new("crash")) } else { Ok(()) }
        });
        let schedule = LearningRateScheduler::per_batch(|step, rate| rate + step as f64);
        let backup = BackupAndRestore::new(directory.path()).save_freq(1);
        let mut model = model();
        let result = model.fit(&x, &y, options(3).callback(backup).callback(schedule).callback(see));
        assert_eq!(result.is_err(), crashes);
        (weights(&model), rates)
    };
    let (unbroken, rates) = fit(false);
    fit(true);
    // The last of the batches before the crash has no backup and is trained again.
    assert_eq!(fit(false), (unbroken, rates[3..].to_vec()));
}

/// The lines of progress without the times and the logs.
fn lines(output: Vec<u8>) -> Vec<String> {
    let text = String::from_utf8(output).unwrap();
    text.lines().map(|line| line.split(" - ").next().unwrap().to_owned()).collect()
}

#[test]
fn a_progress_bar_of_ones_own_replaces_that_of_fit() {
    let (x, y) = data();
    let (mut own, mut of_fit) = (Vec::new(), Vec::new());
    let bar = ProgressBar::new().verbose(2).output(&mut own);
    model().fit(&x, &y, options(2).callback(bar)).unwrap();
    model().fit(&x, &y, options(2).verbose(2).output(&mut of_fit)).unwrap();
    let of_fit = lines(of_fit);
    assert_eq!(of_fit, ["Epoch 1/2", "2/2", "Epoch 2/2", "2/2"]);
    assert_eq!(lines(own), of_fit);

    let message =
        model().fit(&x, &y, options(2).verbose(2).callback(ProgressBar::new())).unwrap_err().to_string();
    assert_eq!(
        message,
        "callback ProgressBar: verbose must be Verbose::Silent in the options of fit, which else draws its own \
         progress beside this one, but is Epochs"
    );
}

#[test]
fn a_progress_bar_goes_on_with_a_resumed_run_as_that_of_fit_does() {
    let (x, y) = data();
    // Behind an epoch, before its validation, and in its midst: crashes in the third, with a backup of such a moment.
    for (save_freq, batch) in [(SaveFreq::Epoch, 0), (SaveFreq::Batches(2), 0), (SaveFreq::Batches(1), 1)] {
        let [of_fit, own] = [false, true].map(|is_own| {
            let directory = tempfile::tempdir().unwrap();
            let fit = |crashes: bool| {
                let (mut own, mut of_fit) = (Vec::new(), Vec::new());
                let crash = LambdaCallback::new().on_train_batch_begin(move |training| {
                    let is_time = crashes && (training.epoch(), training.batch()) == (2, batch);
                    if is_time { Err(CallbackError::new("crash")) } else { Ok(()) }
                });
                let options = options(4)
                    .validation_data(&x, &y)
                    .verbose(if is_own { 0 } else { 2 })
                    .output(&mut of_fit)
                    .callback(BackupAndRestore::new(directory.path()).save_freq(save_freq))
                    .callback(crash);
                let options = if is_own {
                    options.callback(ProgressBar::new().verbose(2).output(&mut own))
                } else {
                    options
                };
                assert_eq!(model().fit(&x, &y, options).is_ok(), !crashes);
                lines(if is_own { own } else { of_fit })
            };
            fit(true);
            fit(false)
        });
        assert_eq!(own, of_fit, "{save_freq:?}");
    }
}
