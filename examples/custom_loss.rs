//! A loss of your own: write the formula; the gradient follows, and so does saving.

use article::Options;
use olifant::prelude::*;
use serde::{Deserialize, Serialize};

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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::read();
    // Noise, evenly spread over [0, 1), on a line: below x + 0.9 lie nine tenths of all y.
    let x = Array2::from_shape_fn((4_000, 1), |(row, _)| row as f32 / 2_000.0 - 1.0);
    let y = Array2::from_shape_fn((4_000, 1), |(row, _)| x[[row, 0]] + (row as f32 * 0.618_034).fract());
    let network = Sequential::new([1]).add(Dense::new(1)).seed(options.seed());
    let mut model = network.compile(Adam::new(0.01), QuantileLoss { quantile: 0.9 }, ())?;
    model.fit(&x, &y, FitOptions::new().epochs(options.epochs(10)))?;

    let path = options.out("custom_loss")?.join("model.olifant");
    model.save(&path)?;
    let mut model = Model::load(&path)?; // the file knows the loss and its quantile
    model.fit(&x, &y, FitOptions::new().epochs(options.epochs(10)))?;
    let below = y.iter().zip(&model.predict(&x)?).filter(|(y, line)| y < line).count();
    println!("{:.1}% of the data lie below the line of 90%", below as f32 / 40.0);
    Ok(())
}
