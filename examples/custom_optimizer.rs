//! An optimizer of your own: the rule, and the names of what it remembers; the rest is done for it.
//!
//! ```sh
//! cargo run --release --example custom_optimizer
//! ```

use std::error::Error;

use article::{Options, plot_metric};
use olifant::{Optimizer, OptimizerOptions, UpdateStep, prelude::*};
use serde::{Deserialize, Serialize};

/// Each weight has a step of its own: longer while its gradient keeps its sign, shorter when that turns
/// (Riedmiller, Braun 1993: Rprop).
#[derive(Debug, Serialize, Deserialize)]
struct Rprop {
    options: OptimizerOptions,
}

#[typetag::serde(name = "examples/rprop")]
impl Optimizer for Rprop {
    fn slots(&self) -> &'static [&'static str] {
        &["sign", "step"]
    }

    fn initial_value(&self, slot: usize) -> f32 {
        [0.0, self.options.learning_rate.at(0)][slot]
    }

    fn update(&self, _: &UpdateStep, weights: &mut [f32], gradients: &[f32], slots: &mut [&mut [f32]]) {
        let [signs, steps] = slots else { unreachable!("there are two slots") };
        for (((w, g), sign), step) in weights.iter_mut().zip(gradients).zip(&mut **signs).zip(&mut **steps) {
            let before = std::mem::replace(sign, if *g == 0.0 { 0.0 } else { g.signum() });
            *step = (*step * [0.5, 1.0, 1.2][(before * *sign + 1.0) as usize]).clamp(1e-6, 1.0);
            *w -= *sign * *step;
        }
    }

    fn options(&self) -> &OptimizerOptions {
        &self.options
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let out = options.out("custom_optimizer")?;
    let x = Array2::from_shape_fn((500, 1), |(row, _)| row as f32 / 250.0 - 1.0);
    let y = x.mapv(|x| (3.0 * x).sin());

    let mut model = Sequential::new([1])
        .add(Dense::new(16).activation(Activation::Tanh))
        .add(Dense::new(1))
        .seed(options.seed())
        .compile(Rprop { options: OptimizerOptions::new(0.01) }, MeanSquaredError::new(), ())?;
    // Rprop compares gradients of the same data: a batch is everything.
    let whole = |epochs| FitOptions::new().epochs(epochs).batch_size(500).verbose(Verbose::Epochs);
    model.fit(&x, &y, whole(options.epochs(100)))?;

    // The file keeps the steps and signs, so the loaded model goes on as if nothing had been.
    let path = out.join("model.olifant");
    model.save(&path)?;
    let history = Model::load(&path)?.fit(&x, &y, whole(options.epochs(100)))?;
    plot_metric(&history, "loss", &out)
}
