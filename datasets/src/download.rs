//! Fetching MNIST and Fashion-MNIST.

mod fetch;
mod remote_files;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Duration;

use ureq::Agent;

use crate::DatasetError;
use crate::search_path::cache_directory;
use fetch::{fetch, io_error};
use remote_files::{FASHION_MNIST_FILES, FASHION_MNIST_URL, MNIST_FILES, MNIST_URL, RemoteFile};

/// Fetches the four files of a data set over HTTP, with a progress bar on standard error if that is a terminal.
///
/// A file appears under its name only when it is complete, has the right SHA-256 checksum, and is safely on the disk.
/// Until then it is called `….partial`; a download that was cut goes on where it stopped if the server can do that, and
/// else starts again. Files that are already there are left alone. Two programs that download the same data set take
/// turns.
///
/// [`mnist`](crate::mnist()) and [`fashion_mnist`](crate::fashion_mnist) do this by themselves when they find no data.
///
/// # Defaults
///
/// `base_url`: a public mirror. `directory`: the data set's name below `olifant` in the user's cache directory, where
/// data sets are looked for. `timeout`: 30 seconds.
///
/// # Examples
///
/// ```no_run
/// use olifant_datasets::{Dataset, Download};
///
/// let directory = Download::fashion_mnist().base_url("http://mirror.example/fashion/").run()?;
/// let clothes = Dataset::open("fashion-mnist", directory)?;
/// # Ok::<(), olifant_datasets::DatasetError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Download {
    name: &'static str,
    base_url: String,
    files: Vec<RemoteFile>,
    directory: Option<PathBuf>,
    timeout: Duration,
}

impl Download {
    /// The download of MNIST, 12 MB.
    pub fn mnist() -> Self {
        Self::new("mnist", MNIST_URL, MNIST_FILES.to_vec())
    }

    /// The download of Fashion-MNIST, 31 MB.
    pub fn fashion_mnist() -> Self {
        Self::new("fashion-mnist", FASHION_MNIST_URL, FASHION_MNIST_FILES.to_vec())
    }

    fn new(name: &'static str, base_url: &str, files: Vec<RemoteFile>) -> Self {
        Download {
            name,
            base_url: base_url.to_owned(),
            files,
            directory: None,
            timeout: Duration::from_secs(30),
        }
    }

    /// The address that the files' names are appended to.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// Where the files go.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// How long the server may be silent: while it is looked up, while it connects, and between any two bytes.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Fetches what is not there yet, and returns the directory.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, answers with an error, breaks the connection again and again, or sends a file
    /// with another checksum; when the directory cannot be written; when there is no cache directory.
    pub fn run(&self) -> Result<PathBuf, DatasetError> {
        let cache = || cache_directory().map(|cache| cache.join(self.name));
        let no_cache = DatasetError::NoCacheDirectory { name: self.name };
        let directory = self.directory.clone().or_else(cache).ok_or(no_cache)?;
        fs::create_dir_all(&directory).map_err(io_error("creating", &directory))?;
        let lock_path = directory.join(".lock");
        let lock = File::create(&lock_path).map_err(io_error("creating", &lock_path))?;
        // Held until it is dropped; another program that downloads to this directory waits here.
        lock.lock().map_err(io_error("locking", &lock_path))?;
        let agent = self.agent();
        let separator = if self.base_url.ends_with('/') { "" } else { "/" };
        for file in &self.files {
            let url = format!("{}{separator}{}", self.base_url, file.name);
            fetch(&agent, &url, file, &directory)?;
        }
        Ok(directory)
    }

    fn agent(&self) -> Agent {
        Agent::config_builder()
            .timeout_resolve(Some(self.timeout))
            .timeout_connect(Some(self.timeout))
            .timeout_recv_response(Some(self.timeout))
            .timeout_per_read(Some(self.timeout))
            // A status other than success is reported with the address, not by the client's own error.
            .http_status_as_error(false)
            // Offsets must count the bytes of the file, not of a compressed copy.
            .accept_encoding("identity")
            .build()
            .into()
    }
}
