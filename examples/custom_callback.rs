//! Callbacks of your own: implement the events you care for.
//!
//! ```sh
//! cargo run --release --example custom_callback
//! ```

use std::error::Error;

use article::{Options, classifier, plot_metric};
use olifant::{Plan, prelude::*};

/// Shows after each epoch how far the model does worse on data it has not seen: much above 1, it learns by heart.
#[derive(Default)]
struct ValTrainRatio {
    ratios: Vec<f64>,
}

impl Callback for ValTrainRatio {
    fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        let ratio = logs["val_loss"] / logs["loss"];
        training.message(&format!("epoch {}: val/train = {ratio:.2}", training.epoch() + 1));
        self.ratios.push(ratio);
        Ok(())
    }
}

/// Stops training as soon as the accuracy is good enough.
struct StopAtAccuracy(f64);

impl Callback for StopAtAccuracy {
    // An error now, if the model was compiled without this metric, and not after the first epoch.
    fn check(&self, plan: &Plan<'_>) -> HookResult {
        plan.expect_epoch_log("StopAtAccuracy", "accuracy")
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        if logs["accuracy"] >= self.0 {
            let epoch = training.epoch() + 1;
            training.message(&format!("epoch {epoch}: accuracy reached {:.2}, stopping", self.0));
            training.stop("the accuracy is good enough");
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let ((x_train, y_train), _) = options.load_data()?;
    let out = options.out("custom_callback")?;

    let mut model = classifier(options.seed())?;
    let mut ratio = ValTrainRatio::default();
    let fit = FitOptions::new().epochs(options.epochs(50)).batch_size(64).validation_split(0.2);
    let history = model.fit(
        &x_train,
        &y_train,
        fit.callbacks((&mut ratio, StopAtAccuracy(0.87))).verbose(Verbose::Epochs),
    )?;

    let (epochs, ratios) = (history.epoch().len(), &ratio.ratios);
    println!("\nafter {epochs} epochs the ratio went from {:.2} to {:.2}", ratios[0], ratios[epochs - 1]);
    plot_metric(&history, "loss", &out)
}
