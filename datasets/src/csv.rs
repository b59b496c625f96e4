//! Tables of numbers in CSV files.

use std::fs;
use std::path::Path;

use csv::{Reader, ReaderBuilder, StringRecord, Trim};
use ndarray::Array2;

use crate::DatasetError;

/// Reads a CSV file of numbers: the target columns into `y`, all others into `x`, in the file's order.
///
/// Spaces around values are ignored, quotes are understood, empty lines are skipped.
///
/// # Errors
///
/// When the file cannot be read, when rows differ in length, when a value is missing or no finite number (`NaN` and
/// `inf` are none), when a target column does not exist, or when there are no rows.
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
    let path = path.as_ref();
    let content = fs::read(path).map_err(|source| DatasetError::Io {
        action: "reading the CSV file",
        path: path.to_owned(),
        source,
    })?;
    TableReader::open(path, &content, &options)?.read()
}

/// A table of numbers, parted into what a model is given and what it is to predict.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Table {
    /// The features, `[rows, features]`.
    pub x: Array2<f32>,
    /// The targets, `[rows, targets]`; without a target column `[rows, 0]`.
    pub y: Array2<f32>,
    /// The names of the columns of `x`; `0`, `1`, … in a file without header.
    pub features: Vec<String>,
    /// The names of the columns of `y`, in the order in which they were asked for.
    pub targets: Vec<String>,
}

/// How a CSV file is to be read.
///
/// # Defaults
///
/// `header` true; `separator` a comma; no `target`: every column is a feature.
#[derive(Debug, Clone)]
pub struct CsvOptions {
    header: bool,
    separator: char,
    targets: Vec<Column>,
}

impl Default for CsvOptions {
    fn default() -> Self {
        CsvOptions { header: true, separator: ',', targets: Vec::new() }
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

/// A file whose columns are known.
struct TableReader<'a> {
    path: &'a Path,
    content: &'a [u8],
    reader: Reader<&'a [u8]>,
    /// The first row of a file without header: it was read to count the columns.
    first: Option<StringRecord>,
    columns: Vec<String>,
    /// Indices of the columns that go to `x` and to `y`.
    features: Vec<usize>,
    targets: Vec<usize>,
}

impl<'a> TableReader<'a> {
    fn open(path: &'a Path, content: &'a [u8], options: &CsvOptions) -> Result<Self, DatasetError> {
        let separator =
            u8::try_from(options.separator).ok().filter(|byte| byte.is_ascii() && !b"\"\r\n".contains(byte));
        let separator = separator
            .ok_or_else(|| DatasetError::Separator { path: path.to_owned(), separator: options.separator })?;
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .delimiter(separator)
            .from_reader(content);
        let mut first = StringRecord::new();
        if !reader.read_record(&mut first).map_err(|error| csv_error(path, error))? {
            return Err(DatasetError::NoRows { path: path.to_owned() });
        }
        let columns: Vec<String> = if options.header {
            first.iter().map(str::to_owned).collect()
        } else {
            (0..first.len()).map(|index| index.to_string()).collect()
        };
        let find = |column| find_column(path, &columns, column, options.header);
        let targets = options.targets.iter().map(find).collect::<Result<Vec<usize>, _>>()?;
        let features = (0..columns.len()).filter(|index| !targets.contains(index)).collect();
        Ok(TableReader {
            path,
            content,
            reader,
            first: (!options.header).then_some(first),
            columns,
            features,
            targets,
        })
    }

    fn read(mut self) -> Result<Table, DatasetError> {
        let (mut x, mut y, mut rows) = (Vec::new(), Vec::new(), 0);
        while let Some(record) = self.next_record()? {
            self.read_row(&record, &self.features, &mut x)?;
            self.read_row(&record, &self.targets, &mut y)?;
            rows += 1;
        }
        if rows == 0 {
            return Err(DatasetError::NoRows { path: self.path.to_owned() });
        }
        let array = |columns: &[usize], values: Vec<f32>| {
            Array2::from_shape_vec((rows, columns.len()), values)
                .map_err(|error| DatasetError::Csv { path: self.path.to_owned(), reason: error.to_string() })
        };
        let names = |columns: &[usize]| columns.iter().map(|&index| self.columns[index].clone()).collect();
        Ok(Table {
            x: array(&self.features, x)?,
            y: array(&self.targets, y)?,
            features: names(&self.features),
            targets: names(&self.targets),
        })
    }

    /// The next row, which has as many values as there are columns.
    fn next_record(&mut self) -> Result<Option<StringRecord>, DatasetError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let mut record = StringRecord::new();
        let is_row = self.reader.read_record(&mut record).map_err(|error| csv_error(self.path, error))?;
        let (expected, found) = (self.columns.len(), record.len());
        if is_row && found != expected {
            return Err(DatasetError::RaggedRow {
                path: self.path.to_owned(),
                line: self.line(&record),
                expected,
                found,
            });
        }
        Ok(is_row.then_some(record))
    }

    /// Appends the numbers that stand in some columns of a row.
    fn read_row(
        &self,
        record: &StringRecord,
        columns: &[usize],
        numbers: &mut Vec<f32>,
    ) -> Result<(), DatasetError> {
        for &index in columns {
            let value = &record[index];
            match value.parse::<f32>() {
                Ok(number) if number.is_finite() => numbers.push(number),
                _ => {
                    // Finding the line takes time in proportion to the file, so only an error asks for it.
                    let (path, line, column) =
                        (self.path.to_owned(), self.line(record), self.columns[index].clone());
                    return Err(if value.is_empty() {
                        DatasetError::MissingValue { path, line, column }
                    } else {
                        DatasetError::NotANumber { path, line, column, value: value.to_owned() }
                    });
                }
            }
        }
        Ok(())
    }

    /// The line that a row begins in, counted from 1.
    ///
    /// The parser's own count is that of the line behind the row before, which may be empty.
    fn line(&self, record: &StringRecord) -> u64 {
        let behind = record.position().map_or(0, |position| position.byte() as usize).min(self.content.len());
        let gap = self.content[behind..].iter().take_while(|byte| b"\r\n".contains(byte)).count();
        let line_breaks = self.content[..behind + gap].iter().filter(|&&byte| byte == b'\n').count();
        line_breaks as u64 + 1
    }
}

/// The index of a column.
fn find_column(
    path: &Path,
    columns: &[String],
    column: &Column,
    header: bool,
) -> Result<usize, DatasetError> {
    let unknown = |given| DatasetError::UnknownColumn {
        path: path.to_owned(),
        given,
        columns: if header { columns.join(", ") } else { format!("0 to {}", columns.len() - 1) },
    };
    match column {
        Column::Index(index) if *index < columns.len() => Ok(*index),
        Column::Index(index) => Err(unknown(index.to_string())),
        Column::Name(name) => {
            let named = |(_, column): &(usize, &String)| header && *column == name;
            let mut found = columns.iter().enumerate().filter(named);
            match (found.next(), found.count()) {
                (Some((index, _)), 0) => Ok(index),
                (Some(_), others) => Err(DatasetError::AmbiguousColumn {
                    path: path.to_owned(),
                    given: name.clone(),
                    count: others + 1,
                }),
                (None, _) => Err(unknown(name.clone())),
            }
        }
    }
}

fn csv_error(path: &Path, error: csv::Error) -> DatasetError {
    DatasetError::Csv { path: path.to_owned(), reason: error.to_string() }
}
