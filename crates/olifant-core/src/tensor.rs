//! Tensors: a contiguous, cache-line-aligned buffer of numbers and its shape.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use ndarray::{ArrayBase, ArrayD, ArrayViewD, Data, Dimension, IxDyn};

use crate::{Element, Float, Shape, error::ShapeError};

/// How many numbers fill a cache line of 64 bytes.
pub(crate) const LINE: usize = 64 / size_of::<Float>();

/// Numbers in one piece, starting at a 64-byte boundary.
///
/// The boundary is found in a slightly larger vector, so no `unsafe` is needed.
#[derive(Default)]
pub struct Buffer {
    storage: Vec<Float>,
    start: usize,
    len: usize,
}

impl Buffer {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Buffer {
        let storage = vec![0.0; len + LINE - 1];
        let start = storage.as_ptr().align_offset(64).min(LINE - 1);
        Buffer { storage, start, len }
    }

    /// Changes the length. Memory is taken only to grow beyond the largest length so far; the contents are arbitrary.
    pub fn resize(&mut self, len: usize) {
        if self.start + len > self.storage.len() {
            *self = Buffer::zeros(len);
        }
        self.len = len;
    }

    /// Appends zeros; what was there stays.
    ///
    /// When memory runs out, half as much again is taken in advance: many small additions must not each copy the whole.
    pub(crate) fn extend_with_zeros(&mut self, count: usize) {
        let (before, len) = (self.len, self.len + count);
        if self.start + len > self.storage.len() {
            let mut grown = Buffer::zeros(len + before / 2);
            grown[..before].copy_from_slice(self);
            *self = grown;
        }
        self.len = len;
        self[before..].fill(0.0);
    }
}

impl Deref for Buffer {
    type Target = [Float];

    fn deref(&self) -> &[Float] {
        &self.storage[self.start..self.start + self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [Float] {
        &mut self.storage[self.start..self.start + self.len]
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Buffer {
        let mut copy = Buffer::zeros(self.len);
        copy.copy_from_slice(self);
        copy
    }

    fn clone_from(&mut self, source: &Buffer) {
        self.resize(source.len);
        self.copy_from_slice(source);
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// A row-major array of numbers that owns its memory.
///
/// # Examples
///
/// ```
/// use ndarray::array;
/// use olifant_core::Tensor;
///
/// let pixels = array![[0u8, 128], [255, 1]];
/// let tensor = Tensor::from_array(&pixels.t())?;          // any layout, any element type
/// assert_eq!(tensor.data(), [0.0, 255.0, 128.0, 1.0]);
/// assert_eq!(tensor.array()[[0, 1]], 255.0);
/// # Ok::<(), olifant_core::ShapeError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tensor {
    data: Buffer,
    shape: Shape,
}

impl Tensor {
    /// A tensor of zeros.
    pub fn zeros(shape: impl Into<Shape>) -> Tensor {
        let shape = shape.into();
        Tensor { data: Buffer::zeros(shape.size()), shape }
    }

    /// Copies an ndarray of any layout and element type.
    ///
    /// # Errors
    ///
    /// More than [`MAX_RANK`](crate::MAX_RANK) axes.
    pub fn from_array<S, D>(array: &ArrayBase<S, D>) -> Result<Tensor, ShapeError>
    where
        S: Data<Elem: Element>,
        D: Dimension,
    {
        let mut tensor = Tensor::zeros(Shape::new(array.shape())?);
        for (to, from) in tensor.data.iter_mut().zip(array) {
            *to = from.to_float();
        }
        Ok(tensor)
    }

    /// The sizes of the axes.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// All numbers, row by row.
    pub fn data(&self) -> &[Float] {
        &self.data
    }

    /// All numbers, to be changed.
    pub fn data_mut(&mut self) -> &mut [Float] {
        &mut self.data
    }

    /// Gives the tensor another shape. Memory is taken only to grow; the contents are arbitrary.
    pub fn resize(&mut self, shape: impl Into<Shape>) {
        self.shape = shape.into();
        self.data.resize(self.shape.size());
    }

    /// A borrowed view.
    pub fn view(&self) -> TensorView<'_> {
        TensorView { data: &self.data, shape: self.shape }
    }

    /// The same numbers as an ndarray view.
    pub fn array(&self) -> ArrayViewD<'_, Float> {
        self.view().array()
    }
}

/// A borrowed tensor.
#[derive(Clone, Copy, Debug)]
pub struct TensorView<'a> {
    /// All numbers, row by row.
    pub data: &'a [Float],
    /// The sizes of the axes.
    pub shape: Shape,
}

impl<'a> TensorView<'a> {
    /// The same numbers as an ndarray view.
    pub fn array(&self) -> ArrayViewD<'a, Float> {
        ArrayViewD::from_shape(IxDyn(self.shape.axes()), self.data)
            .expect("a tensor holds as many numbers as its shape says")
    }

    /// A copy as an ndarray.
    pub fn to_array(&self) -> ArrayD<Float> {
        self.array().to_owned()
    }

    /// The numbers in rows of the length of the last axis. A scalar is one row of one.
    pub fn rows(&self) -> std::slice::ChunksExact<'a, Float> {
        self.data.chunks_exact(self.row_len())
    }

    /// The length of a row: the size of the last axis, at least 1.
    pub(crate) fn row_len(&self) -> usize {
        self.shape.last_axis().unwrap_or(1).max(1)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, s};

    use super::*;

    #[test]
    fn every_buffer_starts_at_a_cache_line() {
        for len in [0, 1, 15, 16, 17, 1000] {
            let buffer = Buffer::zeros(len);
            assert_eq!(buffer.len(), len);
            assert_eq!(buffer.as_ptr() as usize % 64, 0, "length {len}");
            assert_eq!(buffer.clone().as_ptr() as usize % 64, 0);
        }
    }

    #[test]
    fn shrinking_and_growing_back_keeps_the_memory() {
        let mut buffer = Buffer::zeros(100);
        let address = buffer.as_ptr();
        buffer.resize(10);
        buffer.resize(100);
        assert_eq!(buffer.as_ptr(), address);
    }

    #[test]
    fn many_small_additions_keep_the_numbers_and_seldom_move_them() {
        let mut buffer = Buffer::default();
        let mut moves = 0;
        for round in 0..1000 {
            let address = buffer.as_ptr();
            buffer.extend_with_zeros(16);
            assert_eq!(buffer[16 * round..], [0.0; 16]);
            buffer[16 * round] = round as Float;
            moves += usize::from(buffer.as_ptr() != address);
        }
        assert!(buffer.iter().step_by(16).enumerate().all(|(round, &x)| x == round as Float));
        assert!(moves < 25 && (buffer.as_ptr() as usize).is_multiple_of(64), "{moves} moves");
    }

    #[test]
    fn arrays_of_any_layout_and_type_arrive_row_major() {
        let array = Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (100 * i + 10 * j + k) as i64);
        let view = array.slice(s![.., ..;-1, 1..3]);
        let tensor = Tensor::from_array(&view).unwrap();
        assert_eq!(tensor.shape(), Shape::from([2, 3, 2]));
        assert_eq!(tensor.data()[..4], [21.0, 22.0, 11.0, 12.0]);
        assert_eq!(tensor.array()[[1, 2, 1]], 102.0);
    }
}
