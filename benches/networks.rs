//! What the benchmarks share: the article's network, and data of the article's size that needs no files.

use olifant::{BuildError, Optimizer, prelude::*};
use olifant_datasets::{DatasetError, Images, SyntheticDigits};

/// So many synthetic digits, the same in every run.
///
/// # Errors
///
/// Memory does not suffice.
pub fn digits(count: usize) -> Result<Images, DatasetError> {
    SyntheticDigits::new(0).dataset().train().take(count).read()
}

/// The article's network, 784-300-100-10, with this optimizer.
///
/// # Errors
///
/// An option of the optimizer is outside its range.
pub fn classifier(optimizer: impl Optimizer) -> Result<Model, BuildError> {
    Sequential::new([28, 28])
        .add(Flatten::new())
        .add(Dense::new(300).activation(Activation::Relu))
        .add(Dense::new(100).activation(Activation::Relu))
        .add(Dense::new(10).activation(Activation::Softmax))
        .seed(1)
        .compile(optimizer, SparseCategoricalCrossentropy::new(), [Accuracy::new()])
}

/// A larger one with dropout, 784-512-512-10.
///
/// # Errors
///
/// An option of the optimizer is outside its range.
pub fn large_classifier(optimizer: impl Optimizer) -> Result<Model, BuildError> {
    Sequential::new([28, 28])
        .add(Flatten::new())
        .add(Dense::new(512).activation(Activation::Relu))
        .add(Dropout::new(0.2))
        .add(Dense::new(512).activation(Activation::Relu))
        .add(Dropout::new(0.2))
        .add(Dense::new(10).activation(Activation::Softmax))
        .seed(1)
        .compile(optimizer, SparseCategoricalCrossentropy::new(), [Accuracy::new()])
}

/// A small convolutional network, two convolutions with pooling and a dense layer, with dropout.
///
/// # Errors
///
/// An option of the optimizer is outside its range.
pub fn convolutional_classifier(optimizer: impl Optimizer) -> Result<Model, BuildError> {
    Sequential::new([28, 28])
        .add(Reshape::new([28, 28, 1]))
        .add(Conv2D::new(32, 3).activation(Activation::Relu))
        .add(MaxPooling2D::new(2))
        .add(Conv2D::new(64, 3).activation(Activation::Relu))
        .add(MaxPooling2D::new(2))
        .add(Flatten::new())
        .add(Dropout::new(0.5))
        .add(Dense::new(10).activation(Activation::Softmax))
        .seed(1)
        .compile(optimizer, SparseCategoricalCrossentropy::new(), [Accuracy::new()])
}

/// A recurrent network that reads images row by row, 28 × 28-LSTM 128-10.
///
/// # Errors
///
/// An option of the optimizer is outside its range.
pub fn recurrent_classifier(optimizer: impl Optimizer) -> Result<Model, BuildError> {
    Sequential::new([28, 28])
        .add(LSTM::new(128))
        .add(Dense::new(10).activation(Activation::Softmax))
        .seed(1)
        .compile(optimizer, SparseCategoricalCrossentropy::new(), [Accuracy::new()])
}

/// As many layers as asked for, all of the same width and with as many inputs; the last one tells classes apart.
///
/// # Errors
///
/// An option of the optimizer is outside its range.
pub fn deep_classifier(layers: usize, units: usize, optimizer: impl Optimizer) -> Result<Model, BuildError> {
    let dense = |activation| Dense::new(units).activation(activation);
    (1..layers)
        .fold(Sequential::new([units]), |network, _| network.add(dense(Activation::Relu)))
        .add(dense(Activation::Softmax))
        .seed(1)
        .compile(optimizer, SparseCategoricalCrossentropy::new(), [Accuracy::new()])
}
