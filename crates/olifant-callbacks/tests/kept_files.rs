//! Which files a `ModelCheckpoint` keeps.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "resume/run.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod run;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ndarray::array;
use olifant_callbacks::{BackupAndRestore, Mode, ModelCheckpoint, SaveFreq};
use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
use olifant_train::{
    Callback, CallbackError, Compile, FitError, FitOptions, HookResult, Logs, Model, Snapshot, Training,
};
use run::Crash;

const NAN: f64 = f64::NAN;

/// Puts a `score` of its own into the logs, epoch by epoch.
struct Scores(&'static [f64]);

impl Callback for Scores {
    fn adds_logs(&self) -> &[&'static str] {
        &["score"]
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        logs.insert("score", self.0[training.epoch()]);
        Ok(())
    }
}

fn model() -> Model {
    let network = Sequential::new([1]).add(Dense::new(1)).seed(1);
    network.compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap()
}

/// As many epochs as there are scores; all that is printed.
fn fit(scores: &'static [f64], checkpoint: &mut ModelCheckpoint) -> Result<String, FitError> {
    let mut output = Vec::new();
    let options = FitOptions::new().epochs(scores.len()).verbose(0).output(&mut output);
    let callbacks = (Scores(scores), checkpoint);
    model().fit(array![[0.0], [1.0]], array![1.0, 3.0], options.callbacks(callbacks))?;
    Ok(String::from_utf8(output).unwrap())
}

fn names(directory: &Path) -> Vec<String> {
    contents(directory).into_keys().collect()
}

/// The files of a directory and what is in them.
fn contents(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(directory).unwrap().map(|file| file.unwrap());
    files
        .filter(|file| file.path().is_file())
        .map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap()))
        .collect()
}

/// The names of the files that are left of such a run.
fn kept(
    name: &str,
    scores: &'static [f64],
    options: impl FnOnce(ModelCheckpoint) -> ModelCheckpoint,
) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let checkpoint = ModelCheckpoint::new(directory.path().join(name)).monitor("score").mode(Mode::Max);
    fit(scores, &mut options(checkpoint)).unwrap();
    names(directory.path())
}

#[test]
fn the_last_files_stay() {
    let all = ["1.olifant", "2.olifant", "3.olifant", "4.olifant"];
    for (number, expected) in [(1, &all[3..]), (2, &all[2..]), (4, &all[..]), (9, &all[..])] {
        assert_eq!(kept("{epoch}.olifant", &[0.0; 4], |it| it.keep_last(number)), expected);
    }
    let weights = kept("{epoch}.weights.olifant", &[0.0; 4], |it| it.keep_last(1).save_weights_only(true));
    assert_eq!(weights, ["4.weights.olifant"]);
    let of_batches = kept("{epoch}-{batch}.safetensors", &[0.0; 4], |it| it.keep_last(3).save_freq(1));
    assert_eq!(of_batches, ["2-1.safetensors", "3-1.safetensors", "4-1.safetensors"]);
    // The last of those that were best when they were saved.
    let best = kept("{epoch}.olifant", &[1.0, 2.0, 1.5, 3.0, 2.5], |it| it.keep_last(2).save_best_only(true));
    assert_eq!(best, ["2.olifant", "4.olifant"]);
}

#[test]
fn the_best_files_stay() {
    const SCORES: &[f64] = &[NAN, 3.0, 1.0, 2.0, 5.0, 1.5, NAN, 4.0];
    let names_of = |epochs: &[usize]| Vec::from_iter(epochs.iter().map(|epoch| format!("{epoch}.olifant")));
    for (number, expected) in [(1, &[5][..]), (2, &[5, 8]), (3, &[2, 5, 8]), (9, &[2, 3, 4, 5, 6, 8])] {
        assert_eq!(kept("{epoch}.olifant", SCORES, |it| it.keep_best(number)), names_of(expected));
    }
    let least = kept("{epoch}.olifant", SCORES, |it| it.keep_best(2).mode(Mode::Min));
    assert_eq!(least, names_of(&[3, 6]));
    let above = kept("{epoch}.olifant", SCORES, |it| it.keep_best(9).initial_value_threshold(2.0));
    assert_eq!(above, names_of(&[2, 5, 8]));
    let weights = kept("{epoch}.weights.safetensors", SCORES, |it| it.keep_best(1).save_weights_only(true));
    assert_eq!(weights, ["5.weights.safetensors"]);
    assert_eq!(kept("{epoch}.olifant", &[1.0, 1.0, 1.0], |it| it.keep_best(2)), names_of(&[1, 2]));
}

#[test]
fn each_file_has_the_weights_of_its_epoch() {
    let directory = tempfile::tempdir().unwrap();
    let mut checkpoint = ModelCheckpoint::new(directory.path().join("{epoch}.olifant")).keep_last(2);
    fit(&[0.0; 3], &mut checkpoint).unwrap();
    let load = |name| Model::load(directory.path().join(name)).unwrap().get_weights();
    assert_ne!(load("2.olifant"), load("3.olifant"));
}

#[test]
fn a_name_that_comes_again_is_one_file() {
    // Of epochs named alike, the later replaces the earlier, which is not deleted afterwards.
    assert_eq!(
        kept("{score}.olifant", &[1.0, 2.0, 1.0, 3.0], |it| it.keep_last(2)),
        ["1.0.olifant", "3.0.olifant"]
    );
    assert_eq!(kept("{score}.olifant", &[1.0, 1.0, 1.0], |it| it.keep_last(1)), ["1.0.olifant"]);
    // A worse model does not replace a better one of the same name.
    const SCORES: &[f64] = &[0.84, 0.6, 0.81, 0.79, 0.7];
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("{score:.1f}.olifant");
    let mut checkpoint = ModelCheckpoint::new(path).monitor("score").mode(Mode::Max).keep_best(2);
    fit(&SCORES[..2], &mut checkpoint).unwrap();
    let before = contents(directory.path());
    let mut checkpoint_of_all = checkpoint.clone();
    fit(&[0.81], &mut checkpoint_of_all).unwrap();
    assert!(contents(directory.path()) == before);
    fit(&SCORES[3..], &mut checkpoint_of_all).unwrap();
    assert_eq!(names(directory.path()), ["0.7.olifant", "0.8.olifant"]);
}

#[test]
fn what_the_object_did_not_write_is_never_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("{epoch}.olifant");
    fit(&[0.0; 2], &mut ModelCheckpoint::new(&path)).unwrap();
    fs::write(directory.path().join("0.olifant"), "mine").unwrap();
    let other = directory.path().join("new-{epoch}.olifant");
    let mut checkpoint = ModelCheckpoint::new(other).keep_last(1);
    fit(&[0.0; 3], &mut checkpoint).unwrap();
    assert_eq!(names(directory.path()), ["0.olifant", "1.olifant", "2.olifant", "new-3.olifant"]);
}

#[test]
fn files_count_on_in_the_next_fit_and_missing_ones_are_no_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("{score}.olifant");
    let mut checkpoint = ModelCheckpoint::new(path).keep_last(2);
    fit(&[1.0, 2.0], &mut checkpoint).unwrap();
    fs::remove_file(directory.path().join("1.0.olifant")).unwrap();
    fit(&[3.0], &mut checkpoint).unwrap();
    assert_eq!(names(directory.path()), ["2.0.olifant", "3.0.olifant"]);
}

#[test]
fn a_file_that_cannot_be_deleted_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = |score: &str| directory.path().join(format!("{score}.olifant"));
    let mut checkpoint = ModelCheckpoint::new(path("{score}")).keep_last(1);
    fit(&[5.0], &mut checkpoint).unwrap();
    fs::remove_file(path("5.0")).unwrap();
    fs::create_dir(path("5.0")).unwrap();
    let message = fit(&[6.0], &mut checkpoint).unwrap_err().to_string();
    let expected = format!("callback ModelCheckpoint: cannot read or write `{}`: ", path("5.0").display());
    assert!(message.starts_with(&expected), "{message}");
    assert!(path("6.0").exists(), "the new file is safe by then");
}

#[test]
fn a_file_is_deleted_only_when_the_next_is_whole() {
    for extension in ["olifant", "safetensors"] {
        let directory = tempfile::tempdir().unwrap();
        let path = |score: &str| directory.path().join(format!("{score}.{extension}"));
        let mut checkpoint = ModelCheckpoint::new(path("{score}")).keep_last(1);
        fit(&[5.0], &mut checkpoint).unwrap();
        fs::create_dir(path("6.0")).unwrap();
        let message = fit(&[6.0], &mut checkpoint).unwrap_err().to_string();
        assert!(message.contains("is a directory"), "{message}");
        assert!(path("5.0").exists());
    }
}

#[test]
fn it_says_what_is_among_the_best() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("{epoch}.olifant");
    let mut checkpoint = ModelCheckpoint::new(&path).monitor("score").mode(Mode::Max).keep_best(1).verbose(1);
    let output = fit(&[2.0, 1.0, 3.0], &mut checkpoint).unwrap();
    let path = |epoch: usize| directory.path().join(format!("{epoch}.olifant")).display().to_string();
    let saved = |epoch: usize, score: &str| {
        format!(
            "\nEpoch {epoch}: score {score} is among the 1 best, saving model to {0}\n\
             \nEpoch {epoch}: finished saving model to {0}\n",
            path(epoch)
        )
    };
    let passed_over = "\nEpoch 2: score 1.00000 is not among the 1 best\n";
    assert_eq!(output, saved(1, "2.00000") + passed_over + &saved(3, "3.00000"));
    assert_eq!((checkpoint.best(), checkpoint.last_saved()), (Some(3.0), Some(Path::new(&path(3)))));
}

#[test]
fn numbers_and_names_that_make_no_sense_are_refused() {
    let refusal = |checkpoint: ModelCheckpoint| {
        let message = fit(&[0.0], &mut checkpoint.monitor("score").mode(Mode::Max)).unwrap_err().to_string();
        message.strip_prefix("callback ModelCheckpoint: ").unwrap().to_string()
    };
    let several = || ModelCheckpoint::new("{epoch}.olifant");
    assert_eq!(refusal(several().keep_last(0)), "keep_last must be at least 1 file, but is 0");
    assert_eq!(refusal(several().keep_best(0)), "keep_best must be at least 1 file, but is 0");
    assert_eq!(
        refusal(several().keep_last(2).keep_best(3)),
        "keep_best must be unset beside keep_last, but is 3"
    );
    assert_eq!(
        refusal(several().keep_best(3).save_best_only(true)),
        "keep_best must be unset beside save_best_only: \
         one saves the k best, the other whatever beats them all, but is 3"
    );
    for (checkpoint, option) in [
        (ModelCheckpoint::new("a.olifant").keep_last(2), "keep_last"),
        (ModelCheckpoint::new("a.olifant").keep_best(2), "keep_best"),
    ] {
        let expected = format!(
            "filepath must be a name with a field such as {{epoch}}, as {option} needs several files, \
             but is \"a.olifant\""
        );
        assert_eq!(refusal(checkpoint), expected);
    }
    let unknown = fit(&[0.0], &mut several().monitor("scor").keep_best(1)).unwrap_err().to_string();
    assert!(unknown.contains("monitor \"scor\" will never be in the logs"), "{unknown}");
    let unknown = fit(&[0.0], &mut several().monitor("score").keep_best(1)).unwrap_err().to_string();
    assert!(unknown.contains("does not tell which is better"), "{unknown}");
}

/// Fails at the end of such an epoch, when the backup is written and the checkpoints are not.
struct FailBetween(Option<usize>);

impl Callback for FailBetween {
    fn on_epoch_end(&mut self, training: &mut Training<'_>, _: &mut Logs) -> HookResult {
        if self.0 == Some(training.epoch()) {
            training.request_snapshot();
        }
        Ok(())
    }

    fn on_snapshot(&mut self, _: &mut Training<'_>, _: &Snapshot) -> HookResult {
        Err(CallbackError::new("crash"))
    }
}

/// A run that keeps files in all ways.
fn train(
    directory: &Path,
    save_freq: SaveFreq,
    crash: Crash,
    fails_between: Option<usize>,
) -> Result<(), FitError> {
    let (x, y) = run::data();
    let path = |folder: &str, name: &str| directory.join(folder).join(name);
    let callbacks = (
        BackupAndRestore::new(directory.join("backup")).save_freq(save_freq),
        FailBetween(fails_between),
        ModelCheckpoint::new(path("last", "{epoch}.olifant")).keep_last(2),
        ModelCheckpoint::new(path("best", "{epoch}-{val_loss:.3f}.olifant")).keep_best(3),
        ModelCheckpoint::new(path("weights", "{epoch}-{batch}.weights.olifant"))
            .save_weights_only(true)
            .save_freq(4)
            .keep_last(3),
        ModelCheckpoint::new(path("rounded", "{loss:.1f}.olifant")).monitor("loss").keep_best(2),
        crash,
    );
    run::model().fit(&x, &y, run::options().epochs(8).callbacks(callbacks)).map(drop)
}

fn files(directory: &Path) -> Vec<BTreeMap<String, Vec<u8>>> {
    FOLDERS.iter().map(|folder| contents(&directory.join(folder))).collect()
}

const FOLDERS: [&str; 4] = ["last", "best", "weights", "rounded"];

#[test]
fn a_resumed_run_keeps_the_files_of_an_unbroken_one() {
    for save_freq in [SaveFreq::Epoch, SaveFreq::Batches(6), SaveFreq::Batches(7)] {
        let directory = tempfile::tempdir().unwrap();
        let again = |crash, fails_between| train(directory.path(), save_freq, crash, fails_between);
        again(Crash::Never, None).unwrap();
        let unbroken = files(directory.path());
        assert_eq!(unbroken.iter().map(BTreeMap::len).collect::<Vec<_>>()[..3], [2, 3, 3]);
        for (first, second, third) in [(9, 10, 4), (17, 30, 6), (23, 42, 7)] {
            for folder in FOLDERS {
                fs::remove_dir_all(directory.path().join(folder)).unwrap();
            }
            assert!(again(Crash::Batch(first), None).is_err());
            assert!(again(Crash::Batch(second), None).is_err());
            assert!(again(Crash::Never, Some(third)).is_err());
            again(Crash::Never, None).unwrap();
            assert!(files(directory.path()) == unbroken, "{first}, {save_freq:?}");
            assert!(!directory.path().join("backup").exists());
        }
    }
}
