//! Data sets for Olifant: MNIST, Fashion-MNIST, synthetic digits, and readers for IDX, NumPy and CSV files.
//!
//! | what | how |
//! |---|---|
//! | MNIST, Fashion-MNIST | [`mnist()`], [`fashion_mnist`]: found on this machine, or downloaded with the feature `download` |
//! | digits without any file | [`SyntheticDigits`]: drawn by a seeded generator |
//! | whatever there is | [`load`] a [`Source`]: `auto`, `mnist`, `fashion-mnist` or `synthetic` |
//! | tables of numbers | [`read_csv`] |
//! | any IDX file | [`read_idx`] |
//! | files larger than memory | [`IdxFile`], [`NpyFile`], [`CsvFile`]: given to `fit` as they are |
//!
//! A [`Dataset`] has two halves, [`Dataset::train`] and [`Dataset::test`], and nothing of it is in memory until
//! [`Split::read`] returns [`Images`]: plain `ndarray` arrays, as a model's `fit` takes them.
//!
//! ```
//! use olifant_datasets::SyntheticDigits;
//!
//! let digits = SyntheticDigits::new(42).train_size(500).test_size(100).dataset();
//! let (train, test) = (digits.train().read()?, digits.test().read()?);
//! assert_eq!(train.x.dim(), (500, 28, 28)); // f32, from 0 to 1
//! assert_eq!(train.y.dim(), 500);           // u8, from 0 to 9
//! assert_eq!(test.x.dim(), (100, 28, 28));
//! # Ok::<(), olifant_datasets::DatasetError>(())
//! ```

// Denied, not forbidden: `mapped_file.rs` allows it to itself.
#![deny(unsafe_code)]

mod csv;
mod csv_file;
mod dataset;
#[cfg(feature = "download")]
mod download;
mod error;
mod idx;
mod idx_file;
mod image_files;
mod mapped_array;
mod mapped_file;
mod mnist;
mod npy_file;
mod search_path;
mod source;
mod split;
mod stored_number;
mod synthetic_digits;

pub use self::csv::{Column, CsvOptions, Table, read_csv};
pub use csv_file::{CsvColumns, CsvFile};
pub use dataset::Dataset;
#[cfg(feature = "download")]
pub use download::Download;
pub use error::DatasetError;
pub use idx::{IdxElement, read_idx};
pub use idx_file::IdxFile;
pub use mnist::{fashion_mnist, mnist};
pub use npy_file::NpyFile;
pub use source::{Source, load};
pub use split::{Images, Split};
pub use synthetic_digits::SyntheticDigits;

/// Height and width of the images of all data sets here.
pub(crate) const IMAGE_SIDE: usize = 28;
