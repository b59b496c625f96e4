//! The public files of MNIST and Fashion-MNIST: where they are, how long, and their checksums.

/// A file as it is known to be.
#[derive(Debug, Clone)]
pub(super) struct RemoteFile {
    pub(super) name: &'static str,
    pub(super) bytes: u64,
    /// SHA-256, in lower-case hexadecimal digits.
    pub(super) sha256: &'static str,
}

pub(super) const MNIST_URL: &str = "https://ossci-datasets.s3.amazonaws.com/mnist/";

pub(super) const MNIST_FILES: [RemoteFile; 4] = [
    RemoteFile {
        name: "train-images-idx3-ubyte.gz",
        bytes: 9_912_422,
        sha256: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    },
    RemoteFile {
        name: "train-labels-idx1-ubyte.gz",
        bytes: 28_881,
        sha256: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    },
    RemoteFile {
        name: "t10k-images-idx3-ubyte.gz",
        bytes: 1_648_877,
        sha256: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    },
    RemoteFile {
        name: "t10k-labels-idx1-ubyte.gz",
        bytes: 4_542,
        sha256: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    },
];

pub(super) const FASHION_MNIST_URL: &str =
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/";

pub(super) const FASHION_MNIST_FILES: [RemoteFile; 4] = [
    RemoteFile {
        name: "train-images-idx3-ubyte.gz",
        bytes: 26_421_880,
        sha256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    },
    RemoteFile {
        name: "train-labels-idx1-ubyte.gz",
        bytes: 29_515,
        sha256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    },
    RemoteFile {
        name: "t10k-images-idx3-ubyte.gz",
        bytes: 4_422_102,
        sha256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    },
    RemoteFile {
        name: "t10k-labels-idx1-ubyte.gz",
        bytes: 5_148,
        sha256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image_files::FILE_NAMES;

    #[test]
    fn the_lists_name_the_files_that_are_looked_for() {
        for files in [MNIST_FILES, FASHION_MNIST_FILES] {
            assert_eq!(
                files.each_ref().map(|file| file.name.to_owned()),
                FILE_NAMES.map(|name| format!("{name}.gz"))
            );
            assert!(files.iter().all(|file| file.sha256.len() == 64));
        }
    }
}
