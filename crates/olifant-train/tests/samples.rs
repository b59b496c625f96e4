//! Data that is read batch by batch is checked batch by batch: whatever a reader does, it is an error and no panic.

// Data is lent, as a reader of these tests will lend it.
#![allow(clippy::unwrap_used, clippy::needless_borrows_for_generic_args)]

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
};

use ndarray::Array1;
use olifant_core::{Shape, ShapeError};
use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
use olifant_train::{Compile, EvaluateOptions, FitOptions, Model, Samples, Verbose};

/// Rows of numbers from a place that is not in memory, and where reading it goes wrong.
#[derive(Default)]
struct Reader {
    rows: usize,
    columns: usize,
    nan_in_row: Option<usize>,
    fails: bool,
    reads_short: bool,
    /// Says that there are more samples, and longer ones, each time it is asked.
    grows: Option<AtomicUsize>,
    /// How many samples were read.
    reads: AtomicUsize,
}

impl Reader {
    fn growth(&self) -> usize {
        self.grows.as_ref().map_or(0, |asked| asked.fetch_add(1, Ordering::Relaxed) / 2)
    }
}

impl Samples for Reader {
    fn samples(&self) -> usize {
        self.rows + self.growth()
    }

    fn sample_shape(&self) -> Result<Shape, ShapeError> {
        Ok(Shape::from([self.columns + self.growth()]))
    }

    fn gather(&self, indices: &[usize], output: &mut [f32]) -> io::Result<()> {
        if self.fails {
            return Err(io::Error::other("the tape tore"));
        }
        self.reads.fetch_add(indices.len(), Ordering::Relaxed);
        let rows = indices.len() - usize::from(self.reads_short && indices.contains(&0));
        for (row, &index) in output.chunks_exact_mut(self.columns).zip(indices).take(rows) {
            row.fill(if self.nan_in_row == Some(index) { f32::NAN } else { index as f32 / 100.0 });
        }
        Ok(())
    }
}

fn good() -> Reader {
    Reader { rows: 20, columns: 2, ..Reader::default() }
}

fn model() -> Model {
    let layers = Sequential::new([2]).add(Dense::new(2)).seed(0);
    layers.compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap()
}

fn quiet<'a>() -> FitOptions<'a> {
    FitOptions::new().batch_size(4).epochs(2).verbose(Verbose::Silent)
}

fn fit_error(x: &Reader, y: &Reader) -> String {
    model().fit(x, y, quiet()).unwrap_err().to_string()
}

#[test]
fn a_good_reader_is_trained_on() {
    let history = model().fit(&good(), &good(), quiet().sample_weight(&Array1::<f32>::ones(20))).unwrap();
    assert!(history["loss"][1] < history["loss"][0]);
}

#[test]
fn nothing_is_read_ahead_that_no_step_asks_for() {
    let (x, y) = (good(), good());
    model().fit(&x, &y, quiet().steps_per_epoch(2)).unwrap();
    assert_eq!([&x, &y].map(|reader| reader.reads.load(Ordering::Relaxed)), [16, 16]);
    model().predict_with(&x, EvaluateOptions::new().batch_size(4).steps(3).verbose(0)).unwrap();
    model().evaluate_with(&y, &y, EvaluateOptions::new().batch_size(4).steps(3).verbose(0)).unwrap();
    assert_eq!([&x, &y].map(|reader| reader.reads.load(Ordering::Relaxed)), [28, 40]);
}

#[test]
fn a_reader_that_fails_is_quoted() {
    let bad = Reader { fails: true, ..good() };
    assert_eq!(fit_error(&bad, &good()), "the data could not be read: the tape tore");
    assert_eq!(fit_error(&good(), &bad), "the data could not be read: the tape tore");
    assert_eq!(model().predict(&bad).unwrap_err().to_string(), "the data could not be read: the tape tore");
}

#[test]
fn a_value_that_is_not_finite_is_named_by_its_row_though_rows_are_shuffled() {
    let remedy = "replace or drop what is not a finite number before training";
    for row in [0, 7, 19] {
        let bad = Reader { nan_in_row: Some(row), ..good() };
        assert_eq!(fit_error(&bad, &good()), format!("row {row} of x contains NaN: {remedy}"));
        assert_eq!(fit_error(&good(), &bad), format!("row {row} of y contains NaN: {remedy}"));
        let weights = Reader { columns: 1, ..bad };
        let error = model().fit(&good(), &good(), quiet().sample_weight(&weights)).unwrap_err().to_string();
        assert_eq!(error, format!("row {row} of sample_weight contains NaN: {remedy}"));
    }
}

#[test]
fn what_a_reader_does_not_write_is_no_older_batch() {
    let short = Reader { reads_short: true, ..good() };
    assert!(fit_error(&short, &good()).contains(" of x contains NaN"));
    assert!(fit_error(&good(), &short).contains(" of y contains NaN"));
    let predictions = model().predict(&short).unwrap();
    assert_eq!(predictions.iter().filter(|value| value.is_nan()).count(), 2);
}

#[test]
fn a_reader_that_changes_its_mind_is_held_to_its_first_word() {
    let growing = || Reader { grows: Some(AtomicUsize::new(0)), ..good() };
    assert_eq!(model().fit(&growing(), &growing(), quiet()).unwrap()["loss"].len(), 2);
    assert_eq!(model().predict(&growing()).unwrap().shape(), [20, 2]);
}

#[test]
fn more_samples_than_memory_can_count_are_an_error() {
    let endless = Reader { rows: usize::MAX, ..good() };
    let error = fit_error(&endless, &endless);
    assert!(error.starts_with("the data could not be read: "), "{error}");
    let error = model().predict(&endless).unwrap_err().to_string();
    assert!(error.starts_with("the data could not be read: "), "{error}");
}
