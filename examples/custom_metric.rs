//! A metric of your own: what it adds up for each batch, and what the sums stand for.
//!
//! ```sh
//! cargo run --release --example custom_metric
//! ```

use std::error::Error;

use article::{Options, plot_metric};
use olifant::{Metric, MetricBatch, Objective, prelude::*};
use serde::{Deserialize, Serialize};

/// The share of predictions that are off by at most so much.
#[derive(Debug, Serialize, Deserialize)]
struct WithinTolerance {
    tolerance: f32,
}

#[typetag::serde(name = "examples/within_tolerance")]
impl Metric for WithinTolerance {
    fn name(&self) -> &str {
        "within_tolerance"
    }

    fn objective(&self) -> Objective {
        Objective::Maximize
    }

    // Two sums; their quotient is the value, unless `sums` and `result` say otherwise.
    fn update(&self, sums: &mut [f64], batch: &MetricBatch<'_>) {
        let pairs = batch.y_true.data.iter().zip(batch.y_pred.data);
        sums[0] += pairs.filter(|(t, p)| (*t - *p).abs() <= self.tolerance).count() as f64;
        sums[1] += batch.y_true.data.len() as f64;
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let out = options.out("custom_metric")?;
    // Evenly spread over [−1, 1), in no order: the last tenth is for validation.
    let x = Array2::from_shape_fn((2_000, 1), |(row, _)| 2.0 * (row as f32 * 0.618_034).fract() - 1.0);
    let y = x.mapv(|x| (3.0 * x).sin());

    let mut model = Sequential::new([1])
        .add(Dense::new(16).activation(Activation::Tanh))
        .add(Dense::new(1))
        .seed(options.seed())
        .compile(Adam::new(0.01), MeanSquaredError::new(), WithinTolerance { tolerance: 0.1 })?;
    // It is monitored like any other, and callbacks know that more is better.
    let mut early_stopping = EarlyStopping::new().monitor("val_within_tolerance").patience(5);
    let fit = FitOptions::new().epochs(options.epochs(30)).batch_size(32).validation_split(0.1);
    let history = model.fit(&x, &y, fit.callback(&mut early_stopping))?;

    let path = out.join("model.olifant");
    model.save(&path)?;
    println!("\nof the loaded model: {}", Model::load(&path)?.evaluate(&x, &y)?);
    plot_metric(&history, "within_tolerance", &out)
}
