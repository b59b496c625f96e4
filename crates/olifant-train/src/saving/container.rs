//! The frame around everything native: what it is, which version, how long, and whether it is intact.
//!
//! | bytes | content |
//! |---|---|
//! | 8 | `\x89OLIFANT`; the first byte is no text, so that nobody takes the file for one |
//! | 4 | the version of the format |
//! | 8 | the length of the payload |
//! | 4 | CRC-32 of the 20 bytes above and the payload |
//! | … | the payload |
//!
//! All numbers are little-endian.

use std::{
    io::{self, Write},
    path::Path,
};

use super::input_file::{InputFile, kind_of};
use crate::{LoadError, WriteError, atomic_file::write_atomically_with};

const MAGIC: [u8; 8] = *b"\x89OLIFANT";
const VERSION: u32 = 2;
/// How many bytes the CRC covers besides the payload.
const CHECKED: usize = 20;
const HEAD: usize = CHECKED + 4;
const EXPECTED: &str = "an Olifant file";

/// Writes the frame with what `payload` writes in it.
///
/// `payload` runs twice, first to find length and CRC: so there is no copy of a large model in memory.
pub(super) fn write(
    path: &Path,
    payload: impl Fn(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    write_atomically_with(path, |file| {
        let mut measure = Measure::default();
        payload(&mut measure)?;
        let mut head = MAGIC.to_vec();
        head.extend(VERSION.to_le_bytes());
        head.extend(measure.len.to_le_bytes());
        head.extend(checksum(&head, measure.checksum).to_le_bytes());
        file.write_all(&head)?;
        payload(file)
    })
}

/// Reads the payload, which is then known to be intact.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let mut file = InputFile::open(path, EXPECTED)?;
    let mut head = Vec::new();
    file.read(HEAD as u64, &mut head)?;
    let length = check_head(path, &head, file.len)?;
    let mut payload = Vec::new();
    file.read(length, &mut payload)?;
    let mut payload_checksum = crc32fast::Hasher::new();
    payload_checksum.update(&payload);
    if payload.len() as u64 != length
        || checksum(&head[..CHECKED], payload_checksum).to_le_bytes() != head[CHECKED..]
    {
        return Err(LoadError::damaged(path, "its content does not match its checksum"));
    }
    Ok(payload)
}

/// Checks all but the checksum; returns the length of the payload.
fn check_head(path: &Path, head: &[u8], file_len: u64) -> Result<u64, LoadError> {
    if !MAGIC.starts_with(&head[..head.len().min(MAGIC.len())]) || head.is_empty() {
        let path = path.to_owned();
        return Err(LoadError::Foreign { path, expected: EXPECTED, found: kind_of(head) });
    }
    let Ok(head) = <&[u8; HEAD]>::try_from(head) else {
        return Err(LoadError::damaged(path, format!("it ends after {file_len} bytes")));
    };
    let version = u32::from_le_bytes(std::array::from_fn(|i| head[8 + i]));
    let length = u64::from_le_bytes(std::array::from_fn(|i| head[12 + i]));
    if version > VERSION {
        return Err(LoadError::Newer { path: path.to_owned(), version, supported: VERSION });
    }
    if version == 0 {
        return Err(LoadError::damaged(path, "it claims to have format 0, which never was"));
    }
    let given = file_len.saturating_sub(HEAD as u64);
    if given != length {
        return Err(LoadError::damaged(path, format!("it should hold {length} bytes but holds {given}")));
    }
    Ok(length)
}

/// The CRC-32 of the first bytes of the head and the payload.
fn checksum(head: &[u8], payload: crc32fast::Hasher) -> u32 {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(head);
    checksum.combine(&payload);
    checksum.finalize()
}

/// Takes what is written only to know its length and CRC.
#[derive(Default)]
struct Measure {
    checksum: crc32fast::Hasher,
    len: u64,
}

impl Write for Measure {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.checksum.update(bytes);
        self.len += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
