//! What the examples share: the command line, and the article's data, network and pictures.

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::Parser;
use olifant::prelude::*;
use olifant_datasets::Source;

/// What each example can be told on its command line.
#[derive(Debug, Parser)]
pub struct Options {
    /// The data set: auto (the first that is found), mnist, fashion-mnist or synthetic
    #[arg(long, default_value_t)]
    data: Source,
    /// How many epochs at most [default: as many as the example is made for]
    #[arg(long)]
    epochs: Option<usize>,
    /// What all randomness follows from
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Where files go [default: out/NAME, the name of the example]
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Images between 0 and 1, and their classes.
pub type Images = (Array3<f32>, Array1<u8>);

impl Options {
    /// Reads the command line; ends the program if it asks for help or makes no sense.
    pub fn read() -> Options {
        Options::parse()
    }

    /// The article's data: 10,000 images to train with, and those to test with. Says where they are from.
    ///
    /// # Errors
    ///
    /// The data set is not found, or damaged.
    pub fn load_data(&self) -> Result<(Images, Images), Box<dyn Error>> {
        let dataset = olifant_datasets::load(self.data)?;
        println!("{dataset}; the first 10000 are used to train and validate\n");
        let (train, test) = (dataset.train().take(10_000).read()?, dataset.test().read()?);
        Ok(((train.x, train.y), (test.x, test.y)))
    }

    /// How many epochs: as many as the command line says, or `default`.
    pub fn epochs(&self, default: usize) -> usize {
        self.epochs.unwrap_or(default)
    }

    /// What all randomness follows from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The directory for the files of an example, which is made if need be.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn out(&self, example: &str) -> Result<PathBuf, Box<dyn Error>> {
        let directory = self.out.clone().unwrap_or_else(|| Path::new("out").join(example));
        std::fs::create_dir_all(&directory)
            .map_err(|error| format!("cannot make the directory {}: {error}", directory.display()))?;
        Ok(directory)
    }
}

/// The article's network and how it learns.
///
/// # Errors
///
/// None that these options could cause.
pub fn classifier(seed: u64) -> Result<Model, olifant::BuildError> {
    Sequential::new([28, 28])
        .add(Flatten::new())
        .add(Dense::new(300).activation(Activation::Relu))
        .add(Dense::new(100).activation(Activation::Relu))
        .add(Dense::new(10).activation(Activation::Softmax))
        .seed(seed)
        .compile(Sgd::new(0.01), SparseCategoricalCrossentropy::new(), [Accuracy::new()])
}

/// The article's `plot_metric`: draws the curves of a metric as SVG and as PNG, and says where.
///
/// # Errors
///
/// There is nothing to draw, or a file cannot be written.
pub fn plot_metric(history: &History, metric: &str, out: &Path) -> Result<(), Box<dyn Error>> {
    for extension in ["svg", "png"] {
        let path = out.join(metric).with_extension(extension);
        match metric {
            "learning_rate" => history.plot_learning_rate(&path)?,
            _ => history.plot(metric, &path)?,
        }
        println!("wrote {}", path.display());
    }
    Ok(())
}
