//! Callbacks in real fits: lent and given away, used twice, one after the other.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{Arc, Mutex};

use ndarray::{Array1, Array2, array};
use olifant_callbacks::{
    EarlyStopping, LambdaCallback, LearningRateScheduler, ModelCheckpoint, ReduceLROnPlateau, TerminateOnNaN,
};
use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
use olifant_train::{
    Callback, CallbackError, Compile, Ending, FitError, FitOptions, IntoFitOptions, Model, Verbose,
};

fn data() -> (Array2<f32>, Array1<f32>) {
    (array![[0.0], [1.0], [2.0], [3.0]], array![1.0, 3.0, 5.0, 7.0])
}

/// A model that learns the data at a rate of 0.1, nothing at 0, and diverges at 10.
fn model(learning_rate: f32) -> Model {
    let network = Sequential::new([1]).add(Dense::new(1)).seed(1);
    network.compile(Sgd::new(learning_rate), MeanSquaredError::new(), ()).unwrap()
}

fn options<'a>(epochs: usize) -> FitOptions<'a> {
    // In another order a loss that should be constant differs in its last digit.
    FitOptions::new().epochs(epochs).shuffle(false).verbose(Verbose::Silent)
}

fn weights(model: &Model) -> Vec<f32> {
    model.network().weights().trainable().to_vec()
}

fn patient() -> EarlyStopping {
    EarlyStopping::new().monitor("loss").patience(2)
}

/// How many epochs of a constant loss are run with these callbacks.
fn epochs_with<'a>(callbacks: impl IntoFitOptions<'a>) -> usize {
    let (x, y) = data();
    let mut model = model(0.0);
    let options = options(9).callbacks(callbacks);
    // The arrays must outlive what the callbacks borrow.
    model.fit(x, y, options).unwrap().epoch().len()
}

#[test]
fn callbacks_come_in_every_form_and_can_be_read_after_fit() {
    let (mut first, mut second) = (patient(), patient().patience(1));
    assert_eq!(epochs_with(&mut first), 3);
    assert_eq!((first.stopped_epoch(), first.best_epoch(), first.wait()), (Some(2), Some(0), 2));
    assert_eq!(epochs_with((&mut first, &mut second, TerminateOnNaN::new())), 2);
    assert_eq!((first.stopped_epoch(), second.stopped_epoch()), (None, Some(1)));
    let lent: [&mut dyn Callback; 2] = [&mut first, &mut second];
    assert_eq!(epochs_with(lent), 2);
    let given: Vec<Box<dyn Callback>> = vec![Box::new(TerminateOnNaN::new()), Box::new(patient())];
    assert_eq!(epochs_with(given), 3);
    let mut kept = vec![patient(), patient()];
    assert_eq!(epochs_with(&mut kept), 3);
    assert_eq!(kept[1].stopped_epoch(), Some(2));
    assert_eq!(epochs_with([patient(), patient()]), 3);
    assert_eq!(epochs_with(()), 9);
}

#[test]
fn fit_tells_who_stopped_and_why() {
    let (x, y) = data();
    let ending = Arc::new(Mutex::new(None));
    let see = LambdaCallback::new()
        .on_train_end(|training, _| *ending.lock().unwrap() = training.ending().cloned());
    model(0.0).fit(&x, &y, options(9).callback(patient()).callback(see)).unwrap();
    let Some(Ending::Stopped(stop)) = ending.lock().unwrap().clone() else { panic!("not stopped") };
    let expected = "loss did not improve within a patience of 2";
    assert_eq!((&*stop.by, &*stop.reason, stop.epoch), ("EarlyStopping", expected, 2));
}

#[test]
fn the_best_weights_are_those_of_the_best_epoch() {
    let (x, y) = data();
    let mut model = model(10.0);
    let mut early_stopping = patient().restore_best_weights(true);
    let mut first = Vec::new();
    let see = LambdaCallback::new().on_epoch_end(|training, _| {
        if training.epoch() == 0 {
            first = weights(training.model());
        }
    });
    model.fit(&x, &y, options(9).callback(&mut early_stopping).callback(see)).unwrap();
    assert_eq!((early_stopping.best_epoch(), early_stopping.stopped_epoch()), (Some(0), Some(2)));
    assert_eq!(weights(&model), first);
}

#[test]
fn where_no_epoch_is_good_the_first_one_stands_in() {
    let (x, y) = data();
    let mut model = model(0.1);
    let mut first = Vec::new();
    let spoil = LambdaCallback::new().on_epoch_end(|training, logs| {
        if training.epoch() == 0 {
            first = weights(training.model());
        }
        logs.insert("loss", f64::NAN);
    });
    let mut early_stopping = patient().patience(0).restore_best_weights(true);
    model.fit(&x, &y, options(9).callback(spoil).callback(&mut early_stopping)).unwrap();
    assert_eq!((early_stopping.best(), early_stopping.stopped_epoch()), (None, Some(1)));
    assert_eq!(weights(&model), first);
}

#[test]
fn weights_are_left_alone_when_training_failed() {
    let (x, y) = data();
    let mut model = model(0.1);
    let mut early_stopping = patient().restore_best_weights(true);
    model.fit(&x, &y, options(3).callback(&mut early_stopping)).unwrap();
    model.fit(&x, &y, options(3)).unwrap();
    let trained = weights(&model);
    let fail = LambdaCallback::new().on_train_begin(|_| Err(CallbackError::new("no")));
    let result = model.fit(&x, &y, options(3).callback(fail).callback(&mut early_stopping));
    assert_eq!(result.unwrap_err().to_string(), "callback LambdaCallback: no");
    assert_eq!(weights(&model), trained);
}

#[test]
fn another_model_does_not_get_the_best_weights() {
    let (x, y) = data();
    let replace = LambdaCallback::new().on_train_end(|training, _| {
        let larger = Sequential::new([1]).add(Dense::new(100)).add(Dense::new(1));
        *training.model_mut() = larger.compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap();
    });
    let callbacks = (replace, patient().restore_best_weights(true));
    let error = model(0.1).fit(&x, &y, options(2).callbacks(callbacks)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "callback EarlyStopping: the best weights cannot be restored: \
         the model was replaced by another during training"
    );
}

#[test]
fn an_object_begins_anew_with_each_fit_but_a_checkpoint_remembers_its_best() {
    let (x, y) = data();
    let directory = tempfile::tempdir().unwrap();
    let mut early_stopping = patient();
    let mut reduce = ReduceLROnPlateau::new().monitor("loss");
    let mut checkpoint =
        ModelCheckpoint::new(directory.path().join("{epoch}.olifant")).monitor("loss").save_best_only(true);
    let mut good = model(0.0);
    // Somebody else's model, far from the data.
    let mut bad = model(0.0);
    bad.weights_mut().trainable_mut()[0] = 100.0;
    let mut fit = |model: &mut Model| {
        let callbacks = (&mut early_stopping, &mut reduce, &mut checkpoint);
        let loss = model.fit(&x, &y, options(9).callbacks(callbacks)).unwrap()["loss"][0];
        assert_eq!(early_stopping.stopped_epoch(), Some(2));
        assert_eq!((early_stopping.best(), reduce.best(), reduce.wait()), (Some(loss), Some(loss), 2));
        (loss, checkpoint.best(), checkpoint.last_saved().unwrap().to_owned())
    };
    let (loss, best, saved) = fit(&mut good);
    assert_eq!(best, Some(loss));
    let (worse, best, saved_last) = fit(&mut bad);
    assert!(worse > loss);
    assert_eq!((best, saved_last), (Some(loss), saved));
}

#[test]
fn epochs_without_validation_are_passed_over() {
    let (x, y) = data();
    let directory = tempfile::tempdir().unwrap();
    let mut early_stopping = EarlyStopping::new().patience(2);
    let mut reduce = ReduceLROnPlateau::new();
    let name = directory.path().join("{epoch}-{val_loss:.1f}.olifant");
    let checkpoint = ModelCheckpoint::new(name).save_best_only(true);
    let callbacks = (&mut early_stopping, &mut reduce, checkpoint);
    let options = options(9).validation_data(&x, &y).validation_freq(2).callbacks(callbacks);
    let history = model(0.0).fit(&x, &y, options).unwrap();
    assert_eq!((early_stopping.best_epoch(), early_stopping.stopped_epoch()), (Some(1), Some(5)));
    assert_eq!((history["val_loss"].len(), history["learning_rate"].len(), reduce.wait()), (3, 6, 2));
    let files = Vec::from_iter(directory.path().read_dir().unwrap().map(|file| file.unwrap().file_name()));
    assert_eq!(files, [&*format!("2-{:.1}.olifant", history["val_loss"][0])]);
}

#[test]
fn what_a_scheduler_adds_is_there_for_those_behind_it() {
    let (x, y) = data();
    let scheduler = LearningRateScheduler::new(|epoch, lr| if epoch == 0 { lr } else { 0.5 });
    let mut early_stopping =
        EarlyStopping::new().monitor("learning_rate").mode("max".parse().unwrap()).patience(2);
    let options = options(9).callback(scheduler).callback(&mut early_stopping);
    let history = model(0.25).fit(&x, &y, options).unwrap();
    assert_eq!(history["learning_rate"], [0.25, 0.5, 0.5, 0.5]);
    assert_eq!(early_stopping.best(), Some(0.5));
}

#[test]
fn a_schedule_that_returns_nonsense_ends_training() {
    let (x, y) = data();
    for (rate, word) in [(f64::NAN, "NaN"), (-1.0, "-1"), (1e300, "inf")] {
        let scheduler = LearningRateScheduler::new(|epoch, lr| if epoch == 1 { rate } else { lr });
        let error = model(0.1).fit(&x, &y, options(3).callback(scheduler)).unwrap_err();
        let expected =
            format!("callback LearningRateScheduler: learning_rate must be a number from 0, but is {word}");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_loss_beyond_all_numbers_stops_and_is_announced() {
    let (x, y) = data();
    let mut output = Vec::new();
    let options = options(1000).batch_size(2).output(&mut output).callback(TerminateOnNaN::new());
    let history = model(1e9).fit(&x, &y, options).unwrap();
    assert!(!history.last("loss").unwrap().is_finite());
    let output = String::from_utf8(output).unwrap();
    assert!(
        output.starts_with("Batch ") && output.ends_with(": Invalid loss, terminating training\n"),
        "{output}"
    );

    let options = self::options(1000).callback(TerminateOnNaN::new().raise_error(true));
    let error = model(1e9).fit(&x, &y, options).unwrap_err();
    assert!(matches!(error, FitError::Callback { .. }));
    assert!(error.to_string().starts_with("callback TerminateOnNaN: the loss became "), "{error}");
}

#[test]
fn closures_are_called_at_every_hook_and_their_errors_count() {
    let (x, y) = data();
    let events = Mutex::new(Vec::new());
    let note = |event: &'static str| events.lock().unwrap().push(event);
    let lambda = LambdaCallback::new()
        .on_train_begin(|_| note("train begin"))
        .on_epoch_begin(|_| note("epoch begin"))
        // The alias counts only where the hook itself is not given, in any order.
        .on_batch_begin(|_| note("overridden"))
        .on_train_batch_begin(|_| note("batch begin"))
        .on_train_batch_end(|_, _| note("batch end"))
        .on_batch_end(|_, _| note("overridden"))
        .on_test_begin(|_| note("test begin"))
        .on_test_batch_begin(|_| note("test batch begin"))
        .on_test_batch_end(|_, _| note("test batch end"))
        .on_test_end(|_, _| note("test end"))
        .on_epoch_end(|_, logs| {
            note("epoch end");
            let loss = logs.get("loss").ok_or_else(|| CallbackError::new("no loss"))?;
            logs.insert("twice", 2.0 * loss);
            Ok(())
        })
        .on_train_end(|_, _| note("train end"));
    let names = "LambdaCallback {\"on_train_begin\", \"on_train_end\", \"on_epoch_begin\", \"on_epoch_end\"";
    assert!(format!("{lambda:?}").starts_with(names), "{lambda:?}");
    let history = model(0.1).fit(&x, &y, options(1).validation_data(&x, &y).callback(lambda)).unwrap();
    assert_eq!(history["twice"][0], 2.0 * history["loss"][0]);
    let expected = "train begin, epoch begin, batch begin, batch end, test begin, test batch begin, \
                    test batch end, test end, epoch end, train end";
    assert_eq!(events.lock().unwrap().join(", "), expected);

    let fail = LambdaCallback::new().on_epoch_end(|_, logs| {
        logs.get("f1").ok_or_else(|| CallbackError::new("no f1"))?;
        Ok(())
    });
    let error = model(0.1).fit(&x, &y, fail).unwrap_err();
    assert_eq!(error.to_string(), "callback LambdaCallback: no f1");
}
