//! CSV files larger than memory.

use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use olifant_core::{Shape, ShapeError};
use olifant_train::Samples;

use crate::csv::Rows;
use crate::mapped_array::no_sample;
use crate::{CsvOptions, DatasetError};

/// A CSV file as data for a model: rows are read from the file when they are needed, never all at once.
///
/// Opening it reads the file once from end to end, so that nothing is trained on a file with holes, and remembers where
/// each row begins: 8 bytes a row. What is understood and what is refused is as with [`read_csv`](crate::read_csv),
/// and so are the numbers, bit for bit.
///
/// The file must not be written to while it is open.
/// A file that is read many times is read faster from NumPy's format: see [`NpyFile`](crate::NpyFile).
///
/// # Examples
///
/// ```
/// use olifant_datasets::{CsvFile, CsvOptions};
/// use olifant_train::Samples;
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("houses.csv");
/// std::fs::write(&path, "street,rooms,price,age\nElm,3,200.5,10\nOak,5,350,2\n")?;
/// let houses = CsvFile::open(&path, CsvOptions::new().feature("rooms").feature("age").target("price"))?;
/// let (x, y) = (houses.x(), houses.y()); // model.fit(&x, &y, …)
/// let mut rows = [0.0; 4];
/// x.gather(&[1, 0], &mut rows)?;
/// assert_eq!(rows, [5.0, 2.0, 3.0, 10.0]);
/// assert_eq!((y.samples(), houses.targets()), (2, vec!["price".to_owned()]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CsvFile {
    rows: Mutex<Rows>,
    /// The byte at which each row begins.
    starts: Vec<u64>,
    features: Vec<usize>,
    targets: Vec<usize>,
}

/// Some columns of a [`CsvFile`], as the inputs or targets of a model: a sample for each row.
#[derive(Clone, Copy, Debug)]
pub struct CsvColumns<'a> {
    file: &'a CsvFile,
    columns: &'a [usize],
}

impl CsvFile {
    /// Opens a file, finds its rows, and checks that they hold numbers where they should.
    ///
    /// # Errors
    ///
    /// As those of [`read_csv`](crate::read_csv).
    pub fn open(path: impl AsRef<Path>, options: CsvOptions) -> Result<Self, DatasetError> {
        let mut rows = Rows::open(path.as_ref(), &options)?;
        let (features, targets) = (rows.features().to_vec(), rows.targets().to_vec());
        let mut starts = Vec::new();
        while let Some(start) = rows.next()? {
            features.iter().chain(&targets).try_for_each(|&column| rows.number(column).map(drop))?;
            starts.push(start);
        }
        Ok(CsvFile { rows: Mutex::new(rows), starts, features, targets })
    }

    /// The features, `[rows, features]`.
    pub fn x(&self) -> CsvColumns<'_> {
        CsvColumns { file: self, columns: &self.features }
    }

    /// The targets, `[rows, targets]`.
    pub fn y(&self) -> CsvColumns<'_> {
        CsvColumns { file: self, columns: &self.targets }
    }

    /// The names of the columns of `x`, in their order; `0`, `1`, … in a file without header.
    pub fn features(&self) -> Vec<String> {
        self.names(&self.features)
    }

    /// The names of the columns of `y`, in the order in which they were asked for.
    pub fn targets(&self) -> Vec<String> {
        self.names(&self.targets)
    }

    fn names(&self, columns: &[usize]) -> Vec<String> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).names(columns)
    }
}

impl Samples for CsvColumns<'_> {
    fn samples(&self) -> usize {
        self.file.starts.len()
    }

    fn sample_shape(&self) -> Result<Shape, ShapeError> {
        Shape::new(&[self.columns.len()])
    }

    fn gather(&self, indices: &[usize], output: &mut [f32]) -> io::Result<()> {
        if self.columns.is_empty() {
            return Ok(());
        }
        let mut rows = self.file.rows.lock().unwrap_or_else(PoisonError::into_inner);
        for (sample, &index) in output.chunks_exact_mut(self.columns.len()).zip(indices) {
            let start = self.file.starts.get(index);
            let start = *start.ok_or_else(|| no_sample(index, self.samples(), rows.path()))?;
            rows.seek(start).map_err(io::Error::other)?;
            for (number, &column) in sample.iter_mut().zip(self.columns) {
                *number = rows.number(column).map_err(io::Error::other)?;
            }
        }
        Ok(())
    }
}
