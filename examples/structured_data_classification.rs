//! A table whose columns are numbers and categories, after Keras's example "Structured data classification from scratch".
//!
//! ```sh
//! cargo run --release --example structured_data_classification
//! ```

use std::error::Error;

use article::{Options, expect, plot_metric};
use olifant::prelude::*;

/// How many patients there are: made up, and like real ones in that nobody knows everything about them.
const PATIENTS: usize = 4_000;

/// A column of the table. The values of different columns have nothing to do with each other.
fn column(prime: f64, value: impl Fn(f64) -> f64) -> Array2<f32> {
    Array2::from_shape_fn((PATIENTS, 1), |(row, _)| value((row as f64 * prime.sqrt()).fract()) as f32)
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let ages = column(2.0, |share| (30.0 + 45.0 * share).floor());
    let pressures = column(3.0, |share| 100.0 + 90.0 * share);
    let pains = column(5.0, |share| (4.0 * share).floor()); // 0 to 3: the kind of pain
    let smokers = column(7.0, |share| if share < 0.4 { 1.0 } else { 0.0 });
    let chance = column(11.0, |share| 2.0 * share - 1.0);
    let is_ill = Array1::from_shape_fn(PATIENTS, |row| {
        let pain = [-1.5, 0.0, 0.5, 1.5][pains[[row, 0]] as usize];
        let risk = (ages[[row, 0]] - 52.0) / 15.0 + (pressures[[row, 0]] - 145.0) / 30.0 + pain;
        u8::from(risk + smokers[[row, 0]] + chance[[row, 0]] > 0.4)
    });

    // An input for each column; what the numbers need before they can be learnt from is a part of the model.
    let [age, pressure, pain, smokes] =
        ["age", "pressure", "pain", "smokes"].map(|name| Input::named(name, [1]));
    let features = Concatenate::new().on([
        // Mean 0 and variance 1, as found in the data.
        &Normalization::new().adapt(&ages)?.on(&age),
        &Normalization::new().adapt(&pressures)?.on(&pressure),
        // A category has no size: four numbers, of which one is 1.
        &CategoryEncoding::new(4).output_mode(OutputMode::OneHot).on(&pain),
        &smokes,
    ]);
    let x = Dense::new(32).activation(Activation::Relu).on(&features);
    let x = Dropout::new(0.5).on(&x);
    let probability = Dense::new(1).activation(Activation::Sigmoid).on(&x);
    let mut model = Functional::new([&age, &pressure, &pain, &smokes], &probability)
        .seed(options.seed())
        .compile(Adam::new(0.01), BinaryCrossentropy::new(), (Accuracy::new(), AUC::new()))?;
    println!("{}", model.summary());

    let fit = FitOptions::new().epochs(options.epochs(20)).validation_split(0.2);
    let history = model.fit([&ages, &pressures, &pains, &smokers], &is_ill, fit)?;
    plot_metric(&history, "accuracy", &options.out("structured_data_classification")?)?;

    // As the table has it: the model knows how to prepare the numbers.
    let patient = [array![[60.0]], array![[145.0]], array![[2.0]], array![[1.0]]];
    let probability = model.predict(patient.each_ref())?[[0, 0]];
    println!("\na smoker of 60 with that pain is ill with a probability of {:.1}%", 100.0 * probability);
    let accuracy = history.last("val_accuracy").unwrap_or(0.0);
    expect(accuracy > 0.75 && probability > 0.5, "the network knows who is ill")
}
