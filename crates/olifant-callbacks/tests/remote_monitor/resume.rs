//! A run that is resumed sends on.

use std::path::Path;

use ndarray::array;
use olifant_callbacks::{BackupAndRestore, LambdaCallback, RemoteMonitor};
use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
use olifant_train::{CallbackError, Compile, FitError, FitOptions, Logs};

use crate::server::{OK, Server};

/// Four epochs of two batches with a backup after each epoch, unless it crashes in or at the end of the third.
fn train(root: &str, directory: &Path, in_third: bool, at_end_of_third: bool) -> Result<(), FitError> {
    let (x, y) = (array![[0.0], [1.0]], array![0.0, 1.0]);
    let network = Sequential::new([1]).add(Dense::new(1)).seed(1);
    let mut model = network.compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap();
    let fail_if = |fails: bool| if fails { Err(CallbackError::new("crash")) } else { Ok(()) };
    let crash = LambdaCallback::new()
        .on_train_batch_end(move |training, _: &Logs| fail_if(in_third && training.epoch() == 2))
        .on_epoch_end(move |training, _: &mut Logs| fail_if(at_end_of_third && training.epoch() == 2));
    let monitor = RemoteMonitor::new().root(root).send_as_json(true);
    let backup = BackupAndRestore::new(directory.join("backup"));
    let options = FitOptions::new().epochs(4).batch_size(1).verbose(0);
    model.fit(x, y, options.callbacks((backup, monitor, crash))).map(drop)
}

#[test]
fn what_was_sent_before_the_snapshot_is_not_sent_again() {
    let (server, directory) = (Server::with_answer(OK), tempfile::tempdir().unwrap());
    train(&server.root(), directory.path(), true, false).unwrap_err();
    assert_eq!(server.epochs(), [0, 1]);
    train(&server.root(), directory.path(), false, false).unwrap();
    assert_eq!(server.epochs(), [0, 1, 2, 3]);
}

#[test]
fn an_epoch_that_is_trained_again_is_sent_again() {
    let (server, directory) = (Server::with_answer(OK), tempfile::tempdir().unwrap());
    train(&server.root(), directory.path(), false, true).unwrap_err();
    assert_eq!(server.epochs(), [0, 1, 2]);
    train(&server.root(), directory.path(), false, false).unwrap();
    assert_eq!(server.epochs(), [0, 1, 2, 2, 3]);
}
