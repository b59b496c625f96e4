//! `ReduceLROnPlateau`: smaller steps when larger ones no longer help.
//!
//! ```sh
//! cargo run --release --example reduce_lr_on_plateau
//! ```

use std::error::Error;

use article::{Options, classifier, plot_metric};
use olifant::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let ((x_train, y_train), _) = options.load_data()?;
    let out = options.out("reduce_lr_on_plateau")?;

    let mut model = classifier(options.seed())?;
    // With so small a rate val_loss falls a little in almost every epoch, for hundreds of them. What counts as a plateau
    // here is therefore less than 0.01 in two epochs; with the default min_delta, 0.0001, we would wait for long.
    let reduce_lr = ReduceLROnPlateau::new()
        .monitor("val_loss")
        .factor(0.2)
        .patience(2)
        .min_delta(0.01)
        .min_lr(0.001)
        .verbose(1);
    let fit = FitOptions::new().epochs(options.epochs(50)).batch_size(64).validation_split(0.2);
    let history = model.fit(&x_train, &y_train, fit.callback(reduce_lr))?;

    println!();
    let rates = &history["learning_rate"];
    for (epoch, pair) in (1..).zip(rates.windows(2)).filter(|(_, pair)| pair[0] != pair[1]) {
        println!("after epoch {epoch} the learning rate went from {:.4} to {:.4}", pair[0], pair[1]);
    }
    plot_metric(&history, "loss", &out)?;
    plot_metric(&history, "learning_rate", &out)
}
