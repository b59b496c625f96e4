//! One file, from its address to its place on the disk.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};
use ureq::http::{HeaderMap, StatusCode, header};
use ureq::{Agent, Body};

use super::remote_files::RemoteFile;
use crate::DatasetError;

/// How often a broken connection is taken up again, as long as each brings something new.
const CONNECTIONS: usize = 8;

/// Fetches a file into a directory, unless it is there.
pub(super) fn fetch(
    agent: &Agent,
    url: &str,
    file: &RemoteFile,
    directory: &Path,
) -> Result<(), DatasetError> {
    let complete = directory.join(file.name);
    if complete.is_file() {
        return Ok(());
    }
    let partial = directory.join(format!("{}.partial", file.name));
    let transfer = Transfer { agent, url, file, partial: &partial, bar: progress_bar(file) };
    transfer.run()?;
    transfer.verify()?;
    fs::rename(&partial, &complete).map_err(io_error("renaming", &partial))?;
    sync_directory(directory)
}

/// The bytes of one file on their way.
struct Transfer<'a> {
    agent: &'a Agent,
    url: &'a str,
    file: &'a RemoteFile,
    partial: &'a Path,
    bar: ProgressBar,
}

impl Transfer<'_> {
    /// Connects until the partial file is complete, or a connection brings nothing new.
    fn run(&self) -> Result<(), DatasetError> {
        let mut reason = "the connection ended too early".to_owned();
        for _ in 0..CONNECTIONS {
            let before = self.fetched();
            if before == self.file.bytes {
                return Ok(());
            }
            if let Err(failure) = self.connect(before)? {
                reason = failure;
            }
            if self.fetched() <= before {
                break;
            }
        }
        let (found, expected) = (self.fetched(), self.file.bytes);
        if found == expected {
            return Ok(());
        }
        Err(DatasetError::Connection { url: self.url.to_owned(), reason, found, expected })
    }

    /// Appends to the partial file what one connection brings.
    ///
    /// The inner error is a broken connection, after which another may go on.
    fn connect(&self, offset: u64) -> Result<Result<(), String>, DatasetError> {
        let mut request = self.agent.get(self.url);
        if offset > 0 {
            request = request.header(header::RANGE, format!("bytes={offset}-"));
        }
        let response = match request.call() {
            Ok(response) => response,
            Err(error) => return Ok(Err(failure(error))),
        };
        match response.status() {
            StatusCode::OK => self.save(response.into_body(), 0),
            StatusCode::PARTIAL_CONTENT if first_byte(response.headers()) == Some(offset) => {
                self.save(response.into_body(), offset)
            }
            // The server has another file, or another idea of ranges: without the partial file none is asked for.
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE if offset > 0 => {
                fs::remove_file(self.partial).map_err(io_error("removing", self.partial))?;
                self.connect(0)
            }
            status => Err(DatasetError::HttpStatus { url: self.url.to_owned(), status: status.as_u16() }),
        }
    }

    /// Writes the body of an answer behind the first `offset` bytes of the partial file.
    fn save(&self, mut body: Body, offset: u64) -> Result<Result<(), String>, DatasetError> {
        let write_error = || io_error("writing", self.partial);
        let mut file = File::options().create(true).append(true).open(self.partial).map_err(write_error())?;
        file.set_len(offset).map_err(write_error())?;
        self.bar.set_position(offset);
        // Not a byte more than the file has, whatever the server sends.
        let mut body = body.as_reader().take(self.file.bytes - offset);
        let mut buffer = [0; 1 << 14];
        let outcome = loop {
            match body.read(&mut buffer) {
                Ok(0) => break Ok(()),
                Ok(read) => {
                    file.write_all(&buffer[..read]).map_err(write_error())?;
                    self.bar.inc(read as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(failure(error.into())),
            }
        };
        file.sync_all().map_err(write_error())?;
        Ok(outcome)
    }

    /// How many bytes are there; a partial file that is too long counts as none.
    fn fetched(&self) -> u64 {
        let length = fs::metadata(self.partial).map_or(0, |metadata| metadata.len());
        if length > self.file.bytes { 0 } else { length }
    }

    /// Checks the complete file, and removes it if it is another one.
    fn verify(&self) -> Result<(), DatasetError> {
        let mut file = File::open(self.partial).map_err(io_error("opening", self.partial))?;
        let mut hash = Sha256::new();
        let mut buffer = [0; 1 << 14];
        loop {
            match file.read(&mut buffer).map_err(io_error("reading", self.partial))? {
                0 => break,
                read => hash.update(&buffer[..read]),
            }
        }
        let found: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        if found == self.file.sha256 {
            return Ok(());
        }
        fs::remove_file(self.partial).map_err(io_error("removing", self.partial))?;
        Err(DatasetError::Checksum { url: self.url.to_owned(), expected: self.file.sha256.to_owned(), found })
    }
}

/// Where the part begins that an answer holds: `bytes 100-199/200` begins at 100.
fn first_byte(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

/// What broke a connection, in a few words.
fn failure(error: ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "the server was silent for too long".to_owned(),
        error => error.to_string(),
    }
}

fn progress_bar(file: &RemoteFile) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {eta}")
        .expect("the template is a constant that every test draws with");
    ProgressBar::new(file.bytes).with_style(style).with_message(file.name)
}

/// Makes a rename last through a power failure, where directories can be synchronised.
fn sync_directory(directory: &Path) -> Result<(), DatasetError> {
    if cfg!(unix) {
        File::open(directory).and_then(|open| open.sync_all()).map_err(io_error("writing", directory))?;
    }
    Ok(())
}

/// Says what was being done to which path.
pub(super) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DatasetError {
    let path = path.to_owned();
    move |source| DatasetError::Io { action, path, source }
}
