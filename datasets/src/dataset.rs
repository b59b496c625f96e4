//! A data set of small images in ten classes.

use std::fmt;
use std::path::Path;

use crate::image_files::ImageFiles;
use crate::{DatasetError, Split};

/// Ten classes of 28×28 grey images, some for training and some for testing.
///
/// Opening a data set reads no images: [`Split::read`] does, and [`Split::take`] says how many.
/// Printing it says which it is and where it comes from.
///
/// # Examples
///
/// ```
/// use olifant_datasets::SyntheticDigits;
///
/// let digits = SyntheticDigits::new(0).dataset();
/// println!("{digits}");
/// let train = digits.train().take(100).read()?;
/// println!("the first image shows a {}", digits.classes()[usize::from(train.y[0])]);
/// # Ok::<(), olifant_datasets::DatasetError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Dataset {
    name: String,
    origin: String,
    classes: [&'static str; 10],
    train: Split,
    test: Split,
}

/// The classes of a data set of digits.
pub(crate) const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

impl Dataset {
    /// Opens the data set in a directory that holds MNIST's four files, each with or without `.gz`:
    /// `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`.
    ///
    /// For sets made after MNIST's model; [`mnist`](crate::mnist()) and [`fashion_mnist`](crate::fashion_mnist) find
    /// theirs by themselves.
    ///
    /// # Errors
    ///
    /// When a file is missing or no IDX file, when images are not 28×28, or when images and labels differ in number.
    pub fn open(name: impl Into<String>, directory: impl AsRef<Path>) -> Result<Self, DatasetError> {
        let directory = directory.as_ref();
        let [train, test] = ImageFiles::in_directory(directory).map(Split::from_files);
        Ok(Dataset::new(name, directory.display().to_string(), train?, test?))
    }

    pub(crate) fn new(name: impl Into<String>, origin: String, train: Split, test: Split) -> Self {
        Dataset { name: name.into(), origin, classes: DIGITS, train, test }
    }

    pub(crate) fn with_classes(self, classes: [&'static str; 10]) -> Self {
        Dataset { classes, ..self }
    }

    /// Which data set this is: `mnist`, `fashion-mnist`, `synthetic`, or the name it was opened under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What each class shows.
    pub fn classes(&self) -> &[&'static str; 10] {
        &self.classes
    }

    /// The images to train with.
    pub fn train(&self) -> &Split {
        &self.train
    }

    /// The images to test with.
    pub fn test(&self) -> &Split {
        &self.test
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (train, test) = (self.train.len(), self.test.len());
        write!(f, "{}: {train} images to train, {test} to test ({})", self.name, self.origin)
    }
}
