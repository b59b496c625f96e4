//! `ModelCheckpoint`: the weights after every epoch, in files named after what was reached.
//!
//! ```sh
//! cargo run --release --example model_checkpoint
//! ```

use std::error::Error;

use article::{Options, classifier, plot_metric};
use olifant::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let ((x_train, y_train), (x_test, y_test)) = options.load_data()?;
    let out = options.out("model_checkpoint")?;

    let mut model = classifier(options.seed())?;
    let filepath = out.join("{epoch:02d}-{val_loss:.4f}.weights.olifant");
    let mut checkpoint = ModelCheckpoint::new(filepath).save_weights_only(true).verbose(1);
    let fit = FitOptions::new().epochs(options.epochs(10)).batch_size(64).validation_split(0.2);
    let history = model.fit(&x_train, &y_train, fit.callback(&mut checkpoint))?;
    plot_metric(&history, "loss", &out)?;

    // Another model of the same shape knows nothing yet.
    let mut fresh = classifier(options.seed() + 1)?;
    let untrained = fresh.evaluate(&x_test, &y_test)?;
    println!("\na new model on the test images: accuracy {:5.2}%", 100.0 * untrained["accuracy"]);

    let latest = checkpoint.last_saved().ok_or("no epoch was run, so nothing was saved")?;
    fresh.load_weights(latest)?;
    println!("loaded {}", latest.display());
    let restored = fresh.evaluate(&x_test, &y_test)?;
    println!("the same model after that:      accuracy {:5.2}%", 100.0 * restored["accuracy"]);
    Ok(())
}
