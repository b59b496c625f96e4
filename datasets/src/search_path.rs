//! Where data sets are looked for.

use std::env;
use std::path::{Path, PathBuf};

use crate::DatasetError;
use crate::image_files::FILE_NAMES;

/// Directories that may hold a directory `<name>/` with the four files of a data set, the first to look in first.
pub(crate) struct SearchPath {
    roots: Vec<PathBuf>,
}

impl SearchPath {
    /// `$OLIFANT_DATASETS`, then `datasets/data` below the current directory, then the user's cache directory.
    pub(crate) fn of_this_user() -> Self {
        let chosen = env::var_os("OLIFANT_DATASETS").filter(|value| !value.is_empty()).map(PathBuf::from);
        let project = Path::new("datasets").join("data");
        Self::new(chosen.into_iter().chain([project]).chain(cache_directory()))
    }

    pub(crate) fn new(roots: impl IntoIterator<Item = PathBuf>) -> Self {
        SearchPath { roots: roots.into_iter().collect() }
    }

    /// The first directory that holds all four files, or an error that lists what is missing where.
    pub(crate) fn find(&self, name: &str) -> Result<PathBuf, DatasetError> {
        let mut searched = Vec::new();
        for root in &self.roots {
            let directory = root.join(name);
            match missing_from(&directory) {
                None => return Ok(directory),
                Some(what) => searched.push(format!("{} {what}", directory.display())),
            }
        }
        Err(DatasetError::NotFound { name: name.to_owned(), searched })
    }
}

/// Olifant's part of the user's cache directory, as the platform has it.
pub(crate) fn cache_directory() -> Option<PathBuf> {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let caches = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library").join("Caches"))
    } else {
        variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")))
    };
    caches.map(|caches| caches.join("olifant"))
}

/// What keeps a directory from being a data set, if anything does.
fn missing_from(directory: &Path) -> Option<String> {
    if !directory.is_dir() {
        return Some("does not exist".to_owned());
    }
    let missing = FILE_NAMES.iter().find(|name| existing(directory, name).is_none())?;
    Some(format!("lacks {missing} (with or without .gz)"))
}

/// The path of a file, compressed or not, if it exists.
pub(crate) fn existing(directory: &Path, name: &str) -> Option<PathBuf> {
    [directory.join(format!("{name}.gz")), directory.join(name)].into_iter().find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn four_files(directory: &Path) {
        fs::create_dir_all(directory).unwrap();
        for (i, name) in FILE_NAMES.iter().enumerate() {
            let name = if i % 2 == 0 { format!("{name}.gz") } else { (*name).to_owned() };
            fs::write(directory.join(name), "").unwrap();
        }
    }

    #[test]
    fn the_first_complete_directory_wins() {
        let [first, second] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let path = SearchPath::new([first.path().to_owned(), second.path().to_owned()]);
        four_files(&second.path().join("mnist"));
        assert_eq!(path.find("mnist").unwrap(), second.path().join("mnist"));
        four_files(&first.path().join("mnist"));
        assert_eq!(path.find("mnist").unwrap(), first.path().join("mnist"));
    }

    #[test]
    fn a_search_in_vain_says_where_and_what_is_missing() {
        let root = tempfile::tempdir().unwrap();
        four_files(&root.path().join("mnist"));
        fs::remove_file(root.path().join("mnist").join("t10k-labels-idx1-ubyte")).unwrap();
        let path = SearchPath::new([root.path().to_owned(), root.path().join("elsewhere")]);
        let root = root.path().display();
        assert_eq!(
            path.find("mnist").unwrap_err().to_string(),
            format!(
                "looking for the data set mnist:\n  {root}/mnist lacks t10k-labels-idx1-ubyte (with or without .gz)\n  \
                 {root}/elsewhere/mnist does not exist\nput its four IDX files there, or set OLIFANT_DATASETS to the \
                 directory that holds mnist/, or build with the feature `download`"
            )
            .replace('/', std::path::MAIN_SEPARATOR_STR)
            .replace("holds mnist\\", "holds mnist/")
        );
    }
}
