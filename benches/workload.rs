//! One workload of the comparison with other frameworks: `model.fit` or `model.predict` with everything on that users have on.
//!
//! `cargo run --release -p olifant-benches --bin workload -- W1 [--epochs N] [--batch-size N] [--images N] [--threads N]` prints one line of JSON.
//!
//! - W1: the article's network, 8,000 images trained and 2,000 validated, batch 64, SGD
//! - W2: 784-512-512-10 with dropout 0.2, 60,000 images, batch 128, Adam
//! - W3: two convolutions with pooling, dropout 0.5 and a dense layer, 12,000 images, batch 128, Adam
//! - W4: 28 rows of 28 pixels, LSTM 128-10, 12,000 images, batch 128, Adam
//! - W5: `predict` with W1's network: one image, a thousand dense numbers, 10,000 images in batches of 256
//! - W6: the whole process, ten epochs of W1 with their lines printed; to be timed from outside
//!
//! Real MNIST is looked for as usual (`OLIFANT_DATASETS`); synthetic digits take its place, and the line says so.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use clap::{Parser, ValueEnum};
use networks::{classifier, convolutional_classifier, large_classifier, recurrent_classifier};
use olifant::{FitError, IntoFitOptions, prelude::*};
use olifant_datasets::{Dataset, Source, load};
use serde::Serialize;

#[derive(Parser)]
#[command(about = "Times one workload and prints one line of JSON")]
struct Arguments {
    #[arg(ignore_case = true)]
    work: Work,
    /// How many epochs; of three or more, the first two warm up and are not counted [default: 12 for W1, 5 for W2 to W4]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    epochs: Option<u16>,
    /// How many images a batch of W3 or W4 has
    #[arg(long, default_value = "128", value_parser = clap::value_parser!(u16).range(1..))]
    batch_size: u16,
    /// How many images W3 and W4 train on
    #[arg(long, default_value = "12000", value_parser = clap::value_parser!(u16).range(1..=60_000))]
    images: u16,
    /// How many threads [default: one for each processor]
    #[arg(long)]
    threads: Option<usize>,
}

#[derive(Clone, Copy, ValueEnum, Debug, Serialize)]
#[value(rename_all = "UPPER")]
enum Work {
    W1,
    W2,
    W3,
    W4,
    W5,
    W6,
}

/// What is printed; the names are those of the programs that measure the other frameworks.
#[derive(Serialize)]
struct Line<'a> {
    peer: &'static str,
    work: Work,
    data: &'a str,
    #[serde(flatten)]
    figures: Figures,
    rss_mb: f64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Figures {
    Training {
        epoch_s: f64,
        epoch_min: f64,
        epoch_max: f64,
        first_epoch_s: f64,
        n_epochs: usize,
        img_per_s: f64,
        final_loss: f64,
        acc: f64,
        val_acc: f64,
    },
    Prediction {
        predict1_us: f64,
        predict1_dense_us: f64,
        bulk_img_per_s: f64,
    },
    Process {
        in_process_s: f64,
        val_acc: f64,
    },
}

fn main() -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let Arguments { work, epochs, batch_size, images, threads } = Arguments::parse();
    let (batch_size, images) = (batch_size.into(), images.into());
    let epochs = epochs.map(usize::from);
    if let Some(threads) = threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    }
    let dataset = load(Source::Auto)?;
    let figures = match work {
        Work::W1 => article(&dataset, epochs.unwrap_or(12))?,
        Work::W2 => with_test(&dataset, epochs, 128, 60_000, large_classifier(Adam::new(0.001))?)?,
        Work::W3 => {
            with_test(&dataset, epochs, batch_size, images, convolutional_classifier(Adam::new(0.001))?)?
        }
        Work::W4 => with_test(&dataset, epochs, batch_size, images, recurrent_classifier(Adam::new(0.001))?)?,
        Work::W5 => predictions(&dataset, epochs.unwrap_or(3))?,
        Work::W6 => {
            let (_, history) = train_article(&dataset, epochs.unwrap_or(10), Verbose::Epochs, ())?;
            let val_acc = last(&history, "val_accuracy");
            Figures::Process { in_process_s: started.elapsed().as_secs_f64(), val_acc }
        }
    };
    let line = Line { peer: "olifant", work, data: dataset.name(), figures, rss_mb: peak_memory() };
    #[expect(clippy::print_stdout, reason = "the line is what the program is for")]
    {
        println!("{}", serde_json::to_string(&line)?);
    }
    Ok(())
}

fn article(dataset: &Dataset, epochs: usize) -> Result<Figures, Box<dyn Error>> {
    let mut clock = Clock::default();
    let (_, history) = train_article(dataset, epochs, Verbose::Silent, &mut clock)?;
    Ok(clock.training(&history, last(&history, "val_accuracy")))
}

/// Trains on so many images, five epochs unless told otherwise, and evaluates on the test images afterwards.
fn with_test(
    dataset: &Dataset,
    epochs: Option<usize>,
    batch_size: usize,
    images: usize,
    mut model: Model,
) -> Result<Figures, Box<dyn Error>> {
    let mut clock = Clock::default();
    let train = dataset.train().take(images).read()?;
    let options = FitOptions::new()
        .epochs(epochs.unwrap_or(5))
        .batch_size(batch_size)
        .verbose(Verbose::Silent)
        .callback(&mut clock);
    let history = model.fit(&train.x, &train.y, options)?;
    // The memory is that of training, not of the test.
    drop(train);
    let test = dataset.test().read()?;
    let logs = model.evaluate(&test.x, &test.y)?;
    Ok(clock.training(&history, logs.get("accuracy").unwrap_or(f64::NAN)))
}

fn predictions(dataset: &Dataset, epochs: usize) -> Result<Figures, Box<dyn Error>> {
    let (mut model, _) = train_article(dataset, epochs, Verbose::Silent, ())?;
    let test = dataset.test().read()?;
    let dense = test.x.mapv(|pixel| 0.5 + 0.5 * pixel);
    let one = |x: &Array3<f32>| {
        let image = x.slice(s![..1, .., ..]);
        median(2000, 500, || model.predict(image).map(drop))
    };
    let (predict1, predict1_dense) = (one(&test.x)?, one(&dense)?);
    let bulk = median(12, 3, || {
        let options = EvaluateOptions::new().batch_size(256).verbose(Verbose::Silent);
        model.predict_with(&test.x, options).map(drop)
    })?;
    Ok(Figures::Prediction {
        predict1_us: predict1 * 1e6,
        predict1_dense_us: predict1_dense * 1e6,
        bulk_img_per_s: test.y.len() as f64 / bulk,
    })
}

/// Trains the article's network on the first 10,000 images, of which 2,000 validate.
fn train_article<'a>(
    dataset: &Dataset,
    epochs: usize,
    verbose: Verbose,
    callbacks: impl IntoFitOptions<'a>,
) -> Result<(Model, History), Box<dyn Error>> {
    let images = dataset.train().take(10_000).read()?;
    let mut model = classifier(Sgd::new(0.01))?;
    let options = FitOptions::new()
        .epochs(epochs)
        .batch_size(64)
        .validation_split(0.2)
        .verbose(verbose)
        .callbacks(callbacks);
    let history = model.fit(&images.x, &images.y, options)?;
    Ok((model, history))
}

/// Measures epochs, validation included.
#[derive(Default)]
struct Clock {
    begun: Option<Instant>,
    epochs: Vec<Duration>,
}

impl Callback for Clock {
    fn on_epoch_begin(&mut self, _: &mut Training<'_>) -> Result<(), CallbackError> {
        self.begun = Some(Instant::now());
        Ok(())
    }

    fn on_epoch_end(&mut self, _: &mut Training<'_>, _: &mut Logs) -> Result<(), CallbackError> {
        self.epochs.extend(self.begun.map(|begun| begun.elapsed()));
        Ok(())
    }
}

impl Clock {
    fn training(&self, history: &History, val_acc: f64) -> Figures {
        let seconds: Vec<f64> = self.epochs.iter().map(Duration::as_secs_f64).collect();
        let mut steady = seconds[if seconds.len() > 2 { 2 } else { 0 }..].to_vec();
        steady.sort_by(f64::total_cmp);
        let epoch_s = middle(&steady);
        Figures::Training {
            epoch_s,
            epoch_min: steady[0],
            epoch_max: steady[steady.len() - 1],
            first_epoch_s: seconds[0],
            n_epochs: seconds.len(),
            img_per_s: history.params().samples as f64 / epoch_s,
            final_loss: last(history, "loss"),
            acc: last(history, "accuracy"),
            val_acc,
        }
    }
}

fn last(history: &History, name: &str) -> f64 {
    history.last(name).unwrap_or(f64::NAN)
}

/// The median time of so many calls in seconds, without the first few.
fn median(
    calls: usize,
    warm_up: usize,
    mut call: impl FnMut() -> Result<(), FitError>,
) -> Result<f64, Box<dyn Error>> {
    let mut seconds = Vec::with_capacity(calls);
    for _ in 0..calls {
        let begun = Instant::now();
        call()?;
        seconds.push(begun.elapsed().as_secs_f64());
    }
    let steady = &mut seconds[warm_up..];
    steady.sort_by(f64::total_cmp);
    Ok(middle(steady))
}

/// The middle of sorted numbers.
fn middle(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { (sorted[half - 1] + sorted[half]) / 2.0 } else { sorted[half] }
}

/// The largest memory the process ever had resident, in MB, where the system tells.
fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.map_or(f64::NAN, |kilobytes| kilobytes / 1024.0)
}
