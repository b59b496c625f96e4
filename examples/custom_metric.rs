//! A metric of your own: what it adds up for each batch. Callbacks know it, and files keep it.

use article::{Options, small_network, wave};
use olifant::prelude::*;
use serde::{Deserialize, Serialize};

/// The share of predictions that are off by at most so much: the quotient of the two sums.
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

    fn update(&self, sums: &mut [f64], batch: &MetricBatch<'_>) {
        let pairs = batch.y_true.data.iter().zip(batch.y_pred.data);
        sums[0] += pairs.filter(|(t, p)| (*t - *p).abs() <= self.tolerance).count() as f64;
        sums[1] += batch.y_true.data.len() as f64;
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (options, (x, y), metric) = (Options::read(), wave(), WithinTolerance { tolerance: 0.1 });
    let mut model = small_network(options.seed()).compile(Adam::new(0.01), Huber::new(), metric)?;
    let mut early_stopping = EarlyStopping::new().monitor("within_tolerance").patience(10);
    model.fit(&x, &y, FitOptions::new().epochs(options.epochs(50)).callback(&mut early_stopping))?;
    let path = options.out("custom_metric")?.join("model.olifant");
    model.save(&path)?;
    Model::load(&path)?.fit(&x, &y, FitOptions::new().epochs(options.epochs(10)))?; // watches the same number
    Ok(())
}
