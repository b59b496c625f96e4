//! Reading a file whose length and kind nobody has vouched for.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

use crate::LoadError;

/// A file that is open, and how many bytes it has.
#[derive(Debug)]
pub(super) struct InputFile<'a> {
    path: &'a Path,
    file: File,
    pub(super) len: u64,
}

impl<'a> InputFile<'a> {
    /// Opens a file; `expected` is what it should be.
    pub(super) fn open(path: &'a Path, expected: &'static str) -> Result<InputFile<'a>, LoadError> {
        // Opening a named pipe would wait for somebody to write into it, so the kind is asked first.
        let metadata = fs::metadata(path).map_err(|source| LoadError::read(path, source))?;
        if !metadata.is_file() {
            let found = if metadata.is_dir() { "a directory" } else { "a device or a pipe" };
            return Err(LoadError::Foreign { path: path.to_owned(), expected, found: found.to_owned() });
        }
        let file = File::open(path).map_err(|source| LoadError::read(path, source))?;
        Ok(InputFile { path, file, len: metadata.len() })
    }

    /// Appends the next `count` bytes, or as many as there are. Memory is taken only for bytes that the file has.
    pub(super) fn read(&mut self, count: u64, bytes: &mut Vec<u8>) -> Result<(), LoadError> {
        let error = |source| LoadError::read(self.path, source);
        let expected = usize::try_from(count.min(self.len)).unwrap_or(usize::MAX);
        bytes.try_reserve_exact(expected).map_err(|reason| error(reason.into()))?;
        self.file.by_ref().take(count).read_to_end(bytes).map_err(error)?;
        Ok(())
    }
}

/// What a file is, judged by its first bytes, for the message that it is not what was expected.
pub(super) fn kind_of(first: &[u8]) -> String {
    const KINDS: [(&[u8], &str); 8] = [
        (b"\x89OLIFANT", "an Olifant file: give it the extension `.olifant`"),
        (b"\x89PNG", "a PNG image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"%PDF", "a PDF document"),
        (b"PK\x03\x04", "a ZIP archive, as Keras's `.keras` and NumPy's `.npz` are"),
        (b"\x89HDF", "an HDF5 file, as Keras's `.h5` are"),
        (b"\x93NUMPY", "a NumPy array"),
        (b"\x1f\x8b", "compressed with gzip"),
    ];
    if first.is_empty() {
        return "empty".to_owned();
    }
    if let Some((_, kind)) = KINDS.iter().find(|(magic, _)| first.starts_with(magic)) {
        return (*kind).to_owned();
    }
    let printable = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    let kind = if is_safetensors(first) {
        "a safetensors file: give it the extension `.safetensors`"
    } else if first.iter().all(printable) {
        "a text file"
    } else {
        "of a kind this program does not know"
    };
    kind.to_owned()
}

/// Whether a file may begin like this: a length, then a JSON object.
pub(super) fn is_safetensors(first: &[u8]) -> bool {
    first.get(8) == Some(&b'{') && first[6..8] == [0, 0]
}
