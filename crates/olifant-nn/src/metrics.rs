//! The built-in metrics: one file each, with its formula.
//!
//! A metric of several values per sample, such as an accuracy over time steps, takes the mean of each sample first;
//! the sample's weight, or 1, then weighs that mean: Σ w·v / Σ w.
//! Where each time step has a weight of its own, that weighs the step's value.
//! Sums are kept in double precision, where Keras keeps single.

mod accuracy;
mod binary_accuracy;
mod categorical_accuracy;
mod mean_absolute_error;
mod mean_squared_error;
mod ranking;
mod root_mean_squared_error;
mod sparse_categorical_accuracy;
mod sparse_top_k_categorical_accuracy;
mod top_k_categorical_accuracy;
mod weighted_mean;

pub use accuracy::Accuracy;
pub use binary_accuracy::BinaryAccuracy;
pub use categorical_accuracy::CategoricalAccuracy;
pub use mean_absolute_error::MeanAbsoluteError;
pub use mean_squared_error::MeanSquaredError;
pub use root_mean_squared_error::RootMeanSquaredError;
pub use sparse_categorical_accuracy::SparseCategoricalAccuracy;
pub use sparse_top_k_categorical_accuracy::SparseTopKCategoricalAccuracy;
pub use top_k_categorical_accuracy::TopKCategoricalAccuracy;
