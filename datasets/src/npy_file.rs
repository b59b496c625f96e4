//! NumPy's `.npy` files larger than memory.

mod header;

use std::io;
use std::path::Path;

use olifant_core::{Shape, ShapeError};
use olifant_train::Samples;

use crate::DatasetError;
use crate::mapped_array::MappedArray;
use crate::mapped_file::MappedFile;
use header::NpyHeader;

/// A `.npy` file, as `numpy.save` writes it, as data for a model: samples are read from the file when they are needed,
/// never all at once.
///
/// The operating system keeps in memory what it has room for, so a file that fits is read from the disk once.
/// Numbers of the types `f4 f8 u1 u2 u4 u8 i1 i2 i4 i8 b1`, in either order of bytes, become `f32` on their way into a
/// batch. The array must be stored in C order.
///
/// The file must not be written to while it is open. One that is cut short is noticed before the next batch.
///
/// # Examples
///
/// ```
/// use olifant_datasets::NpyFile;
/// use olifant_train::Samples;
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("labels.npy");
/// let mut file = b"\x93NUMPY\x01\x00\x76\x00".to_vec(); // numpy.save("labels.npy", numpy.array([5, 0, 4], "u1"))
/// file.extend(format!("{:117}\n", "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }").bytes());
/// file.extend([5, 0, 4]);
/// std::fs::write(&path, file)?;
///
/// let labels = NpyFile::open(&path)?; // model.fit(&images, &labels, …)
/// assert_eq!(labels.shape(), [3]);
/// let mut batch = [0.0; 2];
/// labels.gather(&[2, 0], &mut batch)?;
/// assert_eq!(batch, [4.0, 5.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// The NumPy project, *NPY format*, versions 1.0 to 3.0, <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.
#[derive(Debug)]
pub struct NpyFile(MappedArray);

impl NpyFile {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, is no `.npy` file, is shorter or longer than its header says, is in Fortran
    /// order, or holds other things than numbers.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DatasetError> {
        let file = MappedFile::open(path.as_ref())?;
        let io_error = |source| DatasetError::Io { action: "reading", path: file.path().to_owned(), source };
        let header = NpyHeader::read(file.bytes().map_err(io_error)?)
            .map_err(|reason| DatasetError::Npy { path: file.path().to_owned(), reason })?;
        Ok(NpyFile(MappedArray::new(file, header.start, header.shape, header.stored)))
    }

    /// Multiplies each number by `scale`, as Keras's `Rescaling` does: `1.0 / 255.0` brings bytes between 0 and 1.
    #[must_use]
    pub fn rescale(self, scale: f32) -> Self {
        NpyFile(self.0.rescale(scale))
    }

    /// The length of each axis: samples first.
    pub fn shape(&self) -> &[usize] {
        self.0.shape()
    }
}

impl Samples for NpyFile {
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
