//! `LambdaCallback`: closures at the events of training. One prints, one writes a log of JSON lines.
//!
//! ```sh
//! cargo run --release --example lambda_callback
//! ```

use std::error::Error;
use std::fs::{self, File};
use std::io::Write;

use article::{Options, classifier, plot_metric};
use olifant::{CallbackError, prelude::*};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let ((x_train, y_train), _) = options.load_data()?;
    let out = options.out("lambda_callback")?;

    let printing = LambdaCallback::new()
        .on_epoch_begin(|training| training.message(&format!("epoch {} begins", training.epoch() + 1)))
        .on_batch_end(|training, logs| {
            let batch = training.batch() + 1;
            if batch.is_multiple_of(25) {
                training.message(&format!("  after batch {batch:>3} the loss is {:.4}", logs["loss"]));
            }
        })
        .on_train_end(|training, _| training.message("training has ended"));

    let path = out.join("training.jsonl");
    let mut file = File::create(&path)?;
    let writing = LambdaCallback::new().on_epoch_end(|training, logs| {
        let line = json!({"epoch": training.epoch(), "loss": logs["loss"], "val_loss": logs["val_loss"]});
        writeln!(file, "{line}").map_err(|error| CallbackError::new(format!("cannot write the log: {error}")))
    });

    let mut model = classifier(options.seed())?;
    let fit = FitOptions::new().epochs(options.epochs(5)).batch_size(64).validation_split(0.2);
    let history = model.fit(&x_train, &y_train, fit.callback(printing).callback(writing))?;

    println!("\n{} holds:\n{}", path.display(), fs::read_to_string(&path)?);
    plot_metric(&history, "loss", &out)
}
