//! Killing a process at random moments, until it is done all the same.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use olifant::core::RandomKey;

use crate::training::Training;

/// What came of killing a training again and again.
#[derive(Debug, Default)]
pub struct Tally {
    /// How often a training was begun, killed at least once and started again until it was done.
    pub trials: usize,
    /// How often a process was killed.
    pub kills: usize,
    /// How many of these left a file half written.
    pub kills_in_files: usize,
    /// After how many trials all files were those of the unbroken run.
    pub identical: usize,
}

/// Trains once without a break, and then so many times with kills.
pub fn kill_often(
    training: Training,
    epochs: usize,
    trials: usize,
    out: &Path,
) -> Result<Tally, Box<dyn Error>> {
    let directory = out.join("unbroken");
    empty(&directory)?;
    let begun = Instant::now();
    run_to_the_end(training, epochs, &directory)?;
    let (duration, unbroken) = (begun.elapsed(), results(&directory)?);

    let directory = out.join("killed");
    let (mut tally, mut number) = (Tally::default(), 0);
    while tally.trials < trials {
        let random = RandomKey::from_seed(17).derive(number);
        number += 1;
        empty(&directory)?;
        let mut restarts = 0;
        // The first process is killed anyhow, those after it every other time.
        while restarts == 0 || random.uniform(3 * restarts) < 0.5 {
            let moment = duration.mul_f32(random.uniform(3 * restarts + 1));
            // Every other kill waits for a file that is being written.
            let in_a_file = random.uniform(3 * restarts + 2) < 0.5;
            match kill(training, epochs, &directory, moment, in_a_file)? {
                Killed::TooLate => break,
                Killed::Between => {}
                Killed::InAFile => tally.kills_in_files += 1,
            }
            restarts += 1;
        }
        if restarts > 0 {
            run_to_the_end(training, epochs, &directory)?;
            tally.trials += 1;
            tally.kills += restarts as usize;
            tally.identical += usize::from(results(&directory)? == unbroken);
        }
    }
    Ok(tally)
}

/// When a process was killed.
enum Killed {
    /// When it was done.
    TooLate,
    /// While it wrote no file.
    Between,
    /// While it wrote a file.
    InAFile,
}

/// Starts a training and kills it at a moment, or as soon as it writes a file after that.
fn kill(
    training: Training,
    epochs: usize,
    directory: &Path,
    moment: Duration,
    in_a_file: bool,
) -> Result<Killed, Box<dyn Error>> {
    let left_over = half_written(directory);
    let mut child =
        training.command(epochs, directory)?.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    thread::sleep(moment);
    while in_a_file && is_running(&mut child)? && half_written(directory) == left_over {
        thread::yield_now();
    }
    let was_running = is_running(&mut child)?;
    child.kill()?;
    child.wait()?;
    Ok(match was_running {
        false => Killed::TooLate,
        true if half_written(directory) > left_over => Killed::InAFile,
        true => Killed::Between,
    })
}

fn is_running(child: &mut Child) -> io::Result<bool> {
    Ok(child.try_wait()?.is_none())
}

fn run_to_the_end(training: Training, epochs: usize, directory: &Path) -> Result<(), Box<dyn Error>> {
    let output = training.command(epochs, directory)?.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("the training failed: {}", String::from_utf8_lossy(&output.stderr)).into())
}

/// Makes a directory, or deletes what is in it.
fn empty(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::create_dir_all(directory),
    }
}

/// How many files are being written, or were when their writers were killed.
fn half_written(directory: &Path) -> usize {
    let directories = [directory.to_owned(), directory.join("backup")];
    let entries = directories.iter().filter_map(|directory| fs::read_dir(directory).ok()).flatten().flatten();
    entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "tmp")).count()
}

/// The files that a training leaves, with their bytes.
fn results(directory: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && !name.ends_with(".tmp") {
            files.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(files)
}
