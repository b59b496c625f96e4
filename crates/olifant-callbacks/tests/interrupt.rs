//! Ctrl-C, pressed in processes of their own.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::print_stdout, reason = "the child tells the test where it is")]

#[path = "resume/run.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod run;

use std::io::{self, BufRead, BufReader, Lines, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::{env, fs};

use olifant_callbacks::{BackupAndRestore, CSVLogger, LambdaCallback};
use olifant_train::{Callback, FitError, Training};
use run::{data, model, options};

/// What SIGINT ends a process with.
const SIGINT: i32 = 2;
/// Tells this program, started again, in which directory to train, and in which way.
const DIRECTORY: &str = "INTERRUPT_DIRECTORY";
const WAY: &str = "INTERRUPT_WAY";

/// Where the child waits until it is told to go on.
fn wait_in_child(place: &str) {
    println!("\n<{place}>");
    io::stdout().flush().unwrap();
    io::stdin().lock().read_line(&mut String::new()).unwrap();
}

/// Long enough to be interrupted after the third epoch: 3,600 batches.
fn train(directory: &Path, backup: BackupAndRestore, others: impl Callback) -> Result<Vec<u32>, FitError> {
    let (x, y) = data();
    let mut model = model();
    let callbacks = (backup, CSVLogger::new(directory.join("log.csv")), others);
    let history = model.fit(&x, &y, options().epochs(600).callbacks(callbacks))?;
    let weights = model.network().weights().trainable().iter().map(|weight| weight.to_bits());
    let losses = history["loss"].iter().map(|loss| (*loss as f32).to_bits());
    Ok(weights.chain(losses).collect())
}

fn backup(directory: &Path) -> BackupAndRestore {
    BackupAndRestore::new(directory.join("backup")).save_freq(1000)
}

/// No test, but what the tests start as a process of its own.
#[test]
fn child() {
    let Some(directory) = env::var_os(DIRECTORY) else { return };
    let (directory, way) = (Path::new(&directory), env::var(WAY).unwrap());
    let wait = |way_to_wait: &'static str, place: &'static str| {
        let is_wanted = way.contains(way_to_wait);
        move || {
            if is_wanted {
                wait_in_child(place);
            }
        }
    };
    let (training, ending) = (wait("train", "training"), wait("end", "ending"));
    let others = LambdaCallback::new()
        .on_train_batch_end(move |run: &mut Training<'_>, _| {
            if (run.epoch(), run.batch()) == (2, 1) {
                training();
            }
        })
        .on_train_end(move |run, _| {
            println!("\nending: {:?}", run.ending().unwrap());
            ending();
        });
    let backup = backup(directory).save_on_interrupt(!way.contains("without"));
    match train(directory, backup, others) {
        Ok(_) => wait("after", "after")(),
        Err(error) => println!("\nerror: {error}"),
    }
}

/// A child, and what it says.
struct Talk {
    child: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl Talk {
    fn new(directory: &Path, way: &str) -> Talk {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["child", "--exact", "--nocapture"])
            .env(DIRECTORY, directory)
            .env(WAY, way)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Talk { child, to, from: BufReader::new(from).lines() }
    }

    /// Everything the child says until it waits in this place.
    fn until(&mut self, place: &str) {
        let place = format!("<{place}>");
        assert!(self.from.by_ref().any(|line| line.unwrap() == place), "the child never came to {place}");
    }

    fn press_ctrl_c(&mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    }

    /// Signals that come too fast are one.
    fn press_ctrl_c_until_it_ends(&mut self) {
        while self.child.try_wait().unwrap().is_none() {
            self.press_ctrl_c();
        }
    }

    fn go_on(&mut self) {
        self.to.write_all(b"\n").unwrap();
    }

    /// All the child still says, and how it ends.
    fn rest(mut self) -> (String, ExitStatus) {
        let lines: Vec<String> = self.from.map(Result::unwrap).collect();
        (lines.join("\n"), self.child.wait().unwrap())
    }
}

#[test]
fn a_run_that_was_interrupted_goes_on_to_the_same_bits() {
    let (unbroken, interrupted) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let expected = train(unbroken.path(), backup(unbroken.path()), LambdaCallback::new()).unwrap();
    let log = |directory: &Path| fs::read_to_string(directory.join("log.csv")).unwrap();

    let mut talk = Talk::new(interrupted.path(), "train");
    talk.until("training");
    talk.press_ctrl_c();
    talk.go_on();
    let (said, status) = talk.rest();
    assert!(status.success(), "{status}");
    let message = "Ctrl-C: saving a backup; pressed again, it ends the program at once\n";
    assert_eq!(said.matches(message).count(), 1, "{said}");
    assert!(said.contains("\nending: Interrupted\n"), "{said}");
    assert!(said.contains("\nerror: interrupted in epoch ") && said.contains("call fit again"), "{said}");
    assert!(interrupted.path().join("backup/latest.olifant").exists());
    assert!(log(interrupted.path()).len() < log(unbroken.path()).len());

    let resumed = train(interrupted.path(), backup(interrupted.path()), LambdaCallback::new()).unwrap();
    assert!(resumed == expected);
    assert_eq!(log(interrupted.path()), log(unbroken.path()));
    assert!(!interrupted.path().join("backup").exists());
}

#[test]
fn the_second_ctrl_c_ends_the_process_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut talk = Talk::new(directory.path(), "train");
    talk.until("training");
    // The batch that is running waits for ever.
    talk.press_ctrl_c_until_it_ends();
    assert_eq!(talk.rest().1.signal(), Some(SIGINT));
}

#[test]
fn after_training_ctrl_c_ends_the_process_as_ever() {
    let directory = tempfile::tempdir().unwrap();
    let mut talk = Talk::new(directory.path(), "after");
    talk.until("after");
    talk.press_ctrl_c();
    assert_eq!(talk.rest().1.signal(), Some(SIGINT));

    // Also when training was interrupted, and others still hear of its end.
    let mut talk = Talk::new(directory.path(), "train, end");
    talk.until("training");
    talk.press_ctrl_c();
    talk.go_on();
    talk.until("ending");
    talk.press_ctrl_c();
    assert_eq!(talk.rest().1.signal(), Some(SIGINT));
}

#[test]
fn who_does_not_ask_for_it_is_ended_by_ctrl_c_as_ever() {
    let directory = tempfile::tempdir().unwrap();
    let mut talk = Talk::new(directory.path(), "train without");
    talk.until("training");
    talk.press_ctrl_c();
    assert_eq!(talk.rest().1.signal(), Some(SIGINT));
}
