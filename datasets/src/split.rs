//! One half of a data set, not yet in memory.

use ndarray::{Array1, Array3};

use crate::image_files::ImageFiles;
use crate::{DatasetError, IMAGE_SIDE, SyntheticDigits};

/// The training images of a data set, or its test images; nothing is in memory before it is read.
///
/// # Examples
///
/// ```
/// let digits = olifant_datasets::SyntheticDigits::new(0).dataset();
/// let train = digits.train().take(1_000).read()?;
/// assert_eq!(train.x.dim(), (1_000, 28, 28));
/// assert_eq!(train.y.len(), 1_000);
/// # Ok::<(), olifant_datasets::DatasetError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Split {
    content: Content,
    count: usize,
}

/// Images and the class of each.
///
/// # Shapes
///
/// `x` is `[images, 28, 28]`, `y` is `[images]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Images<T = f32> {
    /// Grey values: from 0 (paper) to 1 (ink) as `f32`, from 0 to 255 as `u8`.
    pub x: Array3<T>,
    /// The class of each image, from 0 to 9.
    pub y: Array1<u8>,
}

/// Where the images come from.
#[derive(Debug, Clone)]
enum Content {
    Files(ImageFiles),
    Synthetic { digits: SyntheticDigits, first: u64 },
}

impl Split {
    pub(crate) fn from_files(files: ImageFiles) -> Result<Self, DatasetError> {
        let count = files.count()?;
        Ok(Split { content: Content::Files(files), count })
    }

    /// The images `first..first + count` of a generator.
    pub(crate) fn from_digits(digits: SyntheticDigits, first: u64, count: usize) -> Self {
        Split { content: Content::Synthetic { digits, first }, count }
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The first `n` images, or all if there are fewer.
    ///
    /// The others are neither decoded nor kept: reading 10,000 of MNIST's images takes a sixth of the time and memory.
    #[must_use]
    pub fn take(&self, n: usize) -> Self {
        Split { content: self.content.clone(), count: self.count.min(n) }
    }

    /// Reads the images with pixels between 0 and 1: x = pixel / 255, in `f32`.
    ///
    /// These are the bits of NumPy's `x.astype(float32) / float32(255)`.
    ///
    /// # Errors
    ///
    /// When a file is missing, damaged, or not what its header says, or when memory does not suffice.
    pub fn read(&self) -> Result<Images, DatasetError> {
        self.read_as(|pixel| f32::from(pixel) / 255.0)
    }

    /// Reads the images as they are stored, one byte a pixel: a quarter of the memory.
    ///
    /// # Errors
    ///
    /// As [`Split::read`].
    pub fn read_bytes(&self) -> Result<Images<u8>, DatasetError> {
        self.read_as(|pixel| pixel)
    }

    fn read_as<T: Clone + Default + Send>(
        &self,
        convert: impl Fn(u8) -> T + Sync,
    ) -> Result<Images<T>, DatasetError> {
        let (pixels, y) = match &self.content {
            Content::Files(files) => files.read_first(self.count, convert)?,
            Content::Synthetic { digits, first } => digits.images(*first, self.count, convert)?,
        };
        let x = Array3::from_shape_vec((y.len(), IMAGE_SIDE, IMAGE_SIDE), pixels)
            .map_err(|_| DatasetError::OutOfMemory { elements: self.count, of: "images" })?;
        Ok(Images { x, y })
    }
}
