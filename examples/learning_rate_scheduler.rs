//! `LearningRateScheduler`: a learning rate for each epoch, here half of it every five epochs.
//!
//! ```sh
//! cargo run --release --example learning_rate_scheduler
//! ```

use std::error::Error;

use article::{Options, classifier, plot_metric};
use olifant::prelude::*;

/// Half the rate every five epochs, which count from 0.
fn scheduler(epoch: usize, lr: f64) -> f64 {
    if epoch > 0 && epoch.is_multiple_of(5) { lr * 0.5 } else { lr }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let ((x_train, y_train), _) = options.load_data()?;
    let out = options.out("learning_rate_scheduler")?;

    let mut model = classifier(options.seed())?;
    let fit = FitOptions::new().epochs(options.epochs(20)).batch_size(64).validation_split(0.2);
    let schedule = LearningRateScheduler::new(scheduler).verbose(1);
    let history = model.fit(&x_train, &y_train, fit.callback(schedule))?;

    println!();
    for (number, rates) in history["learning_rate"].chunks(5).enumerate() {
        let first = 5 * number + 1;
        println!("epochs {first:>2} to {:>2}: learning rate {:.6}", first + rates.len() - 1, rates[0]);
    }
    plot_metric(&history, "loss", &out)?;
    plot_metric(&history, "learning_rate", &out)
}
