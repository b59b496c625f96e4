//! Files that are replaced as a whole or not at all.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`: {source}{}", path.display(), remedy(path, source))]
#[non_exhaustive]
pub struct WriteError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// Replaces a file by these bytes: [`write_atomically_with`] for what is at hand as a whole.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    write_atomically_with(path, |file| file.write_all(bytes))
}

/// Replaces a file by what `write` writes, so that whoever looks, now or after a crash, sees the old or the new whole.
///
/// The bytes go to a temporary file in the same directory, which is flushed to the disk and then renamed;
/// the directory is flushed as well, so that the rename survives a power cut.
pub(crate) fn write_atomically_with(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), WriteError> {
    replace(path, write).map_err(|source| WriteError { path: path.to_owned(), source })
}

/// Whether a file could stand at this path, as far as the file system shows; its directory need not exist yet.
pub(crate) fn check_place(path: &Path) -> Result<(), WriteError> {
    let first_that_exists = path.ancestors().skip(1).find(|ancestor| ancestor.exists());
    let kind = if path.is_dir() {
        io::ErrorKind::IsADirectory
    } else if first_that_exists.is_some_and(|ancestor| !ancestor.is_dir()) {
        io::ErrorKind::NotADirectory
    } else {
        return Ok(());
    };
    Err(WriteError { path: path.to_owned(), source: kind.into() })
}

fn replace(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let (file, temporary) = create_beside(path)?;
    // The file is closed before it is renamed, as Windows renames no open file.
    let replaced = fill(file, write).and_then(|()| fs::rename(&temporary, path));
    if replaced.is_err() {
        // The first error is the one worth reporting.
        let _ = fs::remove_file(&temporary);
    }
    replaced.and_then(|()| sync_directory(path))?;
    remove_left_overs(path);
    Ok(())
}

/// For how long nothing must have been written to a temporary file before it is taken for a dead process's.
const STALE: Duration = Duration::from_secs(60);

/// Deletes temporary files that processes left which died in the midst of writing the same file.
///
/// Nothing is lost if that fails, nor if it cannot be known who is alive.
fn remove_left_overs(path: &Path) {
    let Some(name) = path.file_name().and_then(OsStr::to_str) else { return };
    let Ok(entries) = fs::read_dir(directory_of(path)) else { return };
    for entry in entries.flatten() {
        let file_name = entry.file_name();
        let is_dead = file_name.to_str().and_then(|temporary| writer(temporary, name)).is_some_and(is_dead);
        let is_stale = || {
            let age =
                entry.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
            age.is_some_and(|age| age > STALE)
        };
        if is_dead && is_stale() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The process that wrote a temporary file for a file of this name.
fn writer<'a>(temporary: &'a str, name: &str) -> Option<&'a str> {
    let rest = temporary.strip_prefix('.')?.strip_prefix(name)?.strip_prefix('.')?;
    let (process, number) = rest.strip_suffix(".tmp")?.split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(process) && is_number(number)).then_some(process)
}

#[cfg(target_os = "linux")]
fn is_dead(process: &str) -> bool {
    Path::new("/proc/self").exists() && !Path::new("/proc").join(process).exists()
}

/// Elsewhere it cannot be known, and left-overs stay.
#[cfg(not(target_os = "linux"))]
fn is_dead(_process: &str) -> bool {
    false
}

fn fill(file: File, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    // Pieces larger than the buffer are system calls of their own: a large model should take few.
    let mut file = BufWriter::with_capacity(1 << 20, file);
    write(&mut file)?;
    file.into_inner()?.sync_all()
}

/// Creates a file that did not exist, in the same directory and thus on the same disk.
fn create_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path ends in no file name"));
    };
    let mut attempt = 0;
    loop {
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}-{attempt}.tmp", process::id()));
        let temporary = path.with_file_name(temporary);
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((file, temporary)),
            // Another thread's, or left over from a crash.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 1000 => {
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

/// Elsewhere a directory cannot be opened as a file, and the system writes it by itself.
#[cfg(not(unix))]
fn sync_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// What to do about an error, as the end of a message.
pub(crate) fn remedy(path: &Path, error: &io::Error) -> String {
    let directory = directory_of(path).display();
    match error.kind() {
        io::ErrorKind::NotFound => format!("; create the directory `{directory}` first"),
        io::ErrorKind::NotADirectory => format!("; `{directory}` must be a directory"),
        io::ErrorKind::IsADirectory => "; name a file inside it".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(directory: &Path) -> Vec<OsString> {
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history.json");
        write_atomically(&path, b"old").unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names_in(directory.path()), ["history.json"]);
    }

    #[test]
    fn a_temporary_file_of_a_crashed_run_is_not_in_the_way() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        let stale = format!(".a.{}-0.tmp", process::id());
        fs::write(directory.path().join(&stale), b"half").unwrap();
        write_atomically(&path, b"whole").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::read(directory.path().join(stale)).unwrap(), b"half");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_dead_processes_left_half_written_is_deleted_after_a_minute() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        let dead = u32::MAX - 1;
        let files = [
            (format!(".a.{dead}-0.tmp"), 100),
            (format!(".a.{dead}-1.tmp"), 0),
            (format!(".b.{dead}-0.tmp"), 100),
            (format!(".a.{}-7.tmp", process::id()), 100),
            (".a.notes-1.tmp".to_owned(), 100),
        ];
        for (name, seconds) in &files {
            let file = File::create(directory.path().join(name)).unwrap();
            file.set_modified(std::time::SystemTime::now() - Duration::from_secs(*seconds)).unwrap();
        }
        write_atomically(&path, b"whole").unwrap();
        let left: Vec<bool> = files.iter().map(|(name, _)| directory.path().join(name).exists()).collect();
        assert_eq!(left, [false, true, true, true, true]);
    }

    #[test]
    fn a_writer_that_fails_halfway_leaves_the_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("model.olifant");
        write_atomically(&path, b"old").unwrap();
        let error = write_atomically_with(&path, |file| {
            file.write_all(&[0; 1 << 20])?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert_eq!(error.unwrap_err().source.kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names_in(directory.path()), ["model.olifant"]);
    }

    #[test]
    fn writers_at_the_same_time_do_not_mix() {
        let directory = tempfile::tempdir().unwrap();
        let path = &directory.path().join("a");
        std::thread::scope(|scope| {
            for byte in 0..8 {
                scope.spawn(move || write_atomically(path, &[byte; 100_000]).unwrap());
            }
        });
        let bytes = fs::read(path).unwrap();
        assert!(bytes.len() == 100_000 && bytes.iter().all(|&byte| byte == bytes[0]));
        assert_eq!(names_in(directory.path()), ["a"]);
    }

    #[test]
    fn a_place_is_checked_without_touching_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, b"").unwrap();
        let check = |path: &Path| check_place(path).map_err(|error| error.source.kind());
        assert_eq!(check(&directory.path().join("later/on/a")), Ok(()));
        assert_eq!(check(&file), Ok(()));
        assert_eq!(check(Path::new("a")), Ok(()));
        assert_eq!(check(directory.path()), Err(io::ErrorKind::IsADirectory));
        assert_eq!(check(&file.join("on/a")), Err(io::ErrorKind::NotADirectory));
        assert_eq!(names_in(directory.path()), ["file"]);
    }

    #[test]
    fn errors_name_the_file_and_the_remedy() {
        let directory = tempfile::tempdir().unwrap();
        let text = |path: &Path| write_atomically(path, b"").unwrap_err().to_string();

        let missing = directory.path().join("none");
        let message = text(&missing.join("a.csv"));
        assert!(message.starts_with("cannot write `"), "{message}");
        let remedy = format!("; create the directory `{}` first", missing.display());
        assert!(message.ends_with(&remedy), "{message}");

        let message = text(directory.path());
        assert!(message.ends_with("is a directory; name a file inside it"), "{message}");
        let file = directory.path().join("file");
        fs::write(&file, b"").unwrap();
        let message = text(&file.join("a.csv"));
        assert!(message.ends_with(&format!("; `{}` must be a directory", file.display())), "{message}");
        fs::remove_file(&file).unwrap();

        let message = text(Path::new(""));
        assert_eq!(message, "cannot write ``: the path ends in no file name");
        assert!(names_in(directory.path()).is_empty());
    }
}
