//! `CSVLogger`: a file with a row for each epoch, which any program can read.
//!
//! ```sh
//! cargo run --release --example csv_logger
//! ```

use std::error::Error;
use std::path::Path;

use article::{Options, classifier, plot_metric};
use olifant::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let ((x_train, y_train), _) = options.load_data()?;
    let out = options.out("csv_logger")?;
    let path = out.join("training.csv");

    let mut model = classifier(options.seed())?;
    let csv_logger = CSVLogger::new(&path);
    let fit = FitOptions::new().epochs(options.epochs(10)).batch_size(64).validation_split(0.2);
    let history = model.fit(&x_train, &y_train, fit.callback(csv_logger))?;

    println!("\n{} holds:", path.display());
    print_table(&path)?;
    plot_metric(&history, "loss", &out)
}

/// Reads a CSV file and prints it in columns; epochs count from 0 in it, as in Keras's files.
fn print_table(path: &Path) -> Result<(), csv::Error> {
    let mut reader = csv::Reader::from_path(path)?;
    for name in reader.headers()? {
        print!("{name:>14}");
    }
    println!();
    for row in reader.records() {
        for field in &row? {
            match field.parse::<f64>() {
                Ok(number) if field.contains('.') => print!("{number:>14.6}"),
                _ => print!("{field:>14}"),
            }
        }
        println!();
    }
    Ok(())
}
