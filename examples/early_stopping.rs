//! `EarlyStopping`: training ends when it no longer helps.
//!
//! ```sh
//! cargo run --release --example early_stopping
//! ```

use std::error::Error;

use article::{Options, classifier, plot_metric};
use olifant::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let ((x_train, y_train), _) = options.load_data()?;
    let out = options.out("early_stopping")?;

    println!("EarlyStopping with its defaults: val_loss, patience 0");
    let mut model = classifier(options.seed())?;
    let mut early_stopping = EarlyStopping::new();
    // The article's 50 epochs suffice for Fashion-MNIST; on cleaner digits val_loss may fall for longer.
    let fit = FitOptions::new().epochs(options.epochs(100)).batch_size(64).validation_split(0.2);
    let history = model.fit(&x_train, &y_train, fit.callback(&mut early_stopping))?;
    report(&early_stopping, &history, "val_loss");
    plot_metric(&history, "loss", &out)?;

    println!("\nEarlyStopping on val_accuracy: three epochs that bring less than 0.001 are enough");
    let mut model = classifier(options.seed())?;
    let mut early_stopping =
        EarlyStopping::new().monitor("val_accuracy").patience(3).min_delta(0.001).mode(Mode::Max).verbose(1);
    let fit = FitOptions::new().epochs(options.epochs(100)).batch_size(64).validation_split(0.2);
    let history = model.fit(&x_train, &y_train, fit.callback(&mut early_stopping))?;
    report(&early_stopping, &history, "val_accuracy");
    plot_metric(&history, "accuracy", &out)
}

/// Says where training stopped, and why there.
fn report(early_stopping: &EarlyStopping, history: &History, monitor: &str) {
    match early_stopping.stopped_epoch() {
        Some(epoch) => println!("stopped after epoch {} of {}", epoch + 1, history.params().epochs),
        None => println!("not stopped: {monitor} improved to the end"),
    }
    if let (Some(best), Some(epoch)) = (early_stopping.best(), early_stopping.best_epoch()) {
        let last = history.last(monitor).unwrap_or(f64::NAN);
        println!("best {monitor} {best:.4} at epoch {}, last {last:.4}", epoch + 1);
    }
}
