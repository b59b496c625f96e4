//! IDX files larger than memory.

use std::io;
use std::path::Path;

use olifant_core::{Shape, ShapeError};
use olifant_train::Samples;

use crate::DatasetError;
use crate::idx::IdxReader;
use crate::mapped_array::MappedArray;
use crate::mapped_file::MappedFile;
use crate::stored_number::{ByteOrder, StoredNumber};

/// An IDX file as data for a model: samples are read from the file when they are needed, never all at once.
///
/// The operating system keeps in memory what it has room for, so a file that fits is read from the disk once.
/// Numbers of any type become `f32` on their way into a batch. See [`read_idx`](crate::read_idx) for an array instead.
///
/// The file must not be written to while it is open. One that is cut short is noticed before the next batch.
///
/// # Examples
///
/// ```
/// use olifant_datasets::IdxFile;
/// use olifant_train::Samples;
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("images-idx3-ubyte");
/// std::fs::write(&path, [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 51, 0, 255])?;
/// let images = IdxFile::open(&path)?.rescale(1.0 / 255.0); // model.fit(&images, &labels, …)
/// assert_eq!(images.shape(), [2, 1, 2]);
/// let mut last = [0.0; 2];
/// images.gather(&[1], &mut last)?;
/// assert_eq!(last, [0.0, 1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct IdxFile(MappedArray);

impl IdxFile {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, is compressed, is no IDX file, or is shorter or longer than its header says.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DatasetError> {
        let file = MappedFile::open(path.as_ref())?;
        let io_error = |source| DatasetError::Io { action: "reading", path: file.path().to_owned(), source };
        let bytes = file.bytes().map_err(io_error)?;
        if bytes.starts_with(&[0x1f, 0x8b]) {
            return Err(DatasetError::Compressed { path: file.path().to_owned() });
        }
        let header = IdxReader::new(file.path(), bytes)?;
        header.check_length(bytes.len() as u64)?;
        let (start, shape) = (header.start(), header.shape().to_vec());
        let stored = StoredNumber { number: header.number(), order: ByteOrder::Big };
        drop(header);
        Ok(IdxFile(MappedArray::new(file, start, shape, stored)))
    }

    /// Multiplies each number by `scale`, as Keras's `Rescaling` does: `1.0 / 255.0` brings bytes between 0 and 1.
    #[must_use]
    pub fn rescale(self, scale: f32) -> Self {
        IdxFile(self.0.rescale(scale))
    }

    /// The length of each axis: samples first.
    pub fn shape(&self) -> &[usize] {
        self.0.shape()
    }
}

impl Samples for IdxFile {
    fn samples(&self) -> usize {
        self.0.samples()
    }

    fn sample_shape(&self) -> Result<Shape, ShapeError> {
        self.0.sample_shape()
    }

    fn gather(&self, indices: &[usize], output: &mut [f32]) -> io::Result<()> {
        self.0.gather(indices, output)
    }
}
