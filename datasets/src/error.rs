//! Everything that can be wrong with a data set.

use std::io;
use std::path::PathBuf;

/// Why a data set could not be found, read or fetched.
///
/// Each message says what was being done, what was expected, what was found, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are the words of the message above them")]
pub enum DatasetError {
    /// The operating system refused to open, read or write a file.
    #[error("{action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },

    /// The file does not begin like an IDX file.
    #[error(
        "reading the IDX file {}: expected it to begin with the bytes 00 00, an element type (08, 09, 0b, 0c, 0d or \
         0e) and a number of axes, found {found:02x?}; it is no IDX file, or a damaged one",
        path.display()
    )]
    NotIdx { path: PathBuf, found: [u8; 4] },

    /// The file holds another type of number than the one asked for.
    #[error(
        "reading the IDX file {}: expected elements of type {expected}, found {found}; read it as an array of {found}",
        path.display()
    )]
    ElementType { path: PathBuf, expected: &'static str, found: &'static str },

    /// The file ends before the end that its header announces.
    #[error(
        "reading the IDX file {}: expected {expected} bytes, found {found}; the file was cut short, fetch it again",
        path.display()
    )]
    Truncated { path: PathBuf, expected: u64, found: u64 },

    /// The gzip stream ends in the middle.
    #[error(
        "decompressing {}: the gzip stream breaks off after {found} of {expected} decompressed bytes; the file was cut \
         short, fetch it again",
        path.display()
    )]
    TruncatedGzip { path: PathBuf, expected: u64, found: u64 },

    /// The gzip stream is damaged.
    #[error("decompressing {}: the gzip stream is damaged ({reason}); fetch the file again", path.display())]
    DamagedGzip { path: PathBuf, reason: String },

    /// The file goes on after the end that its header announces.
    #[error(
        "reading the IDX file {}: expected it to end after {expected} bytes, found more; its header {shape:?} does not \
         describe its contents",
        path.display()
    )]
    TrailingBytes { path: PathBuf, expected: u64, shape: Vec<usize> },

    /// A compressed file cannot be mapped.
    #[error(
        "mapping {}: it is compressed with gzip, so its numbers do not stand in it one behind the other; unpack it with \
         gunzip, or read it into memory with `read_idx`",
        path.display()
    )]
    Compressed { path: PathBuf },

    /// The file is no NumPy file, or one of a kind that cannot be read sample by sample.
    #[error("reading the NumPy file {}: {reason}", path.display())]
    Npy { path: PathBuf, reason: String },

    /// The header announces more than a computer can address.
    #[error(
        "reading the IDX file {}: its header announces the shape {shape:?}, more than memory can hold; the header is \
         damaged",
        path.display()
    )]
    ImpossibleShape { path: PathBuf, shape: Vec<usize> },

    /// The memory for the result could not be had.
    #[error("making room for {elements} {of}: not enough memory; read fewer with `take`")]
    OutOfMemory { elements: usize, of: &'static str },

    /// A file of images or labels has another shape than the data set's.
    #[error("reading {what} from {}: expected the shape {expected}, found {found:?}", path.display())]
    Shape { what: &'static str, path: PathBuf, expected: &'static str, found: Vec<usize> },

    /// There are more images than labels, or the other way round.
    #[error(
        "pairing images and labels: {} holds {images} images but {} holds {labels} labels; take both files from one \
         source",
        images_path.display(),
        labels_path.display()
    )]
    Unpaired { images_path: PathBuf, images: usize, labels_path: PathBuf, labels: usize },

    /// A label that no class has.
    #[error("reading labels from {}: label {label} at index {index} is not one of the classes 0 to 9", path.display())]
    Label { path: PathBuf, index: usize, label: u8 },

    /// The data set is in none of the places where it is looked for.
    #[error(
        "looking for the data set {name}:{}\nput its four IDX files there, or set OLIFANT_DATASETS to the directory \
         that holds {name}/, or build with the feature `download`",
        searched.iter().map(|place| format!("\n  {place}")).collect::<String>()
    )]
    NotFound { name: String, searched: Vec<String> },

    /// A name that is no source of data.
    #[error("choosing a data set: there is no `{given}`; known are auto, mnist, fashion-mnist and synthetic")]
    UnknownSource { given: String },

    /// The CSV file breaks the rules of the format: rows of different length, or text that is not UTF-8.
    #[error("reading the CSV file {}: {reason}", path.display())]
    Csv { path: PathBuf, reason: String },

    /// A row has more or fewer values than the first.
    #[error(
        "reading the CSV file {}, line {line}: expected {expected} values as in the first row, found {found}; check \
         the separator and the quotes",
        path.display()
    )]
    RaggedRow { path: PathBuf, line: u64, expected: usize, found: usize },

    /// A value is empty.
    #[error(
        "reading the CSV file {}, line {line}, column {column}: the value is missing; fill it in or remove the row",
        path.display()
    )]
    MissingValue { path: PathBuf, line: u64, column: String },

    /// A value is no finite number.
    #[error(
        "reading the CSV file {}, line {line}, column {column}: expected a finite number, found `{value}`",
        path.display()
    )]
    NotANumber { path: PathBuf, line: u64, column: String, value: String },

    /// A column that the file does not have.
    #[error(
        "reading the CSV file {}: there is no column {given}; its columns are {columns}",
        path.display()
    )]
    UnknownColumn { path: PathBuf, given: String, columns: String },

    /// A column whose name stands twice in the header.
    #[error("reading the CSV file {}: {count} columns are called {given}; choose one by its index", path.display())]
    AmbiguousColumn { path: PathBuf, given: String, count: usize },

    /// The CSV file has no row of data.
    #[error("reading the CSV file {}: expected at least one row of numbers, found none", path.display())]
    NoRows { path: PathBuf },

    /// A separator that no CSV file can have.
    #[error(
        "reading the CSV file {}: expected a separator of one ASCII character, neither a quote nor a line break, \
         found {separator:?}",
        path.display()
    )]
    Separator { path: PathBuf, separator: char },

    /// A server answered, but not with the file.
    #[cfg(feature = "download")]
    #[error("downloading {url}: the server answered {status}; check the address, or try again later")]
    HttpStatus { url: String, status: u16 },

    /// A server did not answer, or the connection broke again and again.
    #[cfg(feature = "download")]
    #[error(
        "downloading {url}: {reason}, with {found} of {expected} bytes fetched; they are kept, run again to go on from \
         there"
    )]
    Connection { url: String, reason: String, found: u64, expected: u64 },

    /// The downloaded file is not the one that was expected.
    #[cfg(feature = "download")]
    #[error(
        "downloading {url}: expected a file with the SHA-256 checksum {expected}, found {found}; it was removed, try \
         again or use another address"
    )]
    Checksum { url: String, expected: String, found: String },

    /// There is no cache directory to download to.
    #[cfg(feature = "download")]
    #[error("downloading {name}: this user has no cache directory; set HOME, or choose a directory")]
    NoCacheDirectory { name: &'static str },
}
