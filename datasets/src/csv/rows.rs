//! The rows of a CSV file, one after the other or any of them.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use csv::{Position, Reader, ReaderBuilder, StringRecord, Trim};

use super::{Column, CsvOptions};
use crate::DatasetError;

/// An open file whose columns are known, and one of its rows.
#[derive(Debug)]
pub(crate) struct Rows {
    path: PathBuf,
    reader: Reader<File>,
    /// The row that was read last.
    row: StringRecord,
    /// Whether that row comes next: the first of a file without header was read to count the columns.
    is_first: bool,
    /// How many rows came.
    count: usize,
    columns: Vec<String>,
    /// Indices of the columns that go to `x` and to `y`.
    features: Vec<usize>,
    targets: Vec<usize>,
}

impl Rows {
    pub(crate) fn open(path: &Path, options: &CsvOptions) -> Result<Self, DatasetError> {
        let CsvOptions { header, separator, .. } = *options;
        let byte = u8::try_from(separator).ok().filter(|byte| byte.is_ascii() && !b"\"\r\n".contains(byte));
        let byte = byte.ok_or_else(|| DatasetError::Separator { path: path.to_owned(), separator })?;
        let io_error = |source| {
            let action = "reading the CSV file";
            DatasetError::Io { action, path: path.to_owned(), source }
        };
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .delimiter(byte)
            .from_reader(File::open(path).map_err(io_error)?);
        let mut row = StringRecord::new();
        if !reader.read_record(&mut row).map_err(|error| csv_error(path, error))? {
            return Err(DatasetError::NoRows { path: path.to_owned() });
        }
        let columns: Vec<String> = if header {
            row.iter().map(str::to_owned).collect()
        } else {
            (0..row.len()).map(|index| index.to_string()).collect()
        };
        let find = |column| find_column(path, &columns, column, header);
        let targets = options.targets.iter().map(find).collect::<Result<Vec<usize>, _>>()?;
        let features = if options.features.is_empty() {
            (0..columns.len()).filter(|index| !targets.contains(index)).collect()
        } else {
            options.features.iter().map(find).collect::<Result<_, _>>()?
        };
        let path = path.to_owned();
        Ok(Rows { path, reader, row, is_first: !header, count: 0, columns, features, targets })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Indices of the columns that go to `x`.
    pub(crate) fn features(&self) -> &[usize] {
        &self.features
    }

    /// Indices of the columns that go to `y`.
    pub(crate) fn targets(&self) -> &[usize] {
        &self.targets
    }

    pub(crate) fn names(&self, columns: &[usize]) -> Vec<String> {
        columns.iter().map(|&index| self.columns[index].clone()).collect()
    }

    /// Reads the next row, which has as many values as there are columns; returns the byte to find it at again.
    ///
    /// A file that ends before its first row is an error.
    pub(crate) fn next(&mut self) -> Result<Option<u64>, DatasetError> {
        if !std::mem::take(&mut self.is_first) && !self.read_row()? {
            let no_rows = self.count == 0;
            return if no_rows { Err(DatasetError::NoRows { path: self.path.clone() }) } else { Ok(None) };
        }
        self.count += 1;
        Ok(Some(self.start()))
    }

    /// Reads the row at a byte that [`Rows::next`] has returned.
    pub(crate) fn seek(&mut self, start: u64) -> Result<(), DatasetError> {
        let mut position = Position::new();
        position.set_byte(start);
        self.reader.seek(position).map_err(|error| csv_error(&self.path, error))?;
        if self.read_row()? { Ok(()) } else { Err(self.error("it was cut short after it was opened")) }
    }

    fn read_row(&mut self) -> Result<bool, DatasetError> {
        let is_row = self.reader.read_record(&mut self.row).map_err(|error| csv_error(&self.path, error))?;
        let (expected, found) = (self.columns.len(), self.row.len());
        if is_row && found != expected {
            let (path, line) = (self.path.clone(), self.line());
            return Err(DatasetError::RaggedRow { path, line, expected, found });
        }
        Ok(is_row)
    }

    /// Appends the numbers in some columns of the row.
    pub(crate) fn read(&self, columns: &[usize], numbers: &mut Vec<f32>) -> Result<(), DatasetError> {
        columns.iter().try_for_each(|&column| {
            numbers.push(self.number(column)?);
            Ok(())
        })
    }

    /// The number in a column of the row.
    pub(crate) fn number(&self, column: usize) -> Result<f32, DatasetError> {
        let value = &self.row[column];
        if let Some(number) = value.parse().ok().filter(|number: &f32| number.is_finite()) {
            return Ok(number);
        }
        let (path, line, column) = (self.path.clone(), self.line(), self.columns[column].clone());
        Err(if value.is_empty() {
            DatasetError::MissingValue { path, line, column }
        } else {
            DatasetError::NotANumber { path, line, column, value: value.to_owned() }
        })
    }

    /// Something else that is wrong with the file.
    pub(crate) fn error(&self, reason: impl ToString) -> DatasetError {
        DatasetError::Csv { path: self.path.clone(), reason: reason.to_string() }
    }

    /// The byte behind the row before.
    fn start(&self) -> u64 {
        self.row.position().map_or(0, Position::byte)
    }

    /// The line that the row begins in, counted from 1.
    ///
    /// The parser's own count is that of the line behind the row before, which may be empty, and none if it did not
    /// read all rows up to here. Counting takes time in proportion to the file, so only errors ask for it.
    fn line(&self) -> u64 {
        let Ok(file) = File::open(&self.path) else { return self.row.position().map_or(1, Position::line) };
        let is_before = |(at, byte): &(u64, u8)| *at < self.start() || b"\r\n".contains(byte);
        let bytes = (0..).zip(BufReader::new(file).bytes().map_while(Result::ok));
        let line_breaks = bytes.take_while(is_before).filter(|(_, byte)| *byte == b'\n').count();
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
