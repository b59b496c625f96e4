//! The four files of MNIST and of the data sets made after its model.

use std::path::{Path, PathBuf};

use ndarray::Array1;

use crate::idx::IdxReader;
use crate::search_path::existing;
use crate::{DatasetError, IMAGE_SIDE};

/// Images and labels for training, then for testing.
pub(crate) const FILE_NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// A file of images and the file of their labels.
#[derive(Debug, Clone)]
pub(crate) struct ImageFiles {
    images: PathBuf,
    labels: PathBuf,
}

impl ImageFiles {
    /// The files for training, and those for testing.
    pub(crate) fn in_directory(directory: &Path) -> [Self; 2] {
        let path = |name| existing(directory, name).unwrap_or_else(|| directory.join(name));
        let [train_images, train_labels, test_images, test_labels] = FILE_NAMES.map(path);
        [
            ImageFiles { images: train_images, labels: train_labels },
            ImageFiles { images: test_images, labels: test_labels },
        ]
    }

    /// How many images there are, as both headers say.
    pub(crate) fn count(&self) -> Result<usize, DatasetError> {
        let (images, _) = self.open()?;
        Ok(images.shape()[0])
    }

    /// Reads the first `n` images and their labels, converting each pixel.
    pub(crate) fn read_first<T>(
        &self,
        n: usize,
        convert: impl Fn(u8) -> T,
    ) -> Result<(Vec<T>, Array1<u8>), DatasetError> {
        let (images, labels) = self.open()?;
        let pixels = images.read_first(n, convert)?;
        let labels = labels.read_first(n, |label: u8| label)?;
        if let Some(index) = labels.iter().position(|&label| label > 9) {
            return Err(DatasetError::Label { path: self.labels.clone(), index, label: labels[index] });
        }
        Ok((pixels, labels.into()))
    }

    /// Opens both files, and checks that their shapes belong together.
    fn open(&self) -> Result<(IdxReader<'static>, IdxReader<'static>), DatasetError> {
        let images = IdxReader::open(&self.images)?;
        let labels = IdxReader::open(&self.labels)?;
        let shape_error = |what, path: &Path, expected, found: &[usize]| {
            Err(DatasetError::Shape { what, path: path.to_owned(), expected, found: found.to_vec() })
        };
        let &[image_count, IMAGE_SIDE, IMAGE_SIDE] = images.shape() else {
            return shape_error("images", &self.images, "[images, 28, 28]", images.shape());
        };
        let &[label_count] = labels.shape() else {
            return shape_error("labels", &self.labels, "[images]", labels.shape());
        };
        if image_count != label_count {
            return Err(DatasetError::Unpaired {
                images_path: self.images.clone(),
                images: image_count,
                labels_path: self.labels.clone(),
                labels: label_count,
            });
        }
        Ok((images, labels))
    }
}
