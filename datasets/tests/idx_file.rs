//! Mapped IDX files: the same numbers as the reader's, and the same refusals.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs::{self, File};

use olifant_core::Shape;
use olifant_datasets::{IdxFile, read_idx};
use olifant_train::Samples;
use tempfile::TempDir;

/// Two images of 2×3 pixels.
const TWO_IMAGES: [u8; 28] =
    [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255];

/// A directory with a file `images` of these bytes, and the file, opened.
fn open(bytes: &[u8]) -> (TempDir, Result<IdxFile, String>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("images");
    fs::write(&path, bytes).unwrap();
    let opened =
        IdxFile::open(&path).map_err(|error| error.to_string().replace(&path.display().to_string(), "FILE"));
    (directory, opened)
}

fn message(bytes: &[u8]) -> String {
    open(bytes).1.unwrap_err()
}

fn gathered(file: &IdxFile, indices: &[usize]) -> Vec<f32> {
    let mut output = vec![f32::NAN; indices.len() * file.sample_shape().unwrap().size()];
    file.gather(indices, &mut output).unwrap();
    output
}

#[test]
fn samples_are_read_in_any_order() {
    let (_directory, file) = open(&TWO_IMAGES);
    let file = file.unwrap();
    assert_eq!((file.shape(), file.samples()), (&[2, 2, 3][..], 2));
    assert_eq!(file.sample_shape().unwrap(), Shape::from([2, 3]));
    let second = [7.0, 8.0, 9.0, 10.0, 11.0, 255.0];
    assert_eq!(gathered(&file, &[1]), second);
    assert_eq!(gathered(&file, &[1, 0, 1])[..7], [&second[..], &[1.0]].concat());
    assert!(gathered(&file, &[]).is_empty());
    assert!(!file.in_memory());
}

#[test]
fn every_element_type_is_read_as_the_reader_reads_it() {
    let vector = |code: u8, elements: &[u8]| {
        let (_directory, file) = open(&[&[0, 0, code, 1, 0, 0, 0, 2], elements].concat());
        gathered(&file.unwrap(), &[0, 1])
    };
    assert_eq!(vector(0x08, &[0xff, 2]), [255.0, 2.0]);
    assert_eq!(vector(0x09, &[0xff, 2]), [-1.0, 2.0]);
    assert_eq!(vector(0x0b, &[0xff, 0xfe, 1, 2]), [-2.0, 258.0]);
    assert_eq!(vector(0x0c, &[0, 1, 0, 2, 0xff, 0xff, 0xff, 0xff]), [65_538.0, -1.0]);
    assert_eq!(vector(0x0d, &[1.5_f32.to_be_bytes(), (-1e-9_f32).to_be_bytes()].concat()), [1.5, -1e-9]);
    assert_eq!(vector(0x0e, &[0.1_f64.to_be_bytes(), (-2.0_f64).to_be_bytes()].concat()), [0.1, -2.0]);
}

#[test]
fn rescaled_numbers_are_multiplied() {
    let (_directory, file) = open(&TWO_IMAGES);
    let scale = 1.0 / 255.0;
    let expected: Vec<f32> = [7, 8, 9, 10, 11, 255_u8].map(|pixel| f32::from(pixel) * scale).to_vec();
    assert_eq!(gathered(&file.unwrap().rescale(scale), &[1]), expected);
}

#[test]
fn a_compressed_file_is_refused_with_the_remedy() {
    assert_eq!(
        message(&[0x1f, 0x8b, 8, 0]),
        "mapping FILE: it is compressed with gzip, so its numbers do not stand in it one behind the other; unpack it \
         with gunzip, or read it into memory with `read_idx`"
    );
}

/// The words of the reader, which `tests/idx.rs` shows in full.
#[test]
fn every_cut_and_every_surplus_is_refused_as_by_the_reader() {
    for length in 0..TWO_IMAGES.len() {
        let (directory, opened) = open(&TWO_IMAGES[..length]);
        let path = directory.path().join("images");
        let reader = read_idx::<u8>(&path).unwrap_err().to_string();
        assert_eq!(opened.unwrap_err(), reader.replace(&path.display().to_string(), "FILE"));
    }
    assert!(
        message(&[&TWO_IMAGES[..], &[0]].concat()).contains("expected it to end after 28 bytes, found more")
    );
}

#[test]
fn claims_of_a_header_are_not_believed() {
    let mut bytes = TWO_IMAGES;
    bytes[4..8].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(message(&bytes).contains("expected 25769803786 bytes, found 28;"));
    let huge = [0, 0, 8, 3].into_iter().chain([0xff; 12]).collect::<Vec<u8>>();
    assert!(message(&huge).contains("more than memory can hold"));
}

/// Every change of a byte gives numbers or an error, and never a panic.
#[test]
fn damaged_files_never_panic() {
    for position in 0..TWO_IMAGES.len() {
        for flip in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
            let mut bytes = TWO_IMAGES;
            bytes[position] ^= flip;
            if let (_directory, Ok(file)) = open(&bytes) {
                let samples: Vec<usize> = (0..file.samples().min(10)).collect();
                let size = file.sample_shape().map_or(0, |shape| shape.size());
                file.gather(&samples, &mut vec![0.0; samples.len() * size]).unwrap();
            }
        }
    }
}

#[test]
fn files_without_samples_or_without_numbers_are_files_too() {
    let (_directory, none) = open(&[0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 5]);
    assert_eq!(none.unwrap().samples(), 0);
    let (_directory, empty_samples) = open(&[0, 0, 8, 2, 0, 0, 0, 5, 0, 0, 0, 0]);
    assert!(gathered(&empty_samples.unwrap(), &[4, 0]).is_empty());
    let (_directory, single) = open(&[0, 0, 8, 0, 7]);
    assert!(single.unwrap().sample_shape().is_err());
}

#[test]
fn a_sample_that_is_not_there_is_an_error() {
    let (_directory, file) = open(&TWO_IMAGES);
    let file = file.unwrap();
    for index in [2, usize::MAX / 6, usize::MAX] {
        let message = file.gather(&[index], &mut [0.0; 6]).unwrap_err().to_string();
        assert!(message.starts_with(&format!("sample {index} was asked for, but ")), "{message}");
        assert!(message.ends_with("images holds 2"), "{message}");
    }
}

#[test]
fn a_file_that_shrinks_while_it_is_open_is_an_error() {
    let (directory, file) = open(&TWO_IMAGES);
    File::options().write(true).open(directory.path().join("images")).unwrap().set_len(20).unwrap();
    let message = file.unwrap().gather(&[0], &mut [0.0; 6]).unwrap_err().to_string();
    assert!(message.contains("images has shrunk from 28 to 20 bytes since it was opened"), "{message}");
}
