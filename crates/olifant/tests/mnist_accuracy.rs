//! On real MNIST the article's network becomes as good as Keras's.
//!
//! Keras's accuracies are made by `olifant-train/tests/keras/mnist_accuracy.py`.
//! Where the data is not at hand (see `olifant_datasets::mnist`), there is nothing to compare.

use olifant::prelude::*;
use serde_json::Value;

const EPOCHS: usize = 12;

#[test]
fn five_seeds_reach_keras_accuracy() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::var_os("OLIFANT_DATASETS").is_none() {
        eprintln!("OLIFANT_DATASETS is not set: real MNIST is not compared with Keras");
        return Ok(());
    }
    let train = olifant_datasets::mnist()?.train().take(10_000).read()?;
    let mut accuracies = Vec::new();
    for seed in 1..=5 {
        let mut model = Sequential::new([28, 28])
            .add(Flatten::new())
            .add(Dense::new(300).activation(Activation::Relu))
            .add(Dense::new(100).activation(Activation::Relu))
            .add(Dense::new(10).activation(Activation::Softmax))
            .seed(seed)
            .compile(Sgd::new(0.01), SparseCategoricalCrossentropy::new(), [Accuracy::new()])?;
        let options =
            FitOptions::new().epochs(EPOCHS).batch_size(64).validation_split(0.2).verbose(Verbose::Silent);
        let history = model.fit(&train.x, &train.y, options)?;
        let accuracy = history["val_accuracy"][EPOCHS - 1];
        assert!(accuracy >= 0.885, "seed {seed}: validation accuracy {accuracy}");
        accuracies.push(accuracy);
    }
    let golden: Value =
        serde_json::from_str(include_str!("../../olifant-train/tests/keras/mnist_accuracy.json"))?;
    let keras = golden["final_val_accuracy"]["mean"].as_f64().ok_or("the golden file has no mean")?;
    let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
    assert!((mean - keras).abs() < 0.005, "mean {mean} of {accuracies:?}, Keras has {keras}");
    Ok(())
}
