//! Trains a model of these parts for some epochs, saves it, and trains on: `my-parts before.olifant after.olifant`.

use std::error::Error;

use my_parts::{Distance, HeavyBall, MeanPrediction, Scale};
use olifant::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<_> = std::env::args_os().skip(1).collect();
    let [before, after] = &files[..] else { return Err("expected the names of two files".into()) };
    let x = array![[0.0], [1.0], [2.0], [3.0]];
    let y = array![[0.0], [3.0], [6.0], [9.0]];
    let mut model = Sequential::new([1]).add(Scale::default()).add(Dense::new(1)).seed(1).compile(
        HeavyBall(OptimizerOptions::new(0.01)),
        Distance,
        MeanPrediction,
    )?;
    let fit = || FitOptions::new().epochs(3).batch_size(2).shuffle(false).verbose(0);
    model.fit(&x, &y, fit())?;
    model.save(before)?;
    model.fit(&x, &y, fit())?;
    model.save(after)?;
    Ok(())
}
