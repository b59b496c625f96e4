//! Choosing a data set by a word, as a program's option does.

use std::fmt;
use std::str::FromStr;

use crate::mnist::{FASHION_MNIST, KnownDataset, MNIST};
use crate::search_path::SearchPath;
use crate::{Dataset, DatasetError, SyntheticDigits, fashion_mnist, mnist};

/// Which data set a program is to use; made from `auto`, `mnist`, `fashion-mnist` or `synthetic`.
///
/// # Defaults
///
/// `Auto`, so that a program runs everywhere, and better where real data are at hand.
///
/// # Examples
///
/// ```
/// use olifant_datasets::{Source, load};
///
/// let source: Source = "synthetic".parse()?;
/// assert_eq!(load(source)?.name(), "synthetic");
/// # Ok::<(), olifant_datasets::DatasetError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    /// MNIST if it is found, else Fashion-MNIST if that is found, else synthetic digits. Nothing is downloaded.
    #[default]
    Auto,
    /// MNIST.
    Mnist,
    /// Fashion-MNIST.
    FashionMnist,
    /// Synthetic digits with seed 0, which need no files.
    Synthetic,
}

const SOURCES: [Source; 4] = [Source::Auto, Source::Mnist, Source::FashionMnist, Source::Synthetic];

/// Opens the chosen data set; [`Dataset::name`] says which it is.
///
/// # Errors
///
/// When a data set asked for by name is not found, or when one that is found is damaged.
pub fn load(source: Source) -> Result<Dataset, DatasetError> {
    match source {
        Source::Auto => first_found(&SearchPath::of_this_user()),
        Source::Mnist => mnist(),
        Source::FashionMnist => fashion_mnist(),
        Source::Synthetic => Ok(SyntheticDigits::new(0).dataset()),
    }
}

fn first_found(path: &SearchPath) -> Result<Dataset, DatasetError> {
    const REAL: [KnownDataset; 2] = [MNIST, FASHION_MNIST];
    for known in &REAL {
        match known.find(path) {
            Err(DatasetError::NotFound { .. }) => {}
            // A damaged data set is an error, not a reason to train quietly on another one.
            found => return found,
        }
    }
    Ok(SyntheticDigits::new(0).dataset())
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Source::Auto => "auto",
            Source::Mnist => "mnist",
            Source::FashionMnist => "fashion-mnist",
            Source::Synthetic => "synthetic",
        }
    }
}

impl FromStr for Source {
    type Err = DatasetError;

    fn from_str(given: &str) -> Result<Self, DatasetError> {
        let names = SOURCES.map(|source| source.name());
        match names.iter().position(|&name| name == given) {
            Some(index) => Ok(SOURCES[index]),
            None => Err(DatasetError::UnknownSource { given: given.to_owned() }),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::image_files::FILE_NAMES;

    #[test]
    fn every_source_is_made_from_its_own_name() {
        for source in SOURCES {
            assert_eq!(source.to_string().parse::<Source>().unwrap(), source);
        }
        assert_eq!(Source::default(), Source::Auto);
    }

    #[test]
    fn an_unknown_source_is_answered_with_the_known() {
        assert_eq!(
            "mnits".parse::<Source>().unwrap_err().to_string(),
            "choosing a data set: there is no `mnits`; known are auto, mnist, fashion-mnist and \
             synthetic"
        );
        assert_eq!(
            "cifar10".parse::<Source>().unwrap_err().to_string(),
            "choosing a data set: there is no `cifar10`; known are auto, mnist, fashion-mnist and synthetic"
        );
    }

    #[test]
    fn auto_takes_the_first_that_is_found_and_else_synthetic_digits() {
        let root = tempfile::tempdir().unwrap();
        let path = SearchPath::new([root.path().to_owned()]);
        assert_eq!(first_found(&path).unwrap().name(), "synthetic");
        four_empty_files(root.path(), "fashion-mnist");
        let fashion = first_found(&path).unwrap();
        assert_eq!((fashion.name(), fashion.classes()[8]), ("fashion-mnist", "bag"));
        four_empty_files(root.path(), "mnist");
        assert_eq!(first_found(&path).unwrap().name(), "mnist");
    }

    #[test]
    fn auto_does_not_pass_over_damaged_files() {
        let root = tempfile::tempdir().unwrap();
        four_empty_files(root.path(), "mnist");
        fs::write(root.path().join("mnist").join(FILE_NAMES[0]), "<html>").unwrap();
        let error = first_found(&SearchPath::new([root.path().to_owned()])).unwrap_err();
        assert!(matches!(error, DatasetError::NotIdx { .. }), "{error}");
    }

    /// Writes a data set without a single image.
    fn four_empty_files(root: &std::path::Path, name: &str) {
        let directory = root.join(name);
        fs::create_dir_all(&directory).unwrap();
        for name in FILE_NAMES {
            let images: &[u8] = &[0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28];
            let labels: &[u8] = &[0, 0, 8, 1, 0, 0, 0, 0];
            fs::write(directory.join(name), if name.contains("images") { images } else { labels }).unwrap();
        }
    }
}
