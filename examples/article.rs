//! What the examples share: the command line; the article's data, network and pictures; tasks that several share.

use std::error::Error;
use std::fs::File;
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
pub fn classifier(seed: u64) -> Result<Model, BuildError> {
    Sequential::new([28, 28])
        .add(Flatten::new())
        .add(Dense::new(300).activation(Activation::Relu))
        .add(Dense::new(100).activation(Activation::Relu))
        .add(Dense::new(10).activation(Activation::Softmax))
        .seed(seed)
        .compile(Sgd::new(0.01), SparseCategoricalCrossentropy::new(), [Accuracy::new()])
}

/// One wave: y = sin 3x, evenly spread over [−1, 1).
pub fn wave() -> (Array2<f32>, Array2<f32>) {
    let x = Array2::from_shape_fn((1_000, 1), |(row, _)| row as f32 / 500.0 - 1.0);
    let y = x.mapv(|x| (3.0 * x).sin());
    (x, y)
}

/// A network that is large enough for a wave.
pub fn small_network(seed: u64) -> Sequential {
    Sequential::new([1]).add(Dense::new(16).activation(Activation::Tanh)).add(Dense::new(1)).seed(seed)
}

/// All reviews that can be made of some words, in no order, and whether each is friendly: "not" turns a word round.
pub fn reviews() -> (Vec<String>, Array1<u8>) {
    let beginnings = ["The", "I think the", "In short, the", "Well, the"];
    let things = ["film", "story", "music", "cast", "ending", "script", "dialogue", "camera work"];
    let (verbs, degrees) = (["was", "was not"], ["", "really ", "so ", "very "]);
    let friendly =
        ["great", "moving", "funny", "clever", "charming", "brilliant", "fresh", "fine", "witty", "good"];
    let unfriendly = ["dull", "boring", "silly", "weak", "awful", "lame", "stale", "poor", "clumsy", "bad"];
    let opinions = [friendly, unfriendly].concat();
    let count = beginnings.len() * things.len() * verbs.len() * degrees.len() * opinions.len();
    let review = |number: usize| {
        // A prime step goes through all combinations, each once.
        let mut rest = number * 7_919 % count;
        let [beginning, thing, verb, degree, opinion] = [4, 8, 2, 4, 20].map(|choices| {
            let choice = rest % choices;
            rest /= choices;
            choice
        });
        let is_friendly = (verb == 0) == (opinion < friendly.len());
        let words = [beginnings[beginning], things[thing], verbs[verb]].join(" ");
        (format!("{words} {}{}.", degrees[degree], opinions[opinion]), u8::from(is_friendly))
    };
    let (texts, labels): (_, Vec<u8>) = (0..count).map(review).unzip();
    (texts, labels.into())
}

/// Ends an example with an error if it did not show what its reader expects.
///
/// # Errors
///
/// It is not so.
pub fn expect(is_so: bool, what: &str) -> Result<(), Box<dyn Error>> {
    if is_so { Ok(()) } else { Err(format!("it is not so that {what}").into()) }
}

/// Writes numbers from 0 to 1 as a grey picture, PNG, and says where.
///
/// # Errors
///
/// The file cannot be written.
pub fn write_picture(picture: &Array2<f32>, path: &Path) -> Result<(), Box<dyn Error>> {
    let (height, width) = picture.dim();
    let mut encoder = png::Encoder::new(File::create(path)?, u32::try_from(width)?, u32::try_from(height)?);
    encoder.set_color(png::ColorType::Grayscale);
    let bytes = Vec::from_iter(picture.iter().map(|grey| (255.0 * grey.clamp(0.0, 1.0)) as u8));
    encoder.write_header()?.write_image_data(&bytes)?;
    println!("wrote {}", path.display());
    Ok(())
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
