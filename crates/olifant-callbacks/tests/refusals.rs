//! What cannot work is refused before the first step, in words that say what to do.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use ndarray::array;
use olifant_callbacks::{
    BackupAndRestore, CSVLogger, EarlyStopping, LambdaCallback, LearningRateScheduler, Mode, ModelCheckpoint,
    ReduceLROnPlateau, SaveFreq,
};
use olifant_nn::{
    Sequential, layers::Dense, losses::MeanSquaredError, metrics::MeanAbsoluteError, optimizers::Sgd,
    schedules::ExponentialDecay,
};
use olifant_train::{
    Callback, CallbackError, Checkpoint, Compile, FitOptions, IntoFitOptions, Model, Stream, Verbose,
};

/// The error of a fit, which must not have begun.
fn refusal_of<'a>(callbacks: impl IntoFitOptions<'a>) -> String {
    let (x, y) = (array![[0.0], [1.0]], array![0.0, 1.0]);
    let network = Sequential::new([1]).add(Dense::new(1));
    let metrics = MeanAbsoluteError::new().name("mae");
    let mut model = network.compile(Sgd::new(0.1), MeanSquaredError::new(), metrics).unwrap();
    let begun = LambdaCallback::new().on_train_begin(|_| Err(CallbackError::new("training has begun")));
    let options = FitOptions::new().verbose(Verbose::Silent).callback(begun).callbacks(callbacks);
    model.fit(x, y, options).unwrap_err().to_string()
}

#[track_caller]
fn assert_refused(callback: impl Callback, expected: &str) {
    let expected = format!("callback {}: {expected}", callback.name());
    assert_eq!(refusal_of(callback), expected);
}

#[test]
fn a_monitor_that_will_never_be_there() {
    let needs_validation = "monitor \"val_loss\" will never be in the logs: known: loss, mae; \
                            give validation_split or validation_data to have it";
    assert_refused(EarlyStopping::new(), needs_validation);
    assert_refused(ModelCheckpoint::new("a.olifant").save_best_only(true), needs_validation);
    let plateau = "monitor \"los\" will never be in the logs: known: loss, mae; did you mean `loss`?";
    assert_refused(ReduceLROnPlateau::new().monitor("los"), plateau);
    let of_batches = ModelCheckpoint::new("a.olifant").save_best_only(true).save_freq(5).monitor("val_mae");
    assert_refused(of_batches, "monitor \"val_mae\" will never be in the logs: known: loss, mae");
}

#[test]
fn a_monitor_that_improves_nobody_knows_which_way() {
    let callbacks =
        || (LearningRateScheduler::new(|_, lr| lr), EarlyStopping::new().monitor("learning_rate"));
    assert_eq!(
        refusal_of(callbacks()),
        "callback EarlyStopping: mode must be Mode::Min or Mode::Max, \
         as \"learning_rate\" does not tell which is better, but is Mode::Auto"
    );
}

#[test]
fn a_stream_has_no_backup() {
    let directory = tempfile::tempdir().unwrap();
    let batches = std::iter::repeat_with(|| (array![[0.0], [1.0]], array![0.0, 1.0]));
    let stream = Stream::from_iter(batches, 4).unwrap();
    let network = Sequential::new([1]).add(Dense::new(1));
    let mut model = network.compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap();
    let mut fit = |callback: Box<dyn Callback>| {
        let options = FitOptions::new().verbose(Verbose::Silent).callback(callback);
        model.fit(stream.x(), stream.y(), options).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(
        fit(Box::new(BackupAndRestore::new(directory.path().join("backup")))),
        Err("callback BackupAndRestore: a stream cannot be resumed: its samples come once".into())
    );
    // A checkpoint of the model alone can be made of it.
    let path = directory.path().join("model.olifant");
    assert_eq!(fit(Box::new(ModelCheckpoint::new(&path))), Ok(()));
    assert!(Model::load(&path).is_ok() && Checkpoint::load(&path).is_err());
}

#[test]
fn options_outside_their_ranges() {
    let nan = f64::NAN;
    assert_refused(
        EarlyStopping::new().monitor("loss").min_delta(nan),
        "min_delta must be a finite number, but is NaN",
    );
    assert_refused(
        EarlyStopping::new().monitor("loss").baseline(nan),
        "baseline must be a number, but is NaN",
    );
    for (factor, word) in [(1.0, "1"), (-0.5, "-0.5"), (nan, "NaN")] {
        let expected = format!("factor must be at least 0 and less than 1, but is {word}");
        assert_refused(ReduceLROnPlateau::new().monitor("loss").factor(factor), &expected);
    }
    for (min_lr, word) in [(-1.0, "-1"), (nan, "NaN"), (f64::INFINITY, "inf")] {
        let expected = format!("min_lr must be a number from 0, but is {word}");
        assert_refused(ReduceLROnPlateau::new().monitor("loss").min_lr(min_lr), &expected);
    }
    let checkpoint = || ModelCheckpoint::new("a.olifant").monitor("loss").mode(Mode::Min);
    assert_refused(checkpoint().save_freq(0), "save_freq must be at least 1 batch, but is 0");
    assert_refused(
        checkpoint().initial_value_threshold(nan),
        "initial_value_threshold must be a number, but is NaN",
    );
    for (separator, shown) in [(b'"', r#"'"'"#), (b'\n', r"'\n'"), (0xe9, "'é'")] {
        let expected =
            format!("separator must be an ASCII character other than a quote or a line end, but is {shown}");
        assert_refused(CSVLogger::new("log.csv").separator(separator), &expected);
    }
}

#[test]
fn two_who_set_the_learning_rate() {
    let two = (LearningRateScheduler::new(|_, lr| lr), ReduceLROnPlateau::new().monitor("loss"));
    assert_eq!(
        refusal_of(two),
        "callback ReduceLROnPlateau: the learning rate is set by callback LearningRateScheduler already: \
         use only one of them"
    );
    let (x, y) = (array![[0.0], [1.0]], array![0.0, 1.0]);
    let sgd = Sgd::new(ExponentialDecay::new(0.1, 10, 0.5));
    let network = Sequential::new([1]).add(Dense::new(1));
    let mut model = network.compile(sgd, MeanSquaredError::new(), ()).unwrap();
    let error = model.fit(&x, &y, LearningRateScheduler::new(|_, lr| lr)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "callback LearningRateScheduler: the learning rate is set by the schedule the optimizer was made with \
         already: use only one of them"
    );
}

#[test]
fn file_names_that_cannot_be_saved_to() {
    let fields = "filepath may have {epoch}, with SaveFreq::Batches also {batch}, and names in the logs, but";
    let logs = "will never be in the logs: known: loss, mae";
    assert_refused(ModelCheckpoint::new("{epcoh}.olifant"), &format!("{fields} \"epcoh\" {logs}"));
    assert_refused(ModelCheckpoint::new("{batch}.olifant"), &format!("{fields} \"batch\" {logs}"));
    let needs_validation = "; give validation_split or validation_data to have it";
    assert_refused(
        ModelCheckpoint::new("{val_loss:.2f}.olifant"),
        &format!("{fields} \"val_loss\" {logs}{needs_validation}"),
    );
    let batches = ModelCheckpoint::new("{epoch}-{batch}-{f1}.olifant").save_freq(SaveFreq::Batches(2));
    assert_refused(batches, &format!("{fields} \"f1\" {logs}"));
    for (name, field) in [("{epoch:2x}.olifant", "epoch:2x"), ("{loss:d}.olifant", "loss:d")] {
        let expected = format!(
            "filepath must be a name with fields like {{epoch:02d}} and {{val_loss:.2f}} instead of {{{field}}}, \
             but is {name:?}"
        );
        assert_refused(ModelCheckpoint::new(name), &expected);
    }
    assert_refused(
        ModelCheckpoint::new("{epoch.olifant"),
        "filepath must be a name in which each { has its } ({{ for the brace itself), but is \"{epoch.olifant\"",
    );
    assert_refused(
        ModelCheckpoint::new("model.h5"),
        "cannot save the model as `model.h5`: the extension `.h5` names no format; known: .olifant, .safetensors",
    );
}

#[cfg(unix)]
#[test]
fn a_file_name_that_is_not_unicode() {
    use std::os::unix::ffi::OsStrExt;
    let name = std::ffi::OsStr::from_bytes(b"\xff.olifant");
    assert_refused(ModelCheckpoint::new(name), r#"filepath must be valid UTF-8, but is "\xFF.olifant""#);
}
