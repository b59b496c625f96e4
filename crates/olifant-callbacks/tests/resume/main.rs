//! A resumed run is the run: whatever was interrupted, and when, in the end everything is the same to the last bit.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod changes;
#[allow(dead_code, reason = "other tests use the rest")]
mod run;

use std::fs;

use olifant_callbacks::{BackupAndRestore, EarlyStopping, ModelCheckpoint, SaveFreq, TerminateOnNaN};
use olifant_nn::{
    Activation, Sequential, layers::Dense, losses::SparseCategoricalCrossentropy, optimizers::Sgd,
};
use olifant_train::{Callback, Checkpoint, Compile, FitError, FitOptions, HookResult, Logs, Model, Training};
use run::{Crash, Sum, compile, data, layers, model, options, train};

#[test]
fn a_run_that_crashed_at_any_batch_is_the_run() {
    for save_freq in [SaveFreq::Epoch, SaveFreq::Batches(1), SaveFreq::Batches(5)] {
        let directory = tempfile::tempdir().unwrap();
        let (unbroken, history) = train(directory.path(), save_freq, Crash::Never).unwrap();
        let epochs = history.epoch().len();
        assert!((6..16).contains(&epochs), "early stopping must decide, but there were {epochs} epochs");
        let crashes = (0..epochs * 6).map(Crash::Batch).chain((0..epochs).map(Crash::Epoch));
        for (number, crash) in crashes.enumerate() {
            assert!(train(directory.path(), save_freq, crash).is_err());
            let (resumed, _) = train(directory.path(), save_freq, Crash::Never).unwrap();
            assert!(resumed == unbroken, "crash {number}, {save_freq:?}");
            assert!(!directory.path().join("backup").exists());
        }
    }
}

#[test]
fn a_run_that_crashed_many_times_is_the_run() {
    let directory = tempfile::tempdir().unwrap();
    let (unbroken, _) = train(directory.path(), SaveFreq::Batches(2), Crash::Never).unwrap();
    for at in [3, 3, 8, 15, 16, 17, 30] {
        assert!(train(directory.path(), SaveFreq::Batches(2), Crash::Batch(at)).is_err());
    }
    let (resumed, _) = train(directory.path(), SaveFreq::Batches(2), Crash::Never).unwrap();
    assert!(resumed == unbroken);
}

/// Interrupts training in its fourth epoch.
struct Interrupt(bool);

impl Callback for Interrupt {
    fn on_epoch_end(&mut self, training: &mut Training<'_>, _logs: &mut Logs) -> HookResult {
        if self.0 && training.epoch() == 3 {
            training.interrupt();
        }
        Ok(())
    }
}

/// Four epochs with a backup that stays, of the model given.
fn interrupted(model: &mut Model, backup_dir: &std::path::Path) {
    let (x, y) = data();
    let callbacks = (BackupAndRestore::new(backup_dir), Interrupt(true));
    let error = model.fit(&x, &y, options().callbacks(callbacks)).unwrap_err();
    assert!(matches!(error, FitError::Interrupted { epoch: 4, batch: 0 }), "{error}");
    assert_eq!(
        error.to_string(),
        "interrupted in epoch 5 after 0 batches: call fit again in the same way to go on"
    );
}

/// The message with which a run is not resumed.
fn refusal(model: &mut Model, change: impl FnOnce(FitOptions<'_>) -> FitOptions<'_>) -> String {
    let directory = tempfile::tempdir().unwrap();
    interrupted(&mut run::model(), directory.path());
    let (x, y) = data();
    let callbacks = (BackupAndRestore::new(directory.path()), Interrupt(false));
    let message = model.fit(&x, &y, change(options().callbacks(callbacks))).unwrap_err().to_string();
    assert!(directory.path().join("latest.olifant").exists(), "the backup stays");
    let path = directory.path().join("latest.olifant").display().to_string();
    message.replace(&path, "…")
}

#[test]
fn a_run_with_other_options_is_not_resumed() {
    let differs = |what: &str| {
        format!(
            "cannot resume from `…`: {what}; go on with what the run began with, or remove the file to begin anew"
        )
    };
    let refused = |change: fn(FitOptions<'_>) -> FitOptions<'_>| refusal(&mut model(), change);
    assert_eq!(refused(|options| options.batch_size(16)), differs("batch_size was 8, but is 16"));
    assert_eq!(refused(|options| options.seed(8)), differs("seed was 7, but is 8"));
    assert_eq!(refused(|options| options.shuffle(false)), differs("shuffle was Samples, but is Off"));
    assert_eq!(refused(|options| options.steps_per_epoch(2)), differs("steps_per_epoch was 6, but is 2"));
    assert_eq!(
        refused(|options| options.class_weight([(1, 2.0)])),
        differs("data.class_weight was unset, but is [(1, 2.0)]")
    );
    assert_eq!(
        refused(|options| options.validation_freq(2)),
        differs("validation_freq was Every(1), but is Every(2)")
    );
    assert_eq!(
        refused(|options| options.callback(TerminateOnNaN::new())),
        differs(
            "the list of callbacks was BackupAndRestore, Interrupt, but is BackupAndRestore, Interrupt, TerminateOnNaN"
        )
    );
}

#[test]
fn another_model_is_not_resumed() {
    let other = layers().add(Dense::new(3).activation(Activation::Softmax)).seed(7);
    let message = refusal(&mut compile(other), |options| options);
    assert!(message.contains("architecture.layers was a list of 3, but is a list of 4"), "{message}");
    let other = Sequential::new([5])
        .add(Dense::new(17).activation(Activation::Relu))
        .add(olifant_nn::layers::Dropout::new(0.3))
        .add(Dense::new(3).activation(Activation::Softmax))
        .seed(7);
    let message = refusal(&mut compile(other), |options| options);
    assert!(message.contains("architecture.layers[0].layer.units was 16, but is 17"), "{message}");
    let mut other =
        layers().seed(7).compile(Sgd::new(0.05), SparseCategoricalCrossentropy::new(), ()).unwrap();
    let message = refusal(&mut other, |options| options);
    assert!(message.contains("metrics was a list of 1, but is a list of 0"), "{message}");
    let metrics = [olifant_nn::metrics::Accuracy::new()];
    let mut other =
        layers().seed(7).compile(Sgd::new(0.05), SparseCategoricalCrossentropy::new(), metrics).unwrap();
    let message = refusal(&mut other, |options| options);
    assert!(message.contains("optimizer.") && message.contains("adam, but is sgd"), "{message}");
    let mut other = model().loss_weights([0.5]).unwrap();
    let message = refusal(&mut other, |options| options);
    assert!(message.contains("loss_weights was unset, but is a list of 1"), "{message}");
    let mut other = model().weighted_metrics(()).unwrap();
    let message = refusal(&mut other, |options| options);
    assert!(message.contains("weighted_metrics was a list of 1, but is unset"), "{message}");
}

#[test]
fn other_data_is_not_resumed_with() {
    let (x, y) = data();
    let (mut other_x, mut other_y) = data();
    other_x[[31, 2]] += 1e-6;
    other_y[59] = (other_y[59] + 1) % 3;
    for (x, y, expected) in [(&other_x, &y, "data.x.checksum was"), (&x, &other_y, "data.y.checksum was")] {
        let directory = tempfile::tempdir().unwrap();
        interrupted(&mut model(), directory.path());
        let callbacks = (BackupAndRestore::new(directory.path()), Interrupt(false));
        let message = model().fit(x, y, options().callbacks(callbacks)).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_seed_that_was_drawn_is_taken_from_the_backup() {
    let directory = tempfile::tempdir().unwrap();
    let (x, y) = data();
    let mut first = compile(layers());
    interrupted(&mut first, directory.path());
    let mut second = compile(layers());
    assert_ne!(first.seed(), second.seed());
    let callbacks = (BackupAndRestore::new(directory.path()), Interrupt(false));
    let history = second.fit(&x, &y, options().callbacks(callbacks)).unwrap();
    assert_eq!((second.seed(), history.params().seed), (first.seed(), first.seed()));
    let mut unbroken = compile(layers().seed(first.seed()));
    unbroken.fit(&x, &y, options()).unwrap();
    assert_eq!(second.network().weights().trainable(), unbroken.network().weights().trainable());
}

#[test]
fn a_backup_that_stays_goes_on_with_more_epochs() {
    let directory = tempfile::tempdir().unwrap();
    let (x, y) = data();
    let backup = || BackupAndRestore::new(directory.path()).delete_checkpoint(false);
    model().fit(&x, &y, options().epochs(4).callback(backup())).unwrap();
    let mut resumed = model();
    let history = resumed.fit(&x, &y, options().callback(backup())).unwrap();
    assert_eq!(history.epoch().len(), 16);
    let mut unbroken = model();
    unbroken.fit(&x, &y, options()).unwrap();
    assert_eq!(resumed.network().weights().trainable(), unbroken.network().weights().trainable());
    let done = model().fit(&x, &y, options().callback(backup())).unwrap();
    assert_eq!(done, history, "nothing is left to do");
}

#[test]
fn a_run_goes_on_from_a_checkpoint_of_a_whole_model() {
    let directory = tempfile::tempdir().unwrap();
    let (x, y) = data();
    let path = directory.path().join("model-{epoch}.olifant");
    let mut unbroken = model();
    let whole = unbroken.fit(&x, &y, options().callback(ModelCheckpoint::new(&path))).unwrap();
    for epoch in [1, 7, 16] {
        let mut resumed = model();
        let file = directory.path().join(format!("model-{epoch}.olifant"));
        let other = directory.path().join("again-{epoch}.olifant");
        let resume = options().resume_from(&file).callback(ModelCheckpoint::new(&other));
        let history = resumed.fit(&x, &y, resume).unwrap();
        assert_eq!(history, whole);
        assert_eq!(resumed.network().weights().trainable(), unbroken.network().weights().trainable());
        assert_eq!(Checkpoint::load(&file).unwrap().snapshot().epoch(), epoch);
    }
    let saved = directory.path().join("saved.olifant");
    unbroken.save(&saved).unwrap();
    let message = unbroken.fit(&x, &y, options().resume_from(&saved)).unwrap_err().to_string();
    assert!(message.contains("holds a model that is not in the midst of its training"), "{message}");
    let message = unbroken.fit(&x, &y, options().resume_from("nowhere.olifant")).unwrap_err().to_string();
    assert!(message.starts_with("cannot read `nowhere.olifant`"), "{message}");
}

#[test]
fn a_damaged_backup_is_an_error_unless_there_is_another() {
    let directory = tempfile::tempdir().unwrap();
    let latest = directory.path().join("latest.olifant");
    interrupted(&mut model(), directory.path());
    let bytes = fs::read(&latest).unwrap();
    let (x, y) = data();
    let resume = |double| {
        let backup = BackupAndRestore::new(directory.path()).double_checkpoint(double);
        model().fit(&x, &y, options().callbacks((backup, Interrupt(false))))
    };
    for length in (0..bytes.len()).step_by(97) {
        fs::write(&latest, &bytes[..length]).unwrap();
        let message = resume(false).unwrap_err().to_string();
        assert!(message.starts_with("callback BackupAndRestore: cannot load `"), "{length}: {message}");
    }
    fs::write(directory.path().join("latest.bkp.olifant"), &bytes).unwrap();
    assert_eq!(resume(true).unwrap().epoch().len(), 16);
}

#[test]
fn with_double_checkpoint_the_backup_before_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let (x, y) = data();
    let backup = BackupAndRestore::new(directory.path()).double_checkpoint(true);
    model().fit(&x, &y, options().callbacks((backup, Interrupt(true)))).unwrap_err();
    let epoch = |name| Checkpoint::load(directory.path().join(name)).unwrap().snapshot().epoch();
    assert_eq!((epoch("latest.olifant"), epoch("latest.bkp.olifant")), (4, 3));
}

#[test]
fn options_outside_their_range_are_named() {
    let (x, y) = data();
    let message = |backup| model().fit(&x, &y, options().callback(backup)).unwrap_err().to_string();
    assert_eq!(
        message(BackupAndRestore::new("")),
        "callback BackupAndRestore: backup_dir must be the name of a directory, but is empty"
    );
    assert_eq!(
        message(BackupAndRestore::new("backup").save_freq(0)),
        "callback BackupAndRestore: save_freq must be at least 1 batch, but is 0"
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(message(BackupAndRestore::new(file.path())).contains("must be a directory"));
}

#[test]
fn a_directory_in_which_others_keep_files_stays() {
    let directory = tempfile::tempdir().unwrap();
    let other = directory.path().join("notes.txt");
    fs::write(&other, "mine").unwrap();
    let (x, y) = data();
    model().fit(&x, &y, options().callback(BackupAndRestore::new(directory.path()))).unwrap();
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(other).unwrap(), "mine");
}

#[test]
fn a_callback_starts_fresh_in_a_fresh_run_and_goes_on_in_a_resumed_one() {
    let (x, y) = data();
    let directory = tempfile::tempdir().unwrap();
    let (mut sum, mut early_stopping) = (Sum::default(), EarlyStopping::new().patience(100));
    let mut fit = |model: &mut Model, interrupt| {
        let callbacks =
            (BackupAndRestore::new(directory.path()), &mut sum, &mut early_stopping, Interrupt(interrupt));
        let result = model.fit(&x, &y, options().callbacks(callbacks));
        (result.is_ok(), sum.0.to_bits(), early_stopping.best().map(f64::to_bits), early_stopping.wait())
    };
    let whole = fit(&mut model(), false);
    assert_eq!(fit(&mut model(), false), whole, "a fresh run forgets the last one");
    let part = fit(&mut model(), true);
    assert!(!part.0 && part.1 != whole.1);
    assert_eq!(fit(&mut model(), false), whole, "a resumed run goes on");
}
