//! What comes half a day from now, after Keras's example "Timeseries forecasting for weather prediction".
//!
//! ```sh
//! cargo run --release --example timeseries_forecasting
//! ```

use std::error::Error;

use article::{Options, expect, plot_metric};
use olifant::prelude::*;

/// How many hours the network looks back, and how many it is to look ahead.
const PAST: usize = 48;
const AHEAD: usize = 12;

/// Temperatures, hour by hour: days, weeks, and chance.
fn temperatures(hours: usize) -> Array1<f32> {
    Array1::from_shape_fn(hours, |hour| {
        let turn = |period: f64| (std::f64::consts::TAU * hour as f64 / period).sin();
        let chance = (hour as f64 * 0.618_034).fract() - 0.5;
        (12.0 + 6.0 * turn(24.0) + 3.0 * turn(24.0 * 7.0) + 2.0 * chance) as f32
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let series = temperatures(3_000);
    // Each sample is a window of the series, [time, features], and its target what is measured later.
    let samples = series.len() - PAST - AHEAD + 1;
    let x = Array3::from_shape_fn((samples, PAST, 1), |(start, time, _)| series[start + time]);
    let y = Array2::from_shape_fn((samples, 1), |(start, _)| series[start + PAST + AHEAD - 1]);
    // The past is to learn from, the future to test with: never at random, or neighbours would give the answer away.
    let split = samples * 4 / 5;
    let (x_train, x_test) = x.view().split_at(Axis(0), split);
    let (y_train, y_test) = y.view().split_at(Axis(0), split);

    let mut model = Sequential::new([PAST, 1])
        .add(Normalization::new().adapt(&x_train)?)
        .add(LSTM::new(32))
        .add(Dense::new(1))
        // The way back to degrees, so that the last layer need not learn large numbers.
        .add(Normalization::new().adapt(&y_train)?.invert(true))
        .seed(options.seed())
        .compile(Adam::new(0.005), MeanSquaredError::new(), [metrics::MeanAbsoluteError::new()])?;
    let fit = FitOptions::new().epochs(options.epochs(10)).batch_size(64).validation_split(0.1);
    let history = model.fit(x_train, y_train, fit)?;
    plot_metric(&history, "loss", &options.out("timeseries_forecasting")?)?;

    // Who claims to foresee something has to beat those who say that all stays as it is.
    let error = model.evaluate(x_test, y_test)?["mean_absolute_error"];
    let now = x_test.slice(s![.., PAST - 1, ..]);
    let naive = f64::from((&now - &y_test).abs().mean().unwrap_or(0.0));
    println!("\n{AHEAD} hours ahead the forecast is {error:.2} degrees off; \"as it is now\" is {naive:.2}");
    for hour in [0, 100, 200] {
        let forecast = model.predict(x_test.slice(s![hour..=hour, .., ..]))?[[0, 0]];
        println!("forecast {forecast:5.1}, measured {:5.1}", y_test[[hour, 0]]);
    }
    expect(error < 0.5 * naive, "the forecast is twice as good as no forecast")
}
