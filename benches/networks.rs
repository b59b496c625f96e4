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
