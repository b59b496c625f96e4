//! An optimizer of your own: the rule, and the names of what it remembers; the rest is done for it.

use article::{Options, small_network, wave};
use olifant::prelude::*;
use serde::{Deserialize, Serialize};

/// A heavy ball that rolls downhill: v ← 0.9 v − ηg, then w ← w + v (Polyak 1964).
#[derive(Debug, Serialize, Deserialize)]
struct HeavyBall(OptimizerOptions);

#[typetag::serde(name = "examples/heavy_ball")]
impl Optimizer for HeavyBall {
    fn slots(&self) -> &'static [&'static str] {
        &["velocity"]
    }

    fn update(&self, step: &UpdateStep, update: Update<'_>) {
        update.in_pieces(|weights, gradients, [velocity]| {
            for ((w, g), v) in weights.iter_mut().zip(gradients).zip(velocity) {
                *v = 0.9 * *v - step.learning_rate * g;
                *w += *v;
            }
        });
    }

    fn options(&self) -> &OptimizerOptions {
        &self.0
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (options, (x, y), ball) = (Options::read(), wave(), HeavyBall(OptimizerOptions::new(0.05)));
    let mut model = small_network(options.seed()).compile(ball, MeanSquaredError::new(), ())?;
    model.fit(&x, &y, FitOptions::new().epochs(options.epochs(30)))?;
    let path = options.out("custom_optimizer")?.join("model.olifant");
    model.save(&path)?; // with the velocities, so that the loaded model rolls on
    Model::load(&path)?.fit(&x, &y, FitOptions::new().epochs(options.epochs(30)))?;
    Ok(())
}
