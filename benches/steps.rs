//! The gate for speed: how many instructions one training step takes, against the record in `steps.json`.
//!
//! `cargo run --release --bin steps` fails if a step takes over 2 % more than recorded;
//! with `--record` it writes the record anew, which belongs into the commit that changes the numbers.
//!
//! Seconds depend on what else the machine does; instructions do not.
//! Valgrind counts them while W1 and W2 (see `workload.rs`) train on one thread, where nobody waits for anybody.
//! Two runs of different length are counted: in their difference, everything but steady steps cancels out.
//! It says nothing about caches, memory and threads; those are for the benchmarks.
//!
//! Valgrind knows AVX2 but not AVX-512, and the kernels choose by processor: without AVX2 and FMA there is nothing to compare.
//! To see where instructions go, build with `CARGO_PROFILE_RELEASE_STRIP=none` and `CARGO_PROFILE_RELEASE_DEBUG=line-tables-only`,
//! run `valgrind --tool=callgrind target/release/steps --train W1 --epochs 4`, and ask `callgrind_annotate`.

use std::{
    env,
    error::Error,
    fs, io,
    process::{Command, ExitCode},
};

use clap::{Parser, ValueEnum};
use networks::{classifier, digits, large_classifier};
use olifant::prelude::*;
use serde::{Deserialize, Serialize};

const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/steps.json");
/// By which part of itself a number may grow.
const TOLERANCE: f64 = 0.02;
/// Steps in an epoch.
const STEPS: usize = 2;
/// The epochs of the two runs: few, as valgrind takes ten seconds for a step of W2.
/// More would change nothing: after the first step all memory is there.
const EPOCHS: [usize; 2] = [1, 2];

#[derive(Parser)]
#[command(about = "Counts the instructions of a training step and compares them with the record")]
struct Arguments {
    /// Write the record anew instead of comparing with it
    #[arg(long)]
    record: bool,
    /// Only train: what is run under valgrind
    #[arg(long, ignore_case = true, requires = "epochs", conflicts_with = "record")]
    train: Option<Work>,
    /// How many epochs to train
    #[arg(long, requires = "train")]
    epochs: Option<usize>,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
#[value(rename_all = "UPPER")]
enum Work {
    W1,
    W2,
}

/// Instructions a step, and the compiler they depend on.
#[derive(Serialize, Deserialize)]
struct Record {
    compiler: String,
    #[serde(rename = "W1")]
    w1: u64,
    #[serde(rename = "W2")]
    w2: u64,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    if let (Some(work), Some(epochs)) = (arguments.train, arguments.epochs) {
        train(work, epochs)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !has_avx2_and_fma() {
        say("skipped: the record is for x86-64 processors with AVX2 and FMA");
        return Ok(ExitCode::SUCCESS);
    }
    if cfg!(debug_assertions) {
        return Err("the record is for optimised programs: run this with --release".into());
    }
    let counted = Record {
        compiler: compiler()?,
        w1: instructions_per_step(Work::W1)?,
        w2: instructions_per_step(Work::W2)?,
    };
    if arguments.record {
        fs::write(RECORD, serde_json::to_string_pretty(&counted)? + "\n")?;
        say(&format!("recorded: W1 {}, W2 {} instructions a step", counted.w1, counted.w2));
        return Ok(ExitCode::SUCCESS);
    }
    let recorded: Record = serde_json::from_str(&fs::read_to_string(RECORD)?)?;
    let changes = [compare("W1", recorded.w1, counted.w1), compare("W2", recorded.w2, counted.w2)];
    if changes.iter().any(|change| change.abs() > TOLERANCE) {
        say("record the new numbers in the commit that changes them:");
        say("    cargo run --release --bin steps -- --record");
        if recorded.compiler != counted.compiler {
            say(&format!("(the record was made with {}, this is {})", recorded.compiler, counted.compiler));
        }
    }
    let grown = changes.iter().any(|&change| change > TOLERANCE);
    Ok(if grown { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Says what became of one number, and returns by which part of itself it changed.
fn compare(work: &str, recorded: u64, counted: u64) -> f64 {
    let change = counted as f64 / recorded as f64 - 1.0;
    let verdict = match change {
        _ if change > TOLERANCE => ": TOO MANY",
        _ if change < -TOLERANCE => ": fewer, well done",
        _ => "",
    };
    say(&format!(
        "{work}: {counted} instructions a step, recorded {recorded} ({:+.2} %){verdict}",
        100.0 * change
    ));
    change
}

fn train(work: Work, epochs: usize) -> Result<(), Box<dyn Error>> {
    // The calling thread is the pool: there is no other that could spin or wait.
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global()?;
    let images = digits(STEPS * batch_size(work))?;
    let mut model = match work {
        Work::W1 => classifier(Sgd::new(0.01))?,
        Work::W2 => large_classifier(Adam::new(0.001))?,
    };
    let options = FitOptions::new().epochs(epochs).batch_size(batch_size(work)).verbose(Verbose::Silent);
    model.fit(&images.x, &images.y, options)?;
    Ok(())
}

fn batch_size(work: Work) -> usize {
    match work {
        Work::W1 => 64,
        Work::W2 => 128,
    }
}

fn instructions_per_step(work: Work) -> Result<u64, Box<dyn Error>> {
    let [short, long] = EPOCHS;
    let steps = (long - short) * STEPS;
    Ok((instructions(work, long)? - instructions(work, short)?) / steps as u64)
}

/// The instructions of a whole process that trains so many epochs.
fn instructions(work: Work, epochs: usize) -> Result<u64, Box<dyn Error>> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args(["--train", &format!("{work:?}"), "--epochs", &epochs.to_string()])
        .output()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "valgrind is not installed: apt-get install valgrind".into(),
            _ => Box::<dyn Error>::from(error),
        })?;
    let report = String::from_utf8_lossy(&output.stderr);
    // ==4711== Collected : 123456789
    let count = report.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    match count {
        Some(count) if output.status.success() => Ok(count),
        _ => Err(format!("valgrind counted nothing:\n{report}").into()),
    }
}

fn has_avx2_and_fma() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// For example `rustc 1.95.0`.
fn compiler() -> Result<String, Box<dyn Error>> {
    let output = Command::new("rustc").arg("--version").output()?;
    let version = String::from_utf8(output.stdout)?;
    Ok(version.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
}

#[expect(clippy::print_stdout, reason = "what was counted is what the program is for")]
fn say(line: &str) {
    println!("{line}");
}
