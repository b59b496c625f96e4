//! CSV files: what is read, and what is refused with which words.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;

use ndarray::array;
use olifant_datasets::{CsvOptions, DatasetError, Table, read_csv};

fn read(content: impl AsRef<[u8]>, options: CsvOptions) -> Result<Table, DatasetError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("table.csv");
    fs::write(&path, content).unwrap();
    read_csv(&path, options)
}

/// The message about a file of this content, from `table.csv` on.
fn message(content: impl AsRef<[u8]>, options: CsvOptions) -> String {
    let message = read(content, options).unwrap_err().to_string();
    let (before, after) = message.split_once("table.csv").unwrap();
    assert!(before.starts_with("reading the CSV file "), "{message}");
    after.to_owned()
}

#[test]
fn without_a_target_every_column_is_a_feature() {
    let table = read("a,b\n1,2\n3,4\n5,-6e-1\n", CsvOptions::new()).unwrap();
    assert_eq!(table.x, array![[1.0, 2.0], [3.0, 4.0], [5.0, -0.6]]);
    assert_eq!(table.y.dim(), (3, 0));
    assert_eq!(table.features, ["a", "b"]);
    assert!(table.targets.is_empty());
}

#[test]
fn targets_keep_the_order_in_which_they_were_asked_for() {
    let table = read("a,b,c\n1,2,3\n4,5,6\n", CsvOptions::new().target("c").target(0)).unwrap();
    assert_eq!(table.x, array![[2.0], [5.0]]);
    assert_eq!(table.y, array![[3.0, 1.0], [6.0, 4.0]]);
    assert_eq!((table.features, table.targets), (vec!["b".to_owned()], vec!["c".to_owned(), "a".to_owned()]));
}

#[test]
fn a_file_without_header_calls_its_columns_by_index() {
    let table = read("1;2\n3;4\n", CsvOptions::new().header(false).separator(';').target(1)).unwrap();
    assert_eq!((table.x, table.y), (array![[1.0], [3.0]], array![[2.0], [4.0]]));
    assert_eq!((table.features, table.targets), (vec!["0".to_owned()], vec!["1".to_owned()]));
}

#[test]
fn spaces_quotes_empty_lines_and_byte_order_marks_do_no_harm() {
    let content = "\u{feff}\"a, first\" , b\r\n\r\n 1 ,\"2\"\r\n3,4";
    let table = read(content, CsvOptions::new().target("a, first")).unwrap();
    assert_eq!((table.x, table.y), (array![[2.0], [4.0]], array![[1.0], [3.0]]));
}

#[test]
fn a_missing_value_is_found_by_line_and_column() {
    assert_eq!(
        message("a,b\n1,2\n\n3, \n", CsvOptions::new()),
        ", line 4, column b: the value is missing; fill it in or remove the row"
    );
    assert!(message("a,b\r\n1,\"2\r\n\"\r\n3,\r\n", CsvOptions::new()).starts_with(", line 4, column b: "));
    assert!(message("1,2\r\n,5\r\n", CsvOptions::new().header(false)).starts_with(", line 2, column 0: "));
}

#[test]
fn what_is_no_finite_number_is_found_by_line_and_column() {
    assert_eq!(
        message("a,b\n1,2\n3,four\n", CsvOptions::new()),
        ", line 3, column b: expected a finite number, found `four`"
    );
    assert_eq!(
        message("1,2\n3,x\n", CsvOptions::new().header(false)),
        ", line 2, column 1: expected a finite number, found `x`"
    );
    for value in ["NaN", "inf", "1e60", "NA", "1 000"] {
        let expected = format!(", line 2, column a: expected a finite number, found `{value}`");
        assert_eq!(message(format!("a\n{value}\n"), CsvOptions::new()), expected);
    }
}

#[test]
fn a_ragged_row_is_found_by_line() {
    assert_eq!(
        message("a,b\n1,2\n3,4,5\n", CsvOptions::new()),
        ", line 3: expected 2 values as in the first row, found 3; check the separator and the quotes"
    );
    assert!(
        message("a,b\n1\n", CsvOptions::new())
            .contains("line 2: expected 2 values as in the first row, found 1;")
    );
}

#[test]
fn an_unknown_target_is_answered_with_the_columns() {
    assert_eq!(
        message("rooms,price\n1,2\n", CsvOptions::new().target("prise")),
        ": there is no column prise; its columns are rooms, price"
    );
    assert_eq!(
        message("rooms,price\n1,2\n", CsvOptions::new().target(2)),
        ": there is no column 2; its columns are rooms, price"
    );
    assert_eq!(
        message("1,2\n", CsvOptions::new().header(false).target("price")),
        ": there is no column price; its columns are 0 to 1"
    );
}

#[test]
fn a_name_that_stands_twice_is_refused_but_its_index_is_not() {
    let content = "a,b,a\n1,2,3\n";
    assert_eq!(
        message(content, CsvOptions::new().target("a")),
        ": 2 columns are called a; choose one by its index"
    );
    assert_eq!(read(content, CsvOptions::new().target(2)).unwrap().y, array![[3.0]]);
}

#[test]
fn a_file_without_rows_is_refused() {
    for content in ["", "\n\n", "a,b\n"] {
        assert_eq!(message(content, CsvOptions::new()), ": expected at least one row of numbers, found none");
    }
}

#[test]
fn impossible_separators_are_refused() {
    for separator in ['"', '\n', '→'] {
        assert_eq!(
            message("a\n1\n", CsvOptions::new().separator(separator)),
            format!(
                ": expected a separator of one ASCII character, neither a quote nor a line break, found {separator:?}"
            )
        );
    }
}

#[test]
fn text_that_is_not_utf_8_is_refused() {
    let message = message(b"a\n\xff\n", CsvOptions::new());
    assert!(message.starts_with(": CSV parse error") && message.contains("UTF-8"), "{message}");
}

#[test]
fn a_missing_file_is_named() {
    let message = read_csv("no/such/table.csv", CsvOptions::new()).unwrap_err().to_string();
    assert!(message.starts_with("reading the CSV file no/such/table.csv: "), "{message}");
}

/// Reading takes time in proportion to the rows: were each value to look for its line, this would take minutes.
#[test]
fn a_long_table_is_read_at_once() {
    let content = "1,2,3,4,5,6,7,8\n".repeat(50_000);
    let began = std::time::Instant::now();
    let table = read(&content, CsvOptions::new().header(false).target(7)).unwrap();
    assert_eq!((table.x.dim(), table.y[[49_999, 0]]), ((50_000, 7), 8.0));
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}
