//! MNIST and Fashion-MNIST.

#[cfg(feature = "download")]
use crate::Download;
use crate::dataset::DIGITS;
use crate::search_path::SearchPath;
use crate::{Dataset, DatasetError};

/// Finds MNIST: 60,000 handwritten digits to train with, 10,000 to test with.
///
/// It is looked for in `$OLIFANT_DATASETS/mnist`, in `datasets/data/mnist` below the current directory, and in
/// `olifant/mnist` below the user's cache directory (`$XDG_CACHE_HOME` or `~/.cache`; `~/Library/Caches` on macOS;
/// `%LOCALAPPDATA%` on Windows). With the feature `download` it is then fetched into the cache directory.
///
/// # Errors
///
/// When it is not found (the message lists the places), or its files are not what they should be.
///
/// # Examples
///
/// ```no_run
/// let mnist = olifant_datasets::mnist()?;
/// let train = mnist.train().read()?;
/// let test = mnist.test().read()?;
/// assert_eq!(train.x.dim(), (60_000, 28, 28));
/// assert_eq!(test.y.len(), 10_000);
/// # Ok::<(), olifant_datasets::DatasetError>(())
/// ```
///
/// # References
///
/// Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-based learning applied to document recognition* (1998).
pub fn mnist() -> Result<Dataset, DatasetError> {
    find_or_download(&MNIST)
}

/// Finds Fashion-MNIST: 60,000 pictures of clothes to train with, 10,000 to test with.
///
/// It is looked for where [`mnist`] looks, under the name `fashion-mnist`.
///
/// # Errors
///
/// As [`mnist`].
///
/// # Examples
///
/// ```no_run
/// let clothes = olifant_datasets::fashion_mnist()?;
/// assert_eq!(clothes.classes()[9], "ankle boot");
/// # Ok::<(), olifant_datasets::DatasetError>(())
/// ```
///
/// # References
///
/// H. Xiao, K. Rasul, R. Vollgraf, *Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms*
/// (2017), <https://arxiv.org/abs/1708.07747>.
pub fn fashion_mnist() -> Result<Dataset, DatasetError> {
    find_or_download(&FASHION_MNIST)
}

/// A data set that this crate knows by name.
pub(crate) struct KnownDataset {
    pub(crate) name: &'static str,
    classes: [&'static str; 10],
    #[cfg(feature = "download")]
    download: fn() -> Download,
}

pub(crate) const MNIST: KnownDataset = KnownDataset {
    name: "mnist",
    classes: DIGITS,
    #[cfg(feature = "download")]
    download: Download::mnist,
};

pub(crate) const FASHION_MNIST: KnownDataset = KnownDataset {
    name: "fashion-mnist",
    classes: [
        "T-shirt/top",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ],
    #[cfg(feature = "download")]
    download: Download::fashion_mnist,
};

impl KnownDataset {
    /// Opens the data set in the first place that has it.
    pub(crate) fn find(&self, path: &SearchPath) -> Result<Dataset, DatasetError> {
        Ok(Dataset::open(self.name, path.find(self.name)?)?.with_classes(self.classes))
    }
}

#[cfg(not(feature = "download"))]
fn find_or_download(known: &KnownDataset) -> Result<Dataset, DatasetError> {
    known.find(&SearchPath::of_this_user())
}

#[cfg(feature = "download")]
fn find_or_download(known: &KnownDataset) -> Result<Dataset, DatasetError> {
    match known.find(&SearchPath::of_this_user()) {
        Err(DatasetError::NotFound { .. }) => {
            let directory = (known.download)().run()?;
            Ok(Dataset::open(known.name, directory)?.with_classes(known.classes))
        }
        found => found,
    }
}
