//! Directories with MNIST's four files: whole, damaged, and mismatched.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;

use ndarray::Axis;
use olifant_datasets::{Dataset, DatasetError, Source, load};
use tempfile::TempDir;

const HEADER_28: [u8; 8] = [0, 0, 0, 28, 0, 0, 0, 28];

fn images(count: u32) -> Vec<u8> {
    let pixels = (0..count * 784).map(|i| (i % 256) as u8);
    [0, 0, 8, 3].into_iter().chain(count.to_be_bytes()).chain(HEADER_28).chain(pixels).collect()
}

fn labels(labels: &[u8]) -> Vec<u8> {
    [&[0, 0, 8, 1], &(labels.len() as u32).to_be_bytes()[..], labels].concat()
}

/// Three images to train with and two to test with.
fn small_set() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: Vec<u8>| fs::write(directory.path().join(name), bytes).unwrap();
    write("train-images-idx3-ubyte", images(3));
    write("train-labels-idx1-ubyte", labels(&[7, 0, 9]));
    write("t10k-images-idx3-ubyte", images(2));
    write("t10k-labels-idx1-ubyte", labels(&[1, 2]));
    directory
}

/// The message of opening and reading a set in which one file was replaced, with `SET` for its directory.
fn message(name: &str, bytes: &[u8]) -> String {
    let set = small_set();
    fs::write(set.path().join(name), bytes).unwrap();
    let error = read_all(set.path()).unwrap_err();
    error.to_string().replace(&set.path().display().to_string(), "SET")
}

fn read_all(directory: &Path) -> Result<(), DatasetError> {
    let set = Dataset::open("small", directory)?;
    set.train().read()?;
    set.test().read()?;
    Ok(())
}

#[test]
fn a_directory_opens_under_its_name() {
    let directory = small_set();
    let set = Dataset::open("small", directory.path()).unwrap();
    assert_eq!((set.name(), set.train().len(), set.test().len()), ("small", 3, 2));
    assert_eq!(set.classes()[3], "3");
    let origin = directory.path().display();
    assert_eq!(set.to_string(), format!("small: 3 images to train, 2 to test ({origin})"));
}

#[test]
fn images_and_labels_are_those_of_the_files() {
    let directory = small_set();
    let set = Dataset::open("small", directory.path()).unwrap();
    let train = set.train().read_bytes().unwrap();
    assert_eq!(train.x.dim(), (3, 28, 28));
    assert!(train.x.iter().copied().eq((0..3 * 784).map(|i| (i % 256) as u8)));
    assert_eq!(train.y.to_vec(), [7, 0, 9]);
    assert_eq!(set.test().read_bytes().unwrap().y.to_vec(), [1, 2]);
}

/// `(numpy.arange(256).astype("float32") / numpy.float32(255)).view("uint32")[[0, 1, 3, 77, 128, 254, 255]]`
#[test]
fn pixels_are_divided_as_numpy_does() {
    let directory = small_set();
    let x = Dataset::open("small", directory.path()).unwrap().train().read().unwrap().x;
    let pixels: Vec<f32> = x.iter().copied().take(256).collect();
    let bits = [0, 1, 3, 77, 128, 254, 255].map(|i: usize| pixels[i].to_bits());
    assert_eq!(
        bits,
        [0x0000_0000, 0x3b80_8081, 0x3c40_c0c1, 0x3e9a_9a9b, 0x3f00_8081, 0x3f7e_feff, 0x3f80_0000]
    );
}

#[test]
fn the_first_images_can_be_read_alone() {
    let directory = small_set();
    let set = Dataset::open("small", directory.path()).unwrap();
    let (all, two) = (set.train().read().unwrap(), set.train().take(2).read().unwrap());
    assert_eq!(two.x, all.x.slice_axis(Axis(0), (..2).into()));
    assert_eq!(two.y.to_vec(), [7, 0]);
    assert_eq!(set.train().take(99).read().unwrap(), all);
    assert!(set.train().take(0).is_empty());
    assert_eq!(set.train().take(0).read().unwrap().x.dim(), (0, 28, 28));
}

#[test]
fn images_behind_the_first_are_not_looked_at() {
    let directory = small_set();
    fs::write(directory.path().join("train-images-idx3-ubyte"), &images(3)[..16 + 2 * 784]).unwrap();
    let set = Dataset::open("small", directory.path()).unwrap();
    assert_eq!(set.train().take(2).read().unwrap().y.len(), 2);
    assert!(matches!(set.train().read(), Err(DatasetError::Truncated { expected: 2368, found: 1584, .. })));
}

#[test]
fn images_and_labels_of_different_number_are_refused() {
    assert_eq!(
        message("train-labels-idx1-ubyte", &labels(&[7, 0])),
        "pairing images and labels: SET/train-images-idx3-ubyte holds 3 images but SET/train-labels-idx1-ubyte holds 2 \
         labels; take both files from one source"
            .replace("SET/", &format!("SET{}", std::path::MAIN_SEPARATOR))
    );
}

#[test]
fn a_label_above_9_is_refused() {
    let message = message("t10k-labels-idx1-ubyte", &labels(&[1, 10]));
    assert!(message.starts_with("reading labels from SET"), "{message}");
    assert!(message.ends_with("label 10 at index 1 is not one of the classes 0 to 9"), "{message}");
}

#[test]
fn images_of_another_size_are_refused() {
    let small_images = [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3];
    let message = message("train-images-idx3-ubyte", &small_images);
    assert!(message.starts_with("reading images from SET"), "{message}");
    assert!(message.ends_with("expected the shape [images, 28, 28], found [3, 1, 1]"), "{message}");
}

#[test]
fn labels_in_place_of_images_and_images_in_place_of_labels_are_refused() {
    let one = message("train-images-idx3-ubyte", &labels(&[1, 2, 3]));
    assert!(one.ends_with("expected the shape [images, 28, 28], found [3]"), "{one}");
    let other = message("t10k-labels-idx1-ubyte", &images(2));
    assert!(other.ends_with("expected the shape [images], found [2, 28, 28]"), "{other}");
}

#[test]
fn a_missing_file_is_named() {
    let directory = small_set();
    fs::remove_file(directory.path().join("t10k-images-idx3-ubyte")).unwrap();
    let message = read_all(directory.path()).unwrap_err().to_string();
    assert!(message.starts_with("opening ") && message.contains("t10k-images-idx3-ubyte: "), "{message}");
}

#[test]
fn synthetic_digits_are_loaded_by_name() {
    let digits = load(Source::Synthetic).unwrap();
    assert_eq!(
        digits.to_string(),
        "synthetic: 60000 images to train, 10000 to test (digits drawn with seed 0)"
    );
}

/// Where the real MNIST is at hand, it is read; elsewhere there is nothing to test.
#[test]
fn the_real_mnist_is_what_it_is_known_to_be() {
    let Some(root) = std::env::var_os("OLIFANT_DATASETS") else {
        return;
    };
    let Ok(mnist) = Dataset::open("mnist", Path::new(&root).join("mnist")) else {
        return;
    };
    assert_eq!((mnist.train().len(), mnist.test().len()), (60_000, 10_000));
    let train = mnist.train().read_bytes().unwrap();
    assert_eq!(train.y.iter().take(5).copied().collect::<Vec<_>>(), [5, 0, 4, 1, 9]);
    // The mean and the standard deviation that everyone normalises with.
    let mean = train.x.iter().map(|&pixel| f64::from(pixel)).sum::<f64>() / train.x.len() as f64 / 255.0;
    assert!((mean - 0.1307).abs() < 1e-4, "{mean}");
}
