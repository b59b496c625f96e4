//! An array in a mapped file, read sample by sample.

use std::io;
use std::path::Path;

use olifant_core::{Shape, ShapeError};
use olifant_train::Samples;

use crate::mapped_file::MappedFile;
use crate::stored_number::StoredNumber;

/// Numbers in a mapped file, in row-major order, and the shape they have.
#[derive(Debug)]
pub(crate) struct MappedArray {
    file: MappedFile,
    /// Where the numbers begin.
    start: usize,
    /// The length of each axis.
    shape: Vec<usize>,
    stored: StoredNumber,
    /// How many numbers a sample has.
    sample: usize,
    scale: Option<f32>,
}

impl MappedArray {
    /// The array of this shape that takes the file from `start` to its end; the caller has checked that it does.
    pub(crate) fn new(file: MappedFile, start: usize, shape: Vec<usize>, stored: StoredNumber) -> Self {
        let sample = shape.iter().skip(1).product();
        MappedArray { file, start, shape, stored, sample, scale: None }
    }

    /// What each number is multiplied by.
    pub(crate) fn rescale(mut self, scale: f32) -> Self {
        self.scale = Some(scale);
        self
    }

    /// The length of each axis.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }
}

impl Samples for MappedArray {
    fn samples(&self) -> usize {
        self.shape.first().copied().unwrap_or(0)
    }

    fn sample_shape(&self) -> Result<Shape, ShapeError> {
        match &self.shape[..] {
            [] => Err(ShapeError::NoAxes),
            [_, sample @ ..] => Shape::new(sample),
        }
    }

    fn gather(&self, indices: &[usize], output: &mut [f32]) -> io::Result<()> {
        if self.sample == 0 {
            return Ok(());
        }
        let numbers = self.file.bytes()?.get(self.start..).unwrap_or_default();
        let size = self.sample * self.stored.size();
        for (output, &index) in output.chunks_exact_mut(self.sample).zip(indices) {
            let sample = index.checked_mul(size).and_then(|first| numbers.get(first..)?.get(..size));
            self.stored
                .read(sample.ok_or_else(|| no_sample(index, self.samples(), self.file.path()))?, output);
            if let Some(scale) = self.scale {
                output.iter_mut().for_each(|value| *value *= scale);
            }
        }
        Ok(())
    }
}

/// The answer to who asks for a sample behind the last.
pub(crate) fn no_sample(index: usize, samples: usize, path: &Path) -> io::Error {
    let reason = format!("sample {index} was asked for, but {} holds {samples}", path.display());
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}
