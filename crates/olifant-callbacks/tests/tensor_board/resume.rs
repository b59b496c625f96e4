//! A resumed run goes on with its files, and in the end they hold what those of an unbroken run hold.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use olifant_callbacks::{BackupAndRestore, TensorBoard, UpdateFreq};
use olifant_train::{Callback, CallbackError, FitError, HookResult, Logs, Training};

use crate::event_reader::{Record, files, graphs, records};
use crate::subject::{data, golden, model, options};

/// Fails after so many batches of the run.
struct Crash(Option<usize>);

impl Callback for Crash {
    fn on_train_batch_end(&mut self, training: &mut Training<'_>, _: &Logs) -> HookResult {
        let batch = training.epoch() * training.params().steps.unwrap() + training.batch() + 1;
        if self.0 == Some(batch) { Err(CallbackError::new("crash")) } else { Ok(()) }
    }
}

/// Trains in a directory, with a backup after every second batch, as the same program would if it is run again.
fn train(directory: &Path, crash: Option<usize>) -> Result<(), FitError> {
    let golden = golden();
    let ((x, y), mut model) = (data(&golden), model(&golden));
    let tensor_board = TensorBoard::new(directory.join("logs"))
        .histogram_freq(1)
        .write_images(true)
        .write_gradients(true)
        .write_steps_per_second(true)
        .update_freq(UpdateFreq::Batch);
    let backup = BackupAndRestore::new(directory.join("backup")).save_freq(2);
    model.fit(x, y, options().validation_split(0.3).callbacks((backup, tensor_board, Crash(crash)))).map(drop)
}

/// What stands in the files, without how fast it went.
fn outcome(directory: &Path) -> [Vec<Record>; 2] {
    ["train", "validation"].map(|run| {
        let mut records = records(&directory.join("logs").join(run));
        let speeds = records.iter_mut().filter(|record| record.tag.ends_with("steps_per_second"));
        speeds.for_each(|record| record.content.clear());
        records
    })
}

#[test]
fn a_resumed_run_leaves_the_files_of_an_unbroken_one() {
    let directory = tempfile::tempdir().unwrap();
    train(directory.path(), None).unwrap();
    let unbroken = outcome(directory.path());
    // There are nine batches. The first crash is behind the first backup.
    for crash in 3..=9 {
        let directory = tempfile::tempdir().unwrap();
        train(directory.path(), Some(crash)).unwrap_err();
        // The process died in the midst of a record.
        for run in ["train", "validation"] {
            let [file] = &files(&directory.path().join("logs").join(run))[..] else { panic!() };
            OpenOptions::new().append(true).open(file).unwrap().write_all(&[9; 7]).unwrap();
        }
        train(directory.path(), None).unwrap();
        assert_eq!(outcome(directory.path()), unbroken, "crash {crash}");
        let [file] = &files(&directory.path().join("logs/train"))[..] else { panic!("one file goes on") };
        assert_eq!(graphs(file).len(), 1);
    }
}

#[test]
fn a_run_that_crashes_before_its_first_snapshot_begins_anew() {
    let directory = tempfile::tempdir().unwrap();
    train(directory.path(), Some(1)).unwrap_err();
    let first = files(&directory.path().join("logs/train"));
    train(directory.path(), None).unwrap();
    assert_eq!(files(&directory.path().join("logs/train")).len(), first.len() + 1);
}

#[test]
fn a_file_that_is_gone_or_shorter_is_told() {
    let refusal = |damage: fn(&Path)| {
        let directory = tempfile::tempdir().unwrap();
        train(directory.path(), Some(4)).unwrap_err();
        let file = files(&directory.path().join("logs/train"))[0].clone();
        damage(&file);
        let message = train(directory.path(), None).unwrap_err().to_string();
        let head = format!("callback TensorBoard: cannot read or write `{}`: ", file.display());
        message.strip_prefix(&head).unwrap_or_else(|| panic!("{message}")).to_string()
    };
    assert_eq!(
        refusal(|file| fs::remove_file(file).unwrap()),
        "the run that was interrupted wrote this file, but it is gone; bring it back, or begin the run anew"
    );
    let shorter = refusal(|file| fs::write(file, [0; 50]).unwrap());
    let bytes = shorter.split(' ').next().unwrap();
    assert!(bytes.parse::<u64>().unwrap() > 50);
    assert_eq!(
        shorter.strip_prefix(bytes).unwrap(),
        " bytes had been written when the run was interrupted, but only 50 are left; \
         bring the file back, or begin the run anew"
    );
}
