//! Mapped NumPy files: every type of number, and what is refused with which words.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs::{self, File};

use olifant_core::Shape;
use olifant_datasets::NpyFile;
use olifant_train::Samples;
use tempfile::TempDir;

/// A directory with a file `array.npy` of these bytes, and the file, opened.
fn open(bytes: &[u8]) -> (TempDir, Result<NpyFile, String>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("array.npy");
    fs::write(&path, bytes).unwrap();
    let opened =
        NpyFile::open(&path).map_err(|error| error.to_string().replace(&path.display().to_string(), "FILE"));
    (directory, opened)
}

/// What is said about a file of these bytes, behind its name.
fn message(bytes: &[u8]) -> String {
    let message = open(bytes).1.unwrap_err();
    message.strip_prefix("reading the NumPy file FILE: ").unwrap().to_owned()
}

/// A file of version 1 with this dictionary, padded as NumPy pads.
fn npy(dictionary: &str, numbers: &[u8]) -> Vec<u8> {
    let text = format!("{dictionary:117}\n");
    let length = (text.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes(), numbers].concat()
}

fn vector(descr: &str, numbers: &[u8]) -> Vec<u8> {
    npy(&format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (2,), }}"), numbers)
}

fn gathered(file: &NpyFile, indices: &[usize]) -> Vec<f32> {
    let mut output = vec![f32::NAN; indices.len() * file.sample_shape().unwrap().size()];
    file.gather(indices, &mut output).unwrap();
    output
}

/// `numpy.save("array.npy", numpy.arange(6, dtype=">i2").reshape(3, 2) - 1)`, by NumPy 2.
fn written_by_numpy() -> Vec<u8> {
    let text =
        format!("{}{}\n", "{'descr': '>i2', 'fortran_order': False, 'shape': (3, 2), }", " ".repeat(58));
    let numbers = [255, 255, 0, 0, 0, 1, 0, 2, 0, 3, 0, 4];
    [b"\x93NUMPY\x01\x00\x76\x00", text.as_bytes(), &numbers].concat()
}

#[test]
fn a_file_of_numpy_is_read_in_any_order() {
    let (_directory, file) = open(&written_by_numpy());
    let file = file.unwrap();
    assert_eq!((file.shape(), file.samples()), (&[3, 2][..], 3));
    assert_eq!(file.sample_shape().unwrap(), Shape::from([2]));
    assert_eq!(gathered(&file, &[2, 0, 1]), [3.0, 4.0, -1.0, 0.0, 1.0, 2.0]);
    assert_eq!(gathered(&file.rescale(0.5), &[2]), [1.5, 2.0]);
}

#[test]
fn every_type_of_number_is_read_in_both_orders_of_bytes() {
    macro_rules! check {
        ($($descr:literal $type:ident [$first:expr, $second:expr];)*) => {$(
            let values: [$type; 2] = [$first, $second];
            let expected = values.map(|value| value as f32);
            let little = values.map(|value| value.to_le_bytes()).concat();
            let big = values.map(|value| value.to_be_bytes()).concat();
            for (order, bytes) in [("<", little), (">", big)] {
                let (_directory, file) = open(&vector(&format!("{order}{}", $descr), &bytes));
                assert_eq!(gathered(&file.unwrap(), &[0, 1]), expected, "{order}{}", $descr);
            }
        )*};
    }
    check! {
        "u1" u8 [7, 255];
        "u2" u16 [258, u16::MAX];
        "u4" u32 [65_539, 1 << 31];
        "u8" u64 [65_539, 1 << 63];
        "i1" i8 [-1, 127];
        "i2" i16 [-2, 258];
        "i4" i32 [-65_539, 3];
        "i8" i64 [-1 << 40, 3];
        "f4" f32 [0.1, -1e-30];
        "f8" f64 [0.1, 1e10];
    }
    for (descr, bytes, expected) in
        [("|u1", [1, 255], [1.0, 255.0]), ("|i1", [1, 255], [1.0, -1.0]), ("|b1", [0, 1], [0.0, 1.0])]
    {
        let (_directory, file) = open(&vector(descr, &bytes));
        assert_eq!(gathered(&file.unwrap(), &[0, 1]), expected, "{descr}");
    }
}

#[test]
fn all_versions_and_the_python_of_all_times_are_understood() {
    let text = "{'shape': (1L, 2), \"fortran_order\":False,'descr':'|u1'}\n";
    for version in [2, 3] {
        let length = (text.len() as u32).to_le_bytes();
        let bytes = [b"\x93NUMPY", &[version, 0][..], &length, text.as_bytes(), &[8, 9]].concat();
        let (_directory, file) = open(&bytes);
        assert_eq!(gathered(&file.unwrap(), &[0]), [8.0, 9.0]);
    }
}

#[test]
fn arrays_that_cannot_be_read_sample_by_sample_are_refused() {
    let order = npy("{'descr': '|u1', 'fortran_order': True, 'shape': (1, 2), }", &[0, 0]);
    assert_eq!(
        message(&order),
        "it is stored in Fortran order, which scatters each sample over the file; save it again with \
         numpy.ascontiguousarray"
    );
    for descr in ["|O", "<f2", "<c8", "<U3", "|S1", "=f4", "f4", "", "é1"] {
        assert_eq!(
            message(&vector(descr, &[0; 8])),
            format!(
                "expected numbers of the type f4, f8, u1, u2, u4, u8, i1, i2, i4, i8 or b1, found {descr:?}; convert \
                 them with astype"
            )
        );
    }
    let records = npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", &[0; 4]);
    assert_eq!(message(&records), "expected plain numbers, found records of several fields; save one field");
}

#[test]
fn other_files_are_recognised() {
    assert_eq!(
        message(b"x,y\n1,2\n"),
        "expected it to begin with the bytes [93, 4e, 55, 4d, 50, 59], found [78, 2c, 79, 0a, 31, 2c]; it is no .npy \
         file, or a damaged one"
    );
    assert_eq!(
        message(b"PK\x03\x04"),
        "it is an archive (.npz); unpack it with unzip: each array is an .npy file"
    );
    assert_eq!(message(b"\x93NUMPY\x04\x00\x00\x00"), "expected version 1, 2 or 3 of the format, found 4");
}

#[test]
fn damaged_headers_say_where() {
    let about = |dictionary: &str| message(&npy(dictionary, &[]));
    assert_eq!(
        about("{'descr': '<f4', 'shape': (2,), }"),
        "its header lacks the entry \"fortran_order\"; it is damaged"
    );
    assert_eq!(about("{'flavour': 'x'}"), "its header has an unknown entry \"flavour\"");
    assert_eq!(about("{'descr': <f4}"), "its header is damaged: expected a word in quotes, found \"<f4}\"");
    assert_eq!(
        about("{'shape': (-1,)}"),
        "its header is damaged: expected the length of an axis, found \"-1,)}\""
    );
    assert_eq!(about("{'fortran_order': 0}"), "its header is damaged: expected True or False, found \"0}\"");
    assert!(about("{'descr': '<f4', 'fortran_order': False, 'shape': (), } x").contains("nothing behind"));
    assert!(about("").contains("expected '{'"));
}

#[test]
fn shapes_are_not_believed() {
    let claim = |shape: &str| {
        message(&npy(&format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"), &[0; 8]))
    };
    assert_eq!(
        claim("(60000, 28, 28)"),
        "expected 376320000 bytes behind the header for the shape [60000, 28, 28], found 8; the file was cut short, \
         or its header does not describe its contents"
    );
    for huge in ["(4294967296, 4294967296)", "(0, 4294967296, 4294967296)", "(2305843009213693951,)"] {
        assert!(claim(huge).ends_with("more than memory can hold; the header is damaged"), "{huge}");
    }
    assert!(claim("(99999999999999999999,)").contains("expected the length of an axis"));
    assert!(claim("(0, 5)").starts_with("expected 0 bytes"));
}

#[test]
fn every_cut_and_every_surplus_is_refused() {
    let whole = written_by_numpy();
    for length in 0..whole.len() {
        let message = message(&whole[..length]);
        assert!(message.contains("cut short") || message.contains("damaged"), "{length}: {message}");
    }
    assert!(message(&[&whole[..], &[0]].concat()).contains("for the shape [3, 2], found 13;"));
}

/// Every change of a byte gives numbers or an error, and never a panic.
#[test]
fn damaged_files_never_panic() {
    let whole = written_by_numpy();
    for position in 0..whole.len() {
        for flip in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
            let mut bytes = whole.clone();
            bytes[position] ^= flip;
            if let (_directory, Ok(file)) = open(&bytes) {
                let samples: Vec<usize> = (0..file.samples()).collect();
                let size = file.sample_shape().map_or(0, |shape| shape.size());
                file.gather(&samples, &mut vec![0.0; samples.len() * size]).unwrap();
            }
        }
    }
}

#[test]
fn arrays_without_samples_or_without_axes_are_opened() {
    let (_directory, none) = open(&npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 5), }", &[]));
    assert_eq!(none.unwrap().samples(), 0);
    let (_directory, scalar) = open(&npy("{'descr': '|u1', 'fortran_order': False, 'shape': (), }", &[7]));
    let scalar = scalar.unwrap();
    assert!(scalar.samples() == 0 && scalar.sample_shape().is_err());
}

#[test]
fn a_sample_that_is_not_there_and_a_file_that_shrank_are_errors() {
    let (directory, file) = open(&written_by_numpy());
    let file = file.unwrap();
    let message = |index| file.gather(&[index], &mut [0.0; 2]).unwrap_err().to_string();
    assert!(
        message(3).starts_with("sample 3 was asked for, but ") && message(3).ends_with("array.npy holds 3")
    );
    File::options().write(true).open(directory.path().join("array.npy")).unwrap().set_len(130).unwrap();
    assert!(message(0).contains("array.npy has shrunk from 140 to 130 bytes since it was opened"));
}
