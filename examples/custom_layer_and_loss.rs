//! A layer and a loss of your own: write the formula; the gradient follows, and so does saving.
//!
//! ```sh
//! cargo run --release --example custom_layer_and_loss
//! ```

use std::error::Error;

use article::{Options, plot_metric};
use olifant::core::{Shape, Var, Weight};
use olifant::{BuildError, Layer, Loss, WeightBuilder, prelude::*};
use serde::{Deserialize, Serialize};

/// y = x · σ(βx), with a slope β that each unit learns (Ramachandran, Zoph, Le 2017).
#[derive(Debug, Default, Serialize, Deserialize)]
struct Swish {
    #[serde(skip)]
    beta: Weight,
}

#[typetag::serde(name = "examples/swish")]
impl Layer for Swish {
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        self.beta = weights.add("beta", *input, &Initializer::Ones)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        let beta = x.tape().weight(self.beta);
        x * (beta * x).sigmoid()
    }
}

/// Being too low costs `quantile` per unit, being too high 1 − `quantile` (Koenker, Bassett 1978).
#[derive(Debug, Serialize, Deserialize)]
struct QuantileLoss {
    quantile: f32,
}

#[typetag::serde(name = "examples/quantile_loss")]
impl Loss for QuantileLoss {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let error = y_true - y_pred;
        (error * self.quantile).maximum(error * (self.quantile - 1.0)).mean(-1)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let out = options.out("custom_layer_and_loss")?;
    // y = x² + noise, evenly spread over [0, 1): below x² + 0.9 lie nine tenths of all y.
    let x = Array2::from_shape_fn((4_000, 1), |(row, _)| row as f32 / 2_000.0 - 1.0);
    let y =
        Array2::from_shape_fn((4_000, 1), |(row, _)| x[[row, 0]].powi(2) + (row as f32 * 0.618_034).fract());

    let mut model = Sequential::new([1])
        .add(Dense::new(16))
        .add(Swish::default())
        .add(Dense::new(1))
        .seed(options.seed())
        .compile(Adam::new(0.01), QuantileLoss { quantile: 0.9 }, ())?;
    let history = model.fit(&x, &y, FitOptions::new().epochs(options.epochs(30)).batch_size(64))?;

    let path = out.join("quantile.olifant");
    model.save(&path)?;
    let predictions = Model::load(&path)?.predict(&x)?;
    let below = y.iter().zip(&predictions).filter(|(y, prediction)| y < prediction).count();
    println!("\n{:.1}% of the data lie below the line of 90%", 100.0 * below as f64 / y.len() as f64);
    plot_metric(&history, "loss", &out)
}
