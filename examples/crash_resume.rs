//! A resumed run is the run: trains in a process of its own, kills it at random moments, also in the midst of writing
//! a file, starts it again until it is done, and compares all that is left, byte for byte, with an unbroken run.
//!
//! ```sh
//! cargo run --release --example crash_resume                # each of three trainings 40 times
//! cargo run --release --example crash_resume -- --kills 5
//! ```

#[path = "crash_resume/killing.rs"]
mod killing;
#[path = "crash_resume/training.rs"]
mod training;

use std::error::Error;
use std::path::PathBuf;

use clap::Parser;
use killing::Tally;
use training::Training;

/// What the command line says.
#[derive(Debug, Parser)]
struct Options {
    /// How often each training is begun, killed at least once, and brought to its end
    #[arg(long, default_value_t = 40)]
    kills: usize,
    /// How many epochs at most
    #[arg(long, default_value_t = 12)]
    epochs: usize,
    /// Where files go
    #[arg(long, default_value = "out/crash_resume")]
    out: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    if training::is_child() {
        return training::train();
    }
    let options = Options::parse();
    println!("{:<25}{:>8}{:>8}{:>16}{:>12}", "training", "trials", "kills", "while writing", "identical");
    let mut all_are_identical = true;
    for training in Training::ALL {
        let out = options.out.join(training.name());
        let tally = killing::kill_often(training, options.epochs, options.kills, &out)?;
        let Tally { trials, kills, kills_in_files, identical } = tally;
        println!("{:<25}{trials:>8}{kills:>8}{kills_in_files:>16}{identical:>12}", training.name());
        all_are_identical &= identical == trials;
    }
    if all_are_identical { Ok(()) } else { Err("a resumed run differs: see the files that are left".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No test, but what the tests start as a process of its own.
    #[test]
    fn child() {
        if training::is_child() {
            training::train().unwrap();
        }
    }

    #[test]
    fn a_training_that_is_killed_ends_like_one_that_is_not() {
        let out = tempfile::tempdir().unwrap();
        for training in Training::ALL {
            let tally = killing::kill_often(training, 6, 8, &out.path().join(training.name())).unwrap();
            assert_eq!((tally.trials, tally.identical), (8, 8), "{training:?}");
            assert!(tally.kills >= 8, "{training:?}");
        }
    }
}
