//! IDX files: what is read, and what is refused with which words.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use ndarray::{ArrayD, IxDyn};
use olifant_datasets::{DatasetError, read_idx};
use tempfile::TempDir;

/// Two images of 2×3 pixels.
const TWO_IMAGES: [u8; 28] =
    [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255];

/// A file that lives as long as the test.
struct Fixture {
    _directory: TempDir,
    path: PathBuf,
}

fn file(bytes: &[u8]) -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("images");
    fs::write(&path, bytes).unwrap();
    Fixture { _directory: directory, path }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read(path: &Path) -> Result<ArrayD<u8>, DatasetError> {
    read_idx(path)
}

/// The message about a file of these bytes, with `FILE` for its path.
fn message(bytes: &[u8]) -> String {
    let fixture = file(bytes);
    let message = read(&fixture.path).unwrap_err().to_string();
    message.replace(&fixture.path.display().to_string(), "FILE")
}

#[test]
fn plain_and_compressed_files_hold_the_same_array() {
    let expected = ArrayD::from_shape_vec(IxDyn(&[2, 2, 3]), TWO_IMAGES[16..].to_vec()).unwrap();
    assert_eq!(read(&file(&TWO_IMAGES).path).unwrap(), expected);
    assert_eq!(read(&file(&gzip(&TWO_IMAGES)).path).unwrap(), expected);
}

#[test]
fn a_gzip_file_may_have_several_members() {
    let mut bytes = gzip(&TWO_IMAGES[..20]);
    bytes.extend(gzip(&TWO_IMAGES[20..]));
    assert_eq!(read(&file(&bytes).path).unwrap(), read(&file(&TWO_IMAGES).path).unwrap());
}

#[test]
fn every_element_type_is_read_big_endian() {
    let vector = |code: u8, elements: &[u8]| file(&[&[0, 0, code, 1, 0, 0, 0, 2], elements].concat());
    let i8s: ArrayD<i8> = read_idx(vector(0x09, &[0xff, 2]).path).unwrap();
    let i16s: ArrayD<i16> = read_idx(vector(0x0b, &[0xff, 0xfe, 1, 2]).path).unwrap();
    let i32s: ArrayD<i32> = read_idx(vector(0x0c, &[0, 1, 0, 2, 0xff, 0xff, 0xff, 0xff]).path).unwrap();
    let f32s =
        read_idx::<f32>(vector(0x0d, &[[0xbf, 0x80, 0, 0], 1.5_f32.to_be_bytes()].concat()).path).unwrap();
    let f64s =
        read_idx::<f64>(vector(0x0e, &[0.1_f64.to_be_bytes(), (-2.0_f64).to_be_bytes()].concat()).path)
            .unwrap();
    assert_eq!(i8s.into_raw_vec_and_offset().0, [-1, 2]);
    assert_eq!(i16s.into_raw_vec_and_offset().0, [-2, 258]);
    assert_eq!(i32s.into_raw_vec_and_offset().0, [65_538, -1]);
    assert_eq!(f32s.into_raw_vec_and_offset().0, [-1.0, 1.5]);
    assert_eq!(f64s.into_raw_vec_and_offset().0, [0.1, -2.0]);
}

#[test]
fn more_elements_than_one_chunk_arrive_in_order() {
    let count = 100_003_u32;
    let mut bytes = [[0, 0, 0x0c, 1], count.to_be_bytes()].concat();
    bytes.extend((0..count).flat_map(u32::to_be_bytes));
    let numbers: ArrayD<i32> = read_idx(file(&gzip(&bytes)).path).unwrap();
    assert!(numbers.iter().copied().eq(0..count as i32));
}

#[test]
fn other_files_are_recognised() {
    assert_eq!(
        message(b"<html>\n"),
        "reading the IDX file FILE: expected it to begin with the bytes 00 00, an element type (08, 09, 0b, 0c, 0d or \
         0e) and a number of axes, found [3c, 68, 74, 6d]; it is no IDX file, or a damaged one"
    );
    assert!(message(&[0, 0, 0x0a, 1, 0, 0, 0, 0]).contains("found [00, 00, 0a, 01]"));
}

#[test]
fn a_missing_file_is_named() {
    let message = read(Path::new("no/such/file")).unwrap_err().to_string();
    assert!(message.starts_with("opening no/such/file: "), "{message}");
}

#[test]
fn another_element_type_is_refused() {
    let fixture = file(&TWO_IMAGES);
    let message = read_idx::<f32>(&fixture.path).unwrap_err().to_string();
    assert_eq!(
        message.replace(&fixture.path.display().to_string(), "FILE"),
        "reading the IDX file FILE: expected elements of type f32, found u8; read it as an array of u8"
    );
}

#[test]
fn a_short_file_says_how_much_is_missing() {
    assert_eq!(
        message(&TWO_IMAGES[..26]),
        "reading the IDX file FILE: expected 28 bytes, found 26; the file was cut short, fetch it again"
    );
    assert_eq!(
        message(&TWO_IMAGES[..9]),
        "reading the IDX file FILE: expected 16 bytes, found 9; the file was cut short, fetch it again"
    );
    assert!(message(&[]).contains("expected 4 bytes, found 0;"));
}

#[test]
fn a_short_gzip_stream_is_told_from_a_short_file() {
    let whole = gzip(&TWO_IMAGES);
    assert_eq!(
        message(&whole[..whole.len() - 1]),
        "decompressing FILE: the gzip stream breaks off after 28 of 28 decompressed bytes; the file was cut short, \
         fetch it again"
    );
    assert!(message(&whole[..14]).starts_with("decompressing FILE: the gzip stream breaks off after "));
    assert!(message(&gzip(&TWO_IMAGES[..26])).contains("expected 28 bytes, found 26;"));
}

#[test]
fn a_damaged_gzip_stream_is_noticed_by_its_checksum() {
    let mut bytes = gzip(&TWO_IMAGES);
    let checksum = bytes.len() - 8;
    bytes[checksum] ^= 1;
    let message = message(&bytes);
    assert!(message.starts_with("decompressing FILE: the gzip stream is damaged ("), "{message}");
    assert!(message.ends_with("); fetch the file again"), "{message}");
}

#[test]
fn bytes_behind_the_end_are_refused() {
    let long = [&TWO_IMAGES[..], &[0]].concat();
    let expected = "reading the IDX file FILE: expected it to end after 28 bytes, found more; its header [2, 2, 3] does \
                    not describe its contents";
    assert_eq!(message(&long), expected);
    assert_eq!(message(&gzip(&long)), expected);
}

#[test]
fn a_header_that_promises_billions_of_images_is_not_believed() {
    let mut bytes = TWO_IMAGES;
    bytes[4..8].copy_from_slice(&u32::MAX.to_be_bytes());
    assert_eq!(
        message(&bytes),
        "reading the IDX file FILE: expected 25769803786 bytes, found 28; the file was cut short, fetch it again"
    );
    assert!(message(&gzip(&bytes)).contains("expected 25769803786 bytes, found 28;"));
}

#[test]
fn axes_whose_product_overflows_are_refused() {
    let huge = [0, 0, 8, 3].into_iter().chain([0xff; 12]).collect::<Vec<u8>>();
    assert_eq!(
        message(&huge),
        "reading the IDX file FILE: its header announces the shape [4294967295, 4294967295, 4294967295], more than \
         memory can hold; the header is damaged"
    );
    let hidden_by_zero = [0, 0, 8, 4, 0, 0, 0, 0].into_iter().chain([0xff; 12]).collect::<Vec<u8>>();
    assert!(message(&hidden_by_zero).contains("more than memory can hold"));
}

#[test]
fn empty_arrays_and_single_numbers_are_arrays_too() {
    assert_eq!(read(&file(&[0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 5]).path).unwrap().shape(), [0, 5]);
    assert_eq!(read(&file(&[0, 0, 8, 0, 7]).path).unwrap(), ArrayD::from_elem(IxDyn(&[]), 7));
}

/// Every cut and every change of a byte gives an array or an error, and never a panic.
#[test]
fn damaged_files_never_panic() {
    for whole in [TWO_IMAGES.to_vec(), gzip(&TWO_IMAGES)] {
        for length in 0..whole.len() {
            assert!(read(&file(&whole[..length]).path).is_err(), "cut after {length} bytes");
        }
        for position in 0..whole.len() {
            for flip in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                let mut bytes = whole.clone();
                bytes[position] ^= flip;
                // A flip in the numbers of a plain file is another image; elsewhere some flips do no harm.
                drop(read(&file(&bytes).path));
            }
        }
    }
}
