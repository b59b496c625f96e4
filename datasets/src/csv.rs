//! Tables of numbers in CSV files.

mod rows;

use std::path::Path;

use ndarray::Array2;

use crate::DatasetError;
pub(crate) use rows::Rows;

/// Reads a CSV file of numbers: the target columns into `y`, the features into `x`; if none are named, all others, in
/// the file's order. See [`CsvFile`](crate::CsvFile) for one larger than memory.
///
/// Spaces around values are ignored, quotes are understood, empty lines are skipped.
///
/// # Errors
///
/// When the file cannot be read, when rows differ in length, when a value is missing or no finite number (`NaN` and
/// `inf` are none), when a column that is asked for does not exist, or when there are no rows.
/// Messages about a value name its line, counted from 1 with the header, and its column.
///
/// # Examples
///
/// ```
/// use ndarray::array;
/// use olifant_datasets::{CsvOptions, read_csv};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("houses.csv");
/// std::fs::write(&path, "rooms,price,age\n3,200.5,10\n5,350,2\n")?;
/// let houses = read_csv(&path, CsvOptions::new().target("price"))?;
/// assert_eq!(houses.x, array![[3.0, 10.0], [5.0, 2.0]]);
/// assert_eq!(houses.y, array![[200.5], [350.0]]);
/// assert_eq!(houses.features, ["rooms", "age"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_csv(path: impl AsRef<Path>, options: CsvOptions) -> Result<Table, DatasetError> {
    let mut rows = Rows::open(path.as_ref(), &options)?;
    let (mut x, mut y, mut count) = (Vec::new(), Vec::new(), 0);
    while rows.next()?.is_some() {
        rows.read(rows.features(), &mut x)?;
        rows.read(rows.targets(), &mut y)?;
        count += 1;
    }
    let array = |columns: &[usize], values: Vec<f32>| {
        Array2::from_shape_vec((count, columns.len()), values).map_err(|error| rows.error(error))
    };
    Ok(Table {
        x: array(rows.features(), x)?,
        y: array(rows.targets(), y)?,
        features: rows.names(rows.features()),
        targets: rows.names(rows.targets()),
    })
}

/// A table of numbers, parted into what a model is given and what it is to predict.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Table {
    /// The features, `[rows, features]`.
    pub x: Array2<f32>,
    /// The targets, `[rows, targets]`; without a target column `[rows, 0]`.
    pub y: Array2<f32>,
    /// The names of the columns of `x`, in their order; `0`, `1`, … in a file without header.
    pub features: Vec<String>,
    /// The names of the columns of `y`, in the order in which they were asked for.
    pub targets: Vec<String>,
}

/// How a CSV file is to be read.
///
/// # Defaults
///
/// `header` true; `separator` a comma; no `target`; no `feature`: every column that is no target.
#[derive(Debug, Clone)]
pub struct CsvOptions {
    header: bool,
    separator: char,
    features: Vec<Column>,
    targets: Vec<Column>,
}

impl Default for CsvOptions {
    fn default() -> Self {
        CsvOptions { header: true, separator: ',', features: Vec::new(), targets: Vec::new() }
    }
}

impl CsvOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the first row holds the columns' names; if not, columns are called by their index.
    #[must_use]
    pub fn header(mut self, header: bool) -> Self {
        self.header = header;
        self
    }

    /// The character between two values.
    #[must_use]
    pub fn separator(mut self, separator: char) -> Self {
        self.separator = separator;
        self
    }

    /// A column to give to the model, by name or by index from 0; call it again for several, in the order wanted.
    ///
    /// Columns that are neither feature nor target are not looked at: they may hold words.
    #[must_use]
    pub fn feature(mut self, column: impl Into<Column>) -> Self {
        self.features.push(column.into());
        self
    }

    /// A column to predict, by name or by index from 0; call it again for several.
    #[must_use]
    pub fn target(mut self, column: impl Into<Column>) -> Self {
        self.targets.push(column.into());
        self
    }
}

/// A column of a table: `"price"` or `3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// The column with this name in the header.
    Name(String),
    /// The column with this index, from 0.
    Index(usize),
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Column::Name(name.to_owned())
    }
}

impl From<String> for Column {
    fn from(name: String) -> Self {
        Column::Name(name)
    }
}

impl From<usize> for Column {
    fn from(index: usize) -> Self {
        Column::Index(index)
    }
}
