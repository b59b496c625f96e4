//! What callbacks write to the disk, and what they say when they cannot.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

use ndarray::array;
use olifant_callbacks::{CSVLogger, LambdaCallback, LearningRateScheduler, ModelCheckpoint};
use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
use olifant_train::{CallbackError, Compile, FitError, FitOptions, History, IntoFitOptions, Model, Verbose};

fn model() -> Model {
    let network = Sequential::new([1]).add(Dense::new(1)).seed(1);
    network.compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap()
}

/// Three epochs of two batches.
fn fit<'a>(model: &mut Model, callbacks: impl IntoFitOptions<'a>) -> Result<History, Box<FitError>> {
    let (x, y) = (array![[0.0], [1.0], [2.0]], array![1.0, 3.0, 5.0]);
    let options = FitOptions::new().epochs(3).batch_size(2).verbose(Verbose::Silent);
    model.fit(x, y, options.callbacks(callbacks)).map_err(Box::new)
}

fn error<'a>(callbacks: impl IntoFitOptions<'a>) -> String {
    fit(&mut model(), callbacks).unwrap_err().to_string()
}

fn names(directory: &Path) -> Vec<String> {
    let names = directory.read_dir().unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names = Vec::from_iter(names);
    names.sort();
    names
}

#[test]
fn missing_directories_are_created_and_the_model_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    let runs = directory.path().join("runs");
    let mut model = model();
    let mut checkpoint = ModelCheckpoint::new(runs.join("{epoch:02d}/{loss:.1f}.olifant"));
    let history = fit(&mut model, &mut checkpoint).unwrap();
    assert_eq!(names(&runs), ["01", "02", "03"]);
    let last = runs.join(format!("03/{:.1}.olifant", history["loss"][2]));
    assert_eq!(checkpoint.last_saved(), Some(&*last));
    let x = array![[1.0], [5.0]];
    assert_eq!(Model::load(last).unwrap().predict(&x).unwrap(), model.predict(&x).unwrap());
}

#[test]
fn weights_alone_are_saved_in_every_format_that_holds_them() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["best.weights.olifant", "{epoch}-{loss:.2e}.weights.safetensors"] {
        let mut trained = model();
        let mut checkpoint = ModelCheckpoint::new(directory.path().join(name)).save_weights_only(true);
        fit(&mut trained, &mut checkpoint).unwrap();
        let mut loaded = model();
        loaded.load_weights(checkpoint.last_saved().unwrap()).unwrap();
        assert_eq!(loaded.network().weights().trainable(), trained.network().weights().trainable());
    }
    assert_eq!(names(directory.path()).len(), 4);
}

#[test]
fn batches_count_on_over_epochs_and_fits() {
    let directory = tempfile::tempdir().unwrap();
    let mut checkpoint = ModelCheckpoint::new(directory.path().join("{epoch}-{batch}.olifant")).save_freq(5);
    fit(&mut model(), &mut checkpoint).unwrap();
    assert_eq!(names(directory.path()), ["3-1.olifant"]);
    fit(&mut model(), &mut checkpoint).unwrap();
    assert_eq!(names(directory.path()), ["2-2.olifant", "3-1.olifant"]);
}

#[test]
fn the_best_of_batches_can_be_saved_from_the_first_epoch_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("best.olifant");
    let mut least = f64::INFINITY;
    let see = LambdaCallback::new().on_train_batch_end(|_, logs| least = least.min(logs["loss"]));
    let mut checkpoint = ModelCheckpoint::new(path).monitor("loss").save_best_only(true).save_freq(1);
    fit(&mut model(), (&mut checkpoint, see)).unwrap();
    assert_eq!(checkpoint.best(), Some(least));
}

#[test]
fn a_checkpoint_that_cannot_be_written_leaves_the_last_good_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("{epoch}/best.olifant");
    // A file stands where the directory of the second epoch should be.
    fs::write(directory.path().join("2"), b"").unwrap();
    let mut checkpoint = ModelCheckpoint::new(path);
    let message = error(&mut checkpoint);
    let expected =
        format!("callback ModelCheckpoint: cannot read or write `{}/2`: ", directory.path().display());
    assert!(message.starts_with(&expected), "{message}");
    let good = directory.path().join("1/best.olifant");
    assert_eq!(checkpoint.last_saved(), Some(&*good));
    Model::load(good).unwrap();
}

#[test]
fn a_value_whose_model_could_not_be_saved_is_not_the_best() {
    for (name, weights_only) in [("best.olifant", false), ("best.weights.olifant", true)] {
        let directory = tempfile::tempdir().unwrap();
        let (x, y) = (array![[0.0], [1.0]], array![1.0, 3.0]);
        let path = directory.path().join("runs").join(name);
        let mut checkpoint =
            ModelCheckpoint::new(&path).monitor("loss").save_best_only(true).save_weights_only(weights_only);
        let fit = |checkpoint: &mut ModelCheckpoint, is_in_the_way: bool| {
            // A directory stands where the file should be, from the beginning of the epoch on.
            let block = LambdaCallback::new().on_epoch_begin(|_| {
                if is_in_the_way {
                    fs::create_dir_all(&path).unwrap();
                }
            });
            let mut model = Sequential::new([1])
                .add(Dense::new(1))
                .seed(1)
                .compile(Sgd::new(0.1), MeanSquaredError::new(), ())
                .unwrap();
            let options = FitOptions::new().verbose(0).callback(block).callback(checkpoint);
            model.fit(&x, &y, options).map(drop)
        };
        fit(&mut checkpoint, true).unwrap_err();
        assert_eq!((checkpoint.best(), checkpoint.last_saved()), (None, None), "{name}");
        fs::remove_dir_all(&path).unwrap();
        fit(&mut checkpoint, false).unwrap();
        assert!(path.is_file() && checkpoint.best().is_some(), "{name}");
    }
}

#[test]
fn a_directory_at_the_path_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("1.olifant");
    fs::create_dir(&path).unwrap();
    let message = error(ModelCheckpoint::new(directory.path().join("{epoch}.olifant")));
    let expected = format!("callback ModelCheckpoint: cannot write `{}`: is a directory; ", path.display());
    assert!(message.starts_with(&expected), "{message}");
}

#[test]
fn a_value_that_an_epoch_lacks_cannot_stand_in_a_file_name() {
    let directory = tempfile::tempdir().unwrap();
    let (x, y) = (array![[0.0], [1.0]], array![1.0, 3.0]);
    let path = directory.path().join("{val_loss:.2f}.olifant");
    let options = FitOptions::new().epochs(2).verbose(Verbose::Silent);
    let options = options.validation_data(&x, &y).validation_freq(2).callback(ModelCheckpoint::new(&path));
    let message = model().fit(&x, &y, options).unwrap_err().to_string();
    let expected = format!(
        "callback ModelCheckpoint: filepath must be a name whose field {{val_loss:.2f}} every epoch has in its logs, \
         but this one has not, but is {path:?}"
    );
    assert_eq!(message, expected);
}

#[test]
fn a_row_is_in_the_file_when_its_epoch_ends() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.csv");
    let mut lines = Vec::new();
    let see = LambdaCallback::new()
        .on_epoch_end(|_, _| lines.push(fs::read_to_string(&path).unwrap().lines().count()));
    fit(&mut model(), (CSVLogger::new(&path), see)).unwrap();
    assert_eq!(lines, [2, 3, 4]);
}

#[test]
fn rows_are_appended_under_the_columns_that_are_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.csv");
    fs::write(&path, "loss;val_loss;epoch\r\n").unwrap();
    let logger = CSVLogger::new(&path).append(true).separator(b';');
    let history = fit(&mut model(), (LearningRateScheduler::new(|_, lr| lr), logger)).unwrap();
    let rows = (0..3).map(|epoch| format!("{:?};NA;{epoch}\r\n", history["loss"][epoch]));
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        format!("loss;val_loss;epoch\r\n{}", rows.collect::<String>())
    );
}

#[test]
fn a_column_that_will_never_have_a_value_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.csv");
    let file = path.display();
    fs::write(&path, "epoch,loss,lr\r\n0,1.0,0.1\r\n").unwrap();
    assert_eq!(
        error(CSVLogger::new(&path).append(true)),
        format!("callback CSVLogger: the column of {file} \"lr\" will never be in the logs: known: loss")
    );
    let other_separator = error(CSVLogger::new(&path).append(true).separator(b';'));
    assert!(other_separator.contains("\"epoch,loss,lr\" will never be in the logs"), "{other_separator}");
    fs::write(&path, b"epoch,\xff\r\n").unwrap();
    let no_text = error(CSVLogger::new(&path).append(true));
    let expected = format!("callback CSVLogger: cannot read or write `{file}`: no comma-separated values: ");
    assert!(no_text.starts_with(&expected), "{no_text}");
    assert_eq!(fs::read(&path).unwrap(), b"epoch,\xff\r\n");
}

#[test]
fn a_missing_directory_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("none");
    for logger in
        [CSVLogger::new(missing.join("log.csv")), CSVLogger::new(missing.join("log.csv")).append(true)]
    {
        let message = error(logger);
        let expected = format!("callback CSVLogger: cannot read or write `{}/log.csv`: ", missing.display());
        let remedy = format!("; create the directory `{}` first", missing.display());
        assert!(message.starts_with(&expected) && message.ends_with(&remedy), "{message}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_training_and_names_the_file() {
    for append in [false, true] {
        let error = fit(&mut model(), CSVLogger::new("/dev/full").append(append)).unwrap_err();
        let FitError::Callback { source: CallbackError::File { path, source }, .. } = *error else {
            panic!("{error}")
        };
        assert_eq!((path.to_str(), source.kind()), (Some("/dev/full"), std::io::ErrorKind::StorageFull));
    }
}
