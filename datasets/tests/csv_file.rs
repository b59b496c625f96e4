//! CSV files read row by row: the same numbers as the reader's, and the same refusals.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{fs, path::PathBuf};

use ndarray::Array2;
use olifant_core::Shape;
use olifant_datasets::{CsvColumns, CsvFile, CsvOptions, read_csv};
use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
use olifant_train::{Compile, FitOptions, Samples};
use tempfile::TempDir;

/// Everything a file may have: a mark at its beginning, quotes, line breaks in them and between rows, spaces.
const TABLE: &str = "\u{feff}\"a, first\",b,\"c\nd\" ,e\r\n\
    1,0.1,3,-4e-3\r\n\r\n5,\"6\r\n\",7,8\n\n 9 ,\"10\",\"\n11\",12\r\n13,14,15,16";

fn written(content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("table.csv");
    fs::write(&path, content).unwrap();
    (directory, path)
}

fn gathered(columns: CsvColumns<'_>, indices: &[usize]) -> Vec<f32> {
    let mut output = vec![f32::NAN; indices.len() * columns.sample_shape().unwrap().size()];
    columns.gather(indices, &mut output).unwrap();
    output
}

/// Checks that the file and the reader agree on a table: on its numbers, backwards too, or on what is wrong with it.
fn check(content: impl AsRef<[u8]>, options: CsvOptions) -> bool {
    let (_directory, path) = written(content);
    let (file, table) = match (CsvFile::open(&path, options.clone()), read_csv(&path, options)) {
        (Ok(file), Ok(table)) => (file, table),
        (file, table) => {
            assert_eq!(file.unwrap_err().to_string(), table.unwrap_err().to_string());
            return false;
        }
    };
    assert_eq!((file.features(), file.targets()), (table.features, table.targets));
    for (columns, array) in [(file.x(), table.x), (file.y(), table.y)] {
        let order: Vec<usize> = (0..columns.samples()).rev().chain(0..columns.samples()).collect();
        let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        let expected: Vec<f32> = order.iter().flat_map(|&row| array.row(row).to_vec()).collect();
        assert_eq!(bits(gathered(columns, &order)), bits(expected));
        assert_eq!(columns.sample_shape().unwrap(), Shape::from([array.ncols()]));
        assert!(!columns.in_memory());
    }
    true
}

#[test]
fn rows_are_those_of_the_reader_in_any_order() {
    assert!(check(TABLE, CsvOptions::new()));
    assert!(check(TABLE, CsvOptions::new().target("c\nd").target(0)));
    assert!(check(TABLE, CsvOptions::new().feature("e").feature("b").target("b")));
    assert!(check("\u{feff}1;2\n\n3;4\n", CsvOptions::new().header(false).separator(';').target(1)));
    assert!(check("1\r2\r3", CsvOptions::new().header(false)));
    let long: String = (0..20_000).map(|row| format!("{row},{}\n", f64::from(row).sqrt())).collect();
    assert!(check(long, CsvOptions::new().header(false).target(1)));
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused_as_the_reader_refuses_it() {
    let whole = (0..=TABLE.len()).filter(|&end| check(&TABLE.as_bytes()[..end], CsvOptions::new())).count();
    assert!((5..60).contains(&whole), "{whole}");
}

#[test]
fn a_file_that_is_cut_after_it_was_opened_is_an_error_and_no_panic() {
    for end in 0..TABLE.len() {
        let (_directory, path) = written(TABLE);
        let file = CsvFile::open(&path, CsvOptions::new()).unwrap();
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(end as u64).unwrap();
        let result = file.x().gather(&[3, 2, 1, 0], &mut [0.0; 16]);
        if end < TABLE.len() - 1 {
            let error = result.unwrap_err().to_string();
            assert!(error.contains("table.csv"), "{error}");
        }
    }
}

#[test]
fn columns_that_nobody_asks_for_may_hold_words() {
    let (_directory, path) = written("street,rooms,price\nElm,3,200\nOak,,300\n");
    let options = CsvOptions::new().target("price");
    let file = CsvFile::open(&path, options.clone().feature("price")).unwrap();
    assert_eq!(gathered(file.x(), &[1, 0]), [300.0, 200.0]);
    let message = |options| CsvFile::open(&path, options).unwrap_err().to_string();
    let line_of = |options| message(options).split_once("table.csv").unwrap().1.to_owned();
    assert_eq!(line_of(options.clone()), ", line 2, column street: expected a finite number, found `Elm`");
    assert_eq!(
        line_of(options.feature("rooms")),
        ", line 3, column rooms: the value is missing; fill it in or remove the row"
    );
    assert_eq!(
        line_of(CsvOptions::new().feature("roms")),
        ": there is no column roms; its columns are street, rooms, price"
    );
}

#[test]
fn a_value_that_changed_after_opening_is_named_by_line_and_column() {
    let (_directory, path) = written("a,b\n1,2\n\n3,4\n");
    let file = CsvFile::open(&path, CsvOptions::new()).unwrap();
    fs::write(&path, "a,b\n1,2\n\n3,x\n").unwrap();
    let error = file.x().gather(&[1], &mut [0.0; 2]).unwrap_err().to_string();
    assert!(error.ends_with("table.csv, line 4, column b: expected a finite number, found `x`"), "{error}");
}

#[test]
fn a_row_behind_the_last_is_an_error() {
    let (_directory, path) = written("a\n1\n");
    let file = CsvFile::open(&path, CsvOptions::new()).unwrap();
    let error = file.x().gather(&[1], &mut [0.0]).unwrap_err().to_string();
    assert!(error.starts_with("sample 1 was asked for, but ") && error.ends_with(" holds 1"), "{error}");
}

#[test]
fn a_model_learns_the_same_bits_from_it_as_from_the_table() {
    let rows = Array2::from_shape_fn((50, 3), |(i, j)| ((i * 17 + j * 29) % 31) as f32 / 31.0);
    let lines = rows.outer_iter().map(|row| format!("{},{},{}\n", row[0], row[1], row[2]));
    let (_directory, path) = written(format!("a,b,c\n{}", lines.collect::<String>()));
    let options = CsvOptions::new().target("c");
    let (file, table) = (CsvFile::open(&path, options.clone()).unwrap(), read_csv(&path, options).unwrap());
    let model = || {
        let layers = Sequential::new([2]).add(Dense::new(4)).add(Dense::new(1)).seed(1);
        layers.compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap()
    };
    let fit_options = || FitOptions::new().epochs(3).batch_size(8).validation_split(0.2).verbose(0);
    let expected = model().fit(&table.x, &table.y, fit_options()).unwrap();
    let history = model().fit(file.x(), file.y(), fit_options()).unwrap();
    assert_eq!(history.to_json(), expected.to_json());
}
