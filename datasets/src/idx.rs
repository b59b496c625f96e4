//! The IDX format of MNIST: a header of a few bytes, then the numbers, big-endian, in row-major order.
//!
//! ```text
//! 00 00              always
//! 08                 element type: 08 u8, 09 i8, 0b i16, 0c i32, 0d f32, 0e f64
//! 03                 number of axes
//! 00 00 ea 60  …     length of each axis, as u32
//! …                  the numbers
//! ```
//!
//! Whether a file is compressed is decided by its first two bytes, not by its name.
//! A header is only believed as far as numbers follow: memory grows with what has been read, not with what was
//! announced.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use ndarray::{ArrayD, IxDyn};

use crate::DatasetError;
use crate::stored_number::Number;

/// Reads an IDX file, compressed with gzip or not.
///
/// # Shapes
///
/// As the header says: `[images, height, width]` for MNIST's images, `[images]` for its labels.
///
/// # Errors
///
/// When the file cannot be opened, is no IDX file, holds another element type than `T`, is cut short, damaged, or
/// longer than its header says.
///
/// # Examples
///
/// ```
/// use ndarray::{ArrayD, arr1};
///
/// # let directory = tempfile::tempdir()?;
/// let path = directory.path().join("labels-idx1-ubyte");
/// std::fs::write(&path, [0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4])?;
/// let labels: ArrayD<u8> = olifant_datasets::read_idx(&path)?;
/// assert_eq!(labels, arr1(&[5, 0, 4]).into_dyn());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Y. LeCun, C. Cortes, C. Burges, *The MNIST database of handwritten digits*, section "File formats".
pub fn read_idx<T: IdxElement>(path: impl AsRef<Path>) -> Result<ArrayD<T>, DatasetError> {
    let reader = IdxReader::open(path.as_ref())?;
    let (path, shape) = (reader.path.clone(), reader.shape.clone());
    let elements = reader.read_first(usize::MAX, |element: T| element)?;
    ArrayD::from_shape_vec(IxDyn(&shape), elements).map_err(|_| DatasetError::ImpossibleShape { path, shape })
}

/// A type of number that an IDX file can hold.
pub trait IdxElement: Copy + element::Sealed {
    /// The type's code in the header.
    #[doc(hidden)]
    const CODE: u8;
    /// The type's name in Rust.
    #[doc(hidden)]
    const NAME: &'static str;
    /// Reads one element from as many big-endian bytes as it has.
    #[doc(hidden)]
    fn from_big_endian(bytes: &[u8]) -> Self;
}

/// Keeps the list of element types closed: the format knows no others.
mod element {
    pub trait Sealed {}
}

macro_rules! idx_elements {
    ($($type:ident $number:ident = $code:literal),*) => {
        $(
            impl element::Sealed for $type {}
            impl IdxElement for $type {
                const CODE: u8 = $code;
                const NAME: &'static str = stringify!($type);
                fn from_big_endian(bytes: &[u8]) -> Self {
                    let mut own = [0; size_of::<$type>()];
                    own.copy_from_slice(bytes);
                    $type::from_be_bytes(own)
                }
            }
        )*
        /// The name, the number and the size in bytes of the element type with this code.
        fn element_type(code: u8) -> Option<(&'static str, Number, usize)> {
            match code {
                $($code => Some((stringify!($type), Number::$number, size_of::<$type>())),)*
                _ => None,
            }
        }
    };
}
idx_elements!(u8 U8 = 0x08, i8 I8 = 0x09, i16 I16 = 0x0b, i32 I32 = 0x0c, f32 F32 = 0x0d, f64 F64 = 0x0e);

/// An open IDX file whose header has been read.
pub(crate) struct IdxReader<'a> {
    path: PathBuf,
    shape: Vec<usize>,
    /// Elements in the whole file, and the bytes that header and elements take.
    elements: usize,
    bytes: u64,
    code: u8,
    number: Number,
    content: Box<dyn Read + 'a>,
    /// Decompressed bytes read so far.
    position: u64,
}

/// Bytes decoded at a time: a multiple of every element's size.
const CHUNK: usize = 1 << 14;

/// Memory grows by at most this many elements at a time, so that it is never far ahead of the bytes that came.
const GROWTH: usize = 1 << 22;

impl<'a> IdxReader<'a> {
    /// Opens a file, decompressing it if need be, and reads its header.
    pub(crate) fn open(path: &Path) -> Result<Self, DatasetError> {
        let io_error = |source| DatasetError::Io { action: "opening", path: path.to_owned(), source };
        let mut file = BufReader::new(File::open(path).map_err(io_error)?);
        let is_compressed = file.fill_buf().map_err(io_error)?.starts_with(&[0x1f, 0x8b]);
        if is_compressed { Self::new(path, MultiGzDecoder::new(file)) } else { Self::new(path, file) }
    }

    /// Reads the header of a file with this content.
    pub(crate) fn new(path: &Path, content: impl Read + 'a) -> Result<Self, DatasetError> {
        let mut idx = IdxReader {
            path: path.to_owned(),
            shape: Vec::new(),
            elements: 0,
            bytes: 4,
            code: 0,
            number: Number::U8,
            content: Box::new(content),
            position: 0,
        };
        idx.read_header()?;
        Ok(idx)
    }

    /// The length of each axis.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// What type of number the elements are.
    pub(crate) fn number(&self) -> Number {
        self.number
    }

    /// Where the elements begin, in bytes; nothing but the header has been read.
    pub(crate) fn start(&self) -> usize {
        self.position as usize
    }

    /// Whether a file of this many bytes holds what the header says, and no more.
    pub(crate) fn check_length(&self, found: u64) -> Result<(), DatasetError> {
        let (path, expected) = (self.path.clone(), self.bytes);
        match found.cmp(&expected) {
            Ordering::Less => Err(DatasetError::Truncated { path, expected, found }),
            Ordering::Equal => Ok(()),
            Ordering::Greater => {
                Err(DatasetError::TrailingBytes { path, expected, shape: self.shape.clone() })
            }
        }
    }

    /// Reads the first `n` entries along the first axis, or all if there are fewer, converting each element.
    ///
    /// Only a file that is read to its end is checked to its end.
    pub(crate) fn read_first<T: IdxElement, U>(
        mut self,
        n: usize,
        convert: impl Fn(T) -> U,
    ) -> Result<Vec<U>, DatasetError> {
        if self.code != T::CODE {
            let found = element_type(self.code).map_or("an unknown type", |(name, _, _)| name);
            return Err(DatasetError::ElementType { path: self.path, expected: T::NAME, found });
        }
        let length = self.shape.first().copied().unwrap_or(1);
        let wanted = if n < length { self.elements / length * n } else { self.elements };
        let mut elements = Vec::new();
        let mut chunk = [0; CHUNK];
        while elements.len() < wanted {
            let missing = wanted - elements.len();
            let chunk = &mut chunk[..(missing.saturating_mul(size_of::<T>())).min(CHUNK)];
            self.fill(chunk)?;
            reserve(&mut elements, missing, chunk.len() / size_of::<T>())?;
            elements
                .extend(chunk.chunks_exact(size_of::<T>()).map(|bytes| convert(T::from_big_endian(bytes))));
        }
        if wanted == self.elements {
            self.expect_end()?;
        }
        Ok(elements)
    }

    fn read_header(&mut self) -> Result<(), DatasetError> {
        let mut magic = [0; 4];
        self.fill(&mut magic)?;
        let [0, 0, code, axes] = magic else {
            return Err(DatasetError::NotIdx { path: self.path.clone(), found: magic });
        };
        let Some((_, number, size)) = element_type(code) else {
            return Err(DatasetError::NotIdx { path: self.path.clone(), found: magic });
        };
        let mut lengths = vec![0; 4 * usize::from(axes)];
        self.bytes += lengths.len() as u64;
        self.fill(&mut lengths)?;
        (self.code, self.number) = (code, number);
        self.shape = lengths.chunks_exact(4).map(|bytes| axis_length(bytes) as usize).collect();
        // An axis of length 0 must not hide an overflow of the others: ndarray checks them too.
        let product =
            |lengths: &[usize]| lengths.iter().try_fold(size, |bytes, &length| bytes.checked_mul(length));
        let nonzero: Vec<usize> = self.shape.iter().copied().filter(|&length| length > 0).collect();
        if product(&nonzero).is_none_or(|bytes| bytes > isize::MAX as usize) {
            return Err(DatasetError::ImpossibleShape { path: self.path.clone(), shape: self.shape.clone() });
        }
        self.elements = self.shape.iter().product();
        self.bytes += (self.elements * size) as u64;
        Ok(())
    }

    /// Reads until the buffer is full; a file that ends earlier is an error.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), DatasetError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.content.read(&mut buffer[filled..]) {
                Ok(0) => {
                    let (expected, found) = (self.bytes, self.position);
                    return Err(DatasetError::Truncated { path: self.path.clone(), expected, found });
                }
                Ok(read) => {
                    filled += read;
                    self.position += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.read_error(error)),
            }
        }
        Ok(())
    }

    fn expect_end(&mut self) -> Result<(), DatasetError> {
        match io::copy(&mut self.content.by_ref().take(1), &mut io::sink()) {
            Ok(0) => Ok(()),
            Ok(_) => {
                let shape = self.shape.clone();
                Err(DatasetError::TrailingBytes { path: self.path.clone(), expected: self.bytes, shape })
            }
            Err(error) => Err(self.read_error(error)),
        }
    }

    /// Says what a failed read means: the decoder reports a cut or damaged gzip stream as one of three kinds.
    fn read_error(&self, error: io::Error) -> DatasetError {
        let path = self.path.clone();
        match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                DatasetError::TruncatedGzip { path, expected: self.bytes, found: self.position }
            }
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                DatasetError::DamagedGzip { path, reason: error.to_string() }
            }
            _ => DatasetError::Io { action: "reading", path, source: error },
        }
    }
}

/// The length of an axis, from four big-endian bytes.
fn axis_length(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |length, &byte| length << 8 | u32::from(byte))
}

/// Makes room for the next `needed` elements out of `missing`, without doubling what is there.
fn reserve<U>(elements: &mut Vec<U>, missing: usize, needed: usize) -> Result<(), DatasetError> {
    if elements.capacity() - elements.len() >= needed {
        return Ok(());
    }
    let total = elements.len() + missing;
    let out_of_memory = |_| DatasetError::OutOfMemory { elements: total, of: "elements" };
    elements.try_reserve_exact(missing.min(GROWTH)).map_err(out_of_memory)
}
