//! What fails, what the user is told, what is kept: the rows of `docs/faults.md`, each with a test here or named there.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "resume/run.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod run;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{env, fs};

use ndarray::Array1;
use olifant_callbacks::{BackupAndRestore, SaveFreq};
use olifant_core::{Shape, ShapeError};
use olifant_train::{Callback, FitOptions, HookResult, Logs, Samples, Training};
use run::{Crash, data, model, train};

/// Tells this program, started again, in which directory to train.
const DIRECTORY: &str = "FAULTS_DIRECTORY";

/// No test, but what `a_full_disk…` starts as a process of its own.
#[test]
fn child() {
    if let Some(directory) = env::var_os(DIRECTORY) {
        let result = train(Path::new(&directory), SaveFreq::Epoch, Crash::Never);
        println!("{}", result.err().unwrap());
    }
}

/// A disk that takes no more is played by a limit to the size of files: `write` fails in the midst of a save.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_backup_before_and_the_run_goes_on_from_it() {
    let directory = tempfile::tempdir().unwrap();
    let (unbroken, _) = train(directory.path(), SaveFreq::Epoch, Crash::Never).unwrap();
    assert!(train(directory.path(), SaveFreq::Epoch, Crash::Epoch(2)).is_err());
    let files = ["backup/latest.olifant", "best.olifant"].map(|name| directory.path().join(name));
    let before = files.each_ref().map(|file| fs::read(file).unwrap());
    assert!(before.iter().all(|bytes| bytes.len() > 4096), "the limit must be in the midst of them");

    let program = env::current_exe().unwrap();
    let script = "trap '' XFSZ; ulimit -f 4; exec \"$0\" child --exact --nocapture";
    let output = Command::new("bash")
        .args(["-c", script])
        .arg(program)
        .env(DIRECTORY, directory.path())
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stdout);
    assert!(message.contains(".olifant`: File too large"), "{message}");
    assert!(files.each_ref().map(|file| fs::read(file).unwrap()) == before, "the good files stay");
    let names = fs::read_dir(directory.path().join("backup")).unwrap().count();
    assert_eq!(names, 1, "and nothing half written");

    let (resumed, _) = train(directory.path(), SaveFreq::Epoch, Crash::Never).unwrap();
    assert!(resumed == unbroken);
}

#[test]
fn a_callback_that_panics_takes_nothing_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let (unbroken, _) = train(directory.path(), SaveFreq::Batches(2), Crash::Never).unwrap();
    for at in [5, 14, 23] {
        let panics = AssertUnwindSafe(|| train(directory.path(), SaveFreq::Batches(2), Crash::Panic(at)));
        assert!(catch_unwind(panics).is_err());
        let (resumed, _) = train(directory.path(), SaveFreq::Batches(2), Crash::Never).unwrap();
        assert!(resumed == unbroken);
    }
}

#[test]
fn a_log_that_is_gone_or_shorter_is_not_gone_on_with() {
    for (change, expected) in [
        (
            (|path| fs::remove_file(path)) as fn(&Path) -> io::Result<()>,
            "this file, but it is gone; bring it back",
        ),
        (
            |path| fs::write(path, "epoch"),
            "bytes had been written when the run was interrupted, but only 5 are left",
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        assert!(train(directory.path(), SaveFreq::Epoch, Crash::Epoch(3)).is_err());
        change(&directory.path().join("log.csv")).unwrap();
        let message =
            train(directory.path(), SaveFreq::Epoch, Crash::Never).map(drop).unwrap_err().to_string();
        assert!(message.starts_with("callback CSVLogger: ") && message.contains(expected), "{message}");
        assert!(directory.path().join("backup/latest.olifant").exists(), "the backup stays");
    }
}

#[test]
fn a_backup_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    /// Puts a file where the directory is to be.
    struct InTheWay<'a>(&'a Path);

    impl Callback for InTheWay<'_> {
        fn on_epoch_end(&mut self, _training: &mut Training<'_>, _logs: &mut Logs) -> HookResult {
            fs::write(self.0, "").unwrap();
            Ok(())
        }
    }

    let (x, y) = data();
    let path = directory.path().join("backup");
    let callbacks = (BackupAndRestore::new(&path), InTheWay(&path));
    let message =
        model().fit(&x, &y, FitOptions::new().verbose(0).callbacks(callbacks)).unwrap_err().to_string();
    assert!(message.starts_with("callback BackupAndRestore: cannot read or write `"), "{message}");
    assert!(message.contains(&*path.to_string_lossy()), "{message}");
}

/// Features that cannot be read, or have a hole, from a moment on.
struct Failing<'a> {
    fails: &'a AtomicBool,
    hole: bool,
}

impl Samples for Failing<'_> {
    fn samples(&self) -> usize {
        data().0.nrows()
    }

    fn sample_shape(&self) -> Result<Shape, ShapeError> {
        Ok(Shape::from([5]))
    }

    fn gather(&self, indices: &[usize], output: &mut [f32]) -> io::Result<()> {
        data().0.gather(indices, output)?;
        match (self.fails.load(Ordering::Relaxed), self.hole) {
            (true, false) => Err(io::Error::other("the network drive is gone")),
            (true, true) => {
                output[3] = f32::NAN;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Makes the data fail when the third epoch begins.
struct Pull<'a>(&'a AtomicBool, bool);

impl Callback for Pull<'_> {
    fn on_epoch_begin(&mut self, training: &mut Training<'_>) -> HookResult {
        self.0.store(self.1 && training.epoch() == 2, Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn data_that_cannot_be_read_ends_training_and_the_run_goes_on_when_it_can() {
    let y: Array1<u8> = data().1;
    for (hole, expected) in [
        (false, "the data could not be read: the network drive is gone".to_owned()),
        (true, "of x contains NaN: replace or drop what is not a finite number before training".to_owned()),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let fails = AtomicBool::new(false);
        let fit = |pull| {
            let mut model = model();
            let callbacks = (BackupAndRestore::new(directory.path()).save_freq(4), Pull(&fails, pull));
            let options = FitOptions::new().epochs(5).batch_size(8).verbose(0).callbacks(callbacks);
            let result = model.fit(Failing { fails: &fails, hole }, &y, options);
            result.map(|history| (history, model.network().weights().trainable().to_vec()))
        };
        let unbroken = fit(false).unwrap();
        let message = fit(true).unwrap_err().to_string();
        assert!(message.ends_with(&expected), "{message}");
        fails.store(false, Ordering::Relaxed);
        assert_eq!(fit(false).unwrap(), unbroken);
    }
}

/// `sync` fails on a device; a log there is begun anew when a run goes on.
#[cfg(unix)]
#[test]
fn a_log_that_is_a_device_stops_no_checkpoint() {
    let directory = tempfile::tempdir().unwrap();
    let (x, y) = data();
    let checkpoint = olifant_callbacks::ModelCheckpoint::new(directory.path().join("m.olifant"));
    let callbacks = (olifant_callbacks::CSVLogger::new("/dev/null"), checkpoint);
    model().fit(&x, &y, FitOptions::new().epochs(2).verbose(0).callbacks(callbacks)).unwrap();
    assert!(directory.path().join("m.olifant").exists());
}
