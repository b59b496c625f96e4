//! The main job: train, watch, keep the best, and use it.
//!
//! ```sh
//! cargo run --release --example mnist
//! ```

use std::error::Error;

use article::{Options, classifier, plot_metric};
use olifant::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let ((x_train, y_train), (x_test, y_test)) = options.load_data()?;
    let out = options.out("mnist")?;

    let mut model = classifier(options.seed())?;
    println!("{}", model.summary());

    let best_file = out.join("best.olifant");
    let mut early_stopping = EarlyStopping::new().patience(5).restore_best_weights(true).verbose(1);
    let mut checkpoint = ModelCheckpoint::new(&best_file).save_best_only(true).verbose(1);
    // Two epochs that gain less than 0.01 are a plateau: with small steps on clean digits the loss never quite rests.
    let reduce_lr = ReduceLROnPlateau::new().min_delta(0.01).factor(0.2).patience(2).min_lr(0.001).verbose(1);
    let csv_logger = CSVLogger::new(out.join("training.csv"));

    let fit = FitOptions::new().epochs(options.epochs(30)).batch_size(64).validation_split(0.2);
    let callbacks = (&mut early_stopping, &mut checkpoint, reduce_lr, csv_logger);
    let history = model.fit(&x_train, &y_train, fit.callbacks(callbacks))?;

    let epochs = history.epoch().len();
    match early_stopping.stopped_epoch() {
        Some(_) => println!("\nstopped early, after {epochs} of {} epochs", history.params().epochs),
        None => println!("\nran all {epochs} epochs"),
    }
    for metric in ["loss", "accuracy", "learning_rate"] {
        plot_metric(&history, metric, &out)?;
    }

    let test = model.evaluate(&x_test, &y_test)?;
    println!("\n{} test images: {test}", y_test.len());
    // Training ended with the weights of its best epoch, and the file holds those of the same epoch.
    let best = Model::load(&best_file)?;
    let is_same = best.predict(&x_test)? == model.predict(&x_test)?;
    println!(
        "{} predicts {}",
        best_file.display(),
        if is_same { "the same, bit for bit" } else { "otherwise" }
    );
    if is_same { Ok(()) } else { Err("the model that was loaded is not the one that was saved".into()) }
}
