//! Files that grow while something is trained, and are cut back when a run is resumed.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::path::Path;

/// How many bytes there are, which a power cut will not change; none if this is a device or a pipe.
pub(crate) fn written(file: &File) -> io::Result<Option<u64>> {
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    file.sync_data()?;
    Ok(Some(file.metadata()?.len()))
}

/// Opens the file of an interrupted run to go on with, and cuts off what was written after the snapshot.
pub(crate) fn reopen(path: &Path, bytes: u64) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).open(path).map_err(gone)?;
    let there = file.metadata()?.len();
    if there < bytes {
        return Err(io::Error::other(format!(
            "{bytes} bytes had been written when the run was interrupted, but only {there} are left; \
             bring the file back, or begin the run anew"
        )));
    }
    file.set_len(bytes)?;
    file.seek(SeekFrom::Start(bytes))?;
    Ok(file)
}

fn gone(error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::NotFound {
        return error;
    }
    io::Error::other(
        "the run that was interrupted wrote this file, but it is gone; bring it back, or begin the run anew",
    )
}
