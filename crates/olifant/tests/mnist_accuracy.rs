//! On real MNIST the networks become as good as Keras's.
//!
//! Keras's accuracies of the article's network are made by `olifant-train/tests/keras/mnist_accuracy.py`.
//! Where the data is not at hand (see `olifant_datasets::mnist`), there is nothing to compare, and the tests say so.

use std::{error::Error, io::Write};

use olifant::prelude::*;
use olifant_datasets::{Dataset, DatasetError};
use serde_json::Value;

const EPOCHS: usize = 12;

/// MNIST, if it is there. Else whoever runs the tests is told where it was looked for:
/// the stream itself is written to, as the test harness hides what macros print in tests that pass.
fn mnist() -> Result<Option<Dataset>, Box<dyn Error>> {
    match olifant_datasets::mnist() {
        Err(error @ DatasetError::NotFound { .. }) => {
            writeln!(std::io::stderr(), "there is no real MNIST to learn: {error}")?;
            Ok(None)
        }
        found => Ok(Some(found?)),
    }
}

#[test]
fn five_seeds_reach_keras_accuracy() -> Result<(), Box<dyn Error>> {
    let Some(dataset) = mnist()? else { return Ok(()) };
    let train = dataset.train().take(10_000).read()?;
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

/// Trains on all images, until so large a part of the test images is told correctly, for six epochs at most.
fn reach(accuracy: f64, network: Sequential) -> Result<(), Box<dyn Error>> {
    let Some(dataset) = mnist()? else { return Ok(()) };
    let (train, test) = (dataset.train().read()?, dataset.test().read()?);
    let mut model =
        network.seed(1).compile(Adam::new(0.001), SparseCategoricalCrossentropy::new(), [Accuracy::new()])?;
    let until = LambdaCallback::new().on_epoch_end(|training, logs| {
        if logs["val_accuracy"] >= accuracy {
            training.stop("it is good enough");
        }
        Ok(())
    });
    let options = FitOptions::new().epochs(6).batch_size(128).verbose(Verbose::Silent);
    let options = options.validation_data(&test.x, &test.y).callback(until);
    let history = model.fit(&train.x, &train.y, options)?;
    let reached = &history["val_accuracy"];
    assert!(reached.last().is_some_and(|last| *last >= accuracy), "test accuracies {reached:?}");
    Ok(())
}

/// The network of [Keras's example](https://keras.io/examples/vision/mnist_convnet/).
#[test]
#[cfg_attr(debug_assertions, ignore = "takes two minutes without optimization")]
fn the_convolutional_network_tells_99_of_100_images() -> Result<(), Box<dyn Error>> {
    let network = Sequential::new([28, 28])
        .add(Reshape::new([28, 28, 1]))
        .add(Conv2D::new(32, 3).activation(Activation::Relu))
        .add(MaxPooling2D::new(2))
        .add(Conv2D::new(64, 3).activation(Activation::Relu))
        .add(MaxPooling2D::new(2))
        .add(Flatten::new())
        .add(Dropout::new(0.5))
        .add(Dense::new(10).activation(Activation::Softmax));
    reach(0.99, network)
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes two minutes without optimization")]
fn an_lstm_that_reads_row_by_row_tells_98_of_100_images() -> Result<(), Box<dyn Error>> {
    let network =
        Sequential::new([28, 28]).add(LSTM::new(128)).add(Dense::new(10).activation(Activation::Softmax));
    reach(0.98, network)
}
