//! Writes a file with a row for each epoch.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::PathBuf;

use csv::{ReaderBuilder, Terminator, Writer, WriterBuilder};
use olifant_train::{Callback, CallbackError, HookResult, Logs, Plan, State, Training};
use serde::{Deserialize, Serialize};

use crate::{
    grown_file::{reopen, written},
    python_float::repr,
};

/// No header is longer; what stands in the file may be anything.
const LONGEST_HEADER: u64 = 1 << 20;

/// Writes a file of comma-separated values with a row for each epoch, byte for byte as Keras does.
///
/// The columns are `epoch` (from 0) and, sorted, the names in the logs of the first epoch;
/// if none of them begins with `val_`, each comes a second time with `val_` in front.
/// A value that an epoch lacks is `NA`; one that the first epoch lacked has no column.
/// Numbers have as many digits as it takes to read them back exactly. Lines end in CR LF.
/// Each row is in the file when its epoch ends.
///
/// A run that is resumed goes on with its file, which is first cut back to the length it had at the snapshot.
///
/// With `append`, a header that is there already stays, and its columns are those of the new rows.
///
/// # Defaults
///
/// `separator` `b','`, `append` false: the next run replaces the file.
///
/// # Errors
///
/// Before the first step: the separator is none, the file cannot be opened (its directory must exist),
/// or the header to append to has a column that will never be in the logs.
/// Later: a row cannot be written; or a run is resumed and the file is gone or shorter than it was.
///
/// # Examples
///
/// ```
/// # use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// # use olifant_train::{Compile, FitOptions, Verbose};
/// use olifant_callbacks::CSVLogger;
/// # let (x, y) = (ndarray::array![[0.], [1.]], ndarray::array![0., 2.]);
/// # let mut model =
/// #     Sequential::new([1]).add(Dense::new(1)).seed(1).compile(Sgd::new(0.0), MeanSquaredError::new(), ())?;
/// # let directory = tempfile::tempdir()?;
///
/// let path = directory.path().join("log.csv");
/// model.fit(&x, &y, FitOptions::new().epochs(2).verbose(Verbose::Silent).callback(CSVLogger::new(&path)))?;
/// let text = std::fs::read_to_string(&path)?;
/// assert!(text.starts_with("epoch,loss,val_loss\r\n0,"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Keras's `CSVLogger`.
#[derive(Debug)]
pub struct CSVLogger {
    path: PathBuf,
    separator: u8,
    append: bool,
    /// Those of the running fit; empty until they are known.
    columns: Vec<String>,
    writer: Option<Writer<File>>,
}

/// How far the file has got.
#[derive(Serialize, Deserialize)]
struct Written {
    bytes: u64,
    columns: Vec<String>,
}

impl CSVLogger {
    /// Writes to this file.
    pub fn new(filename: impl Into<PathBuf>) -> CSVLogger {
        CSVLogger { path: filename.into(), separator: b',', append: false, columns: Vec::new(), writer: None }
    }

    /// What stands between the values: `b';'`, `b'\t'`.
    pub fn separator(mut self, separator: u8) -> Self {
        self.separator = separator;
        self
    }

    /// Whether rows are added to a file that is there already.
    pub fn append(mut self, append: bool) -> Self {
        self.append = append;
        self
    }

    /// The columns of the file that rows are added to; empty if it is new.
    fn header(&self) -> Result<Vec<String>, CallbackError> {
        // A device or a pipe might be read for ever.
        if !self.append || !self.path.is_file() {
            return Ok(Vec::new());
        }
        let file = File::open(&self.path).map_err(|source| self.failed(source))?.take(LONGEST_HEADER);
        let mut reader = ReaderBuilder::new().delimiter(self.separator).from_reader(file);
        let header = reader.headers().map_err(|error| self.failed(into_io(error)))?;
        Ok(header.iter().map(String::from).collect())
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create(true);
        if self.append {
            options.append(true)
        } else {
            options.write(true).truncate(true)
        };
        options.open(&self.path)
    }

    fn write_to(&mut self, file: File) {
        let mut builder = WriterBuilder::new();
        builder.delimiter(self.separator).terminator(Terminator::CRLF);
        self.writer = Some(builder.from_writer(file));
    }

    fn failed(&self, source: io::Error) -> CallbackError {
        CallbackError::File { path: self.path.clone(), source }
    }

    fn write_row(&mut self, epoch: usize, logs: &Logs) -> csv::Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        if self.columns.is_empty() {
            self.columns = columns(logs);
            writer.write_record(&self.columns)?;
        }
        let field = |column: &String| match (&**column, logs.get(column)) {
            ("epoch", _) => epoch.to_string(),
            (_, Some(value)) => repr(value),
            (_, None) => "NA".into(),
        };
        writer.write_record(self.columns.iter().map(field))?;
        Ok(writer.flush()?)
    }
}

fn columns(logs: &Logs) -> Vec<String> {
    let mut names: Vec<String> = logs.names().map(String::from).collect();
    names.sort_unstable();
    if !names.iter().any(|name| name.starts_with("val_")) {
        names.extend_from_within(..);
        let half = names.len() / 2;
        names[half..].iter_mut().for_each(|name| name.insert_str(0, "val_"));
    }
    names.insert(0, "epoch".into());
    names
}

fn into_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("no comma-separated values: {other:?}")),
    }
}

impl Callback for CSVLogger {
    fn check(&self, plan: &Plan<'_>) -> HookResult {
        if !self.separator.is_ascii() || matches!(self.separator, b'"' | b'\r' | b'\n') {
            let given = format!("{:?}", char::from(self.separator));
            let expected = "an ASCII character other than a quote or a line end";
            return Err(CallbackError::option("separator", expected, given));
        }
        for column in self.header()? {
            let bare = column.strip_prefix("val_").unwrap_or(&column);
            // A run without validation has columns for it as well.
            if column != "epoch" && !plan.epoch_logs().any(|name| name == bare) {
                plan.expect_epoch_log(&format!("the column of {}", self.path.display()), &column)?;
            }
        }
        Ok(())
    }

    fn on_train_begin(&mut self, _training: &mut Training<'_>) -> HookResult {
        self.columns = self.header()?;
        let file = self.open().map_err(|source| self.failed(source))?;
        self.write_to(file);
        Ok(())
    }

    fn on_train_resume(&mut self, training: &mut Training<'_>, state: Option<&State>) -> HookResult {
        let Some(state) = state else { return self.on_train_begin(training) };
        let Written { bytes, columns } = state.get()?;
        let file = reopen(&self.path, bytes).map_err(|source| self.failed(source))?;
        self.columns = columns;
        self.write_to(file);
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        self.write_row(training.epoch(), logs).map_err(|error| self.failed(into_io(error)))
    }

    fn on_train_end(&mut self, _training: &mut Training<'_>, _logs: &Logs) -> HookResult {
        self.writer = None;
        Ok(())
    }

    fn state(&self) -> Result<Option<State>, CallbackError> {
        let Some(writer) = &self.writer else { return Ok(None) };
        let Some(bytes) = written(writer.get_ref()).map_err(|source| self.failed(source))? else {
            return Ok(None);
        };
        State::new(&Written { bytes, columns: self.columns.clone() }).map(Some)
    }
}
