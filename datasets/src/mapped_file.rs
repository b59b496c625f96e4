//! Files that the operating system brings into memory page by page, as they are looked at.
//!
//! This is the one file of the crate that says `unsafe`: without it, no file can be mapped.

#![allow(
    unsafe_code,
    reason = "mapping a file is unsafe by nature; the reasons why this is sound stand here alone"
)]

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use crate::DatasetError;

/// An open file whose bytes can be looked at as if they were in memory.
#[derive(Debug)]
pub(crate) struct MappedFile {
    path: PathBuf,
    file: File,
    map: Mmap,
}

impl MappedFile {
    /// Opens and maps a file; nothing is read yet.
    pub(crate) fn open(path: &Path) -> Result<Self, DatasetError> {
        let io_error = |source| DatasetError::Io { action: "opening", path: path.to_owned(), source };
        let file = File::open(path).map_err(io_error)?;
        // SAFETY: the map is read-only, and its bytes are only ever copied out as numbers, for which any byte will do.
        // Nobody can promise that no other program writes to the file. If one does, the numbers are other ones: no
        // value is read twice and expected to be the same, no length or offset is taken from the map after opening.
        // If one cuts the file short, looking behind its end would kill the process; so `bytes`, the only way to the
        // map, asks for the present length first. What is left is a cut in the microseconds of a batch's copying.
        let map = unsafe { Mmap::map(&file) }.map_err(io_error)?;
        Ok(MappedFile { path: path.to_owned(), file, map })
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// All bytes that were there when the file was opened, if they still are.
    pub(crate) fn bytes(&self) -> io::Result<&[u8]> {
        let (before, now) = (self.map.len() as u64, self.file.metadata()?.len());
        if now < before {
            let path = self.path.display();
            let reason = format!(
                "{path} has shrunk from {before} to {now} bytes since it was opened; \
                 do not write to a file that is trained on"
            );
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
        }
        Ok(&self.map)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_its_bytes_and_an_empty_one_has_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        for content in [&b""[..], b"abc"] {
            fs::write(&path, content).unwrap();
            assert_eq!(MappedFile::open(&path).unwrap().bytes().unwrap(), content);
        }
    }

    #[test]
    fn a_file_that_shrank_is_not_looked_at() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, [7; 20_000]).unwrap();
        let mapped = MappedFile::open(&path).unwrap();
        assert_eq!(mapped.bytes().unwrap()[19_999], 7);
        File::options().write(true).open(&path).unwrap().set_len(10).unwrap();
        let message = mapped.bytes().unwrap_err().to_string();
        assert!(message.contains("file has shrunk from 20000 to 10 bytes since it was opened"), "{message}");
    }

    #[test]
    fn what_is_no_file_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let message = MappedFile::open(directory.path()).unwrap_err().to_string();
        assert!(message.starts_with("opening "), "{message}");
        assert!(MappedFile::open(Path::new("no/such/file")).is_err());
    }
}
