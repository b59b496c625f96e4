//! The built-in losses: one file each, with its formula.
//!
//! A loss takes the mean (or the sum) over the last axis and keeps the others, so there is one number per sample or time step.
//!
//! # Probabilities and logits
//!
//! If predictions are the result of a softmax, or of a sigmoid, a cross-entropy is computed from what that was computed from:
//! where probabilities have been rounded to 0 or 1 it is still exact, and so is its gradient.
//! Any other probabilities are clipped to [10⁻⁷, 1 − 10⁻⁷], which leaves hopeless predictions without a gradient.
//! Both are Keras's behaviour.

use olifant_core::Float;

mod alignment;
mod binary_crossentropy;
mod binary_focal_crossentropy;
mod categorical_crossentropy;
mod categorical_focal_crossentropy;
mod categorical_generalized_cross_entropy;
mod categorical_hinge;
mod circle;
mod cosine_similarity;
mod ctc;
mod dice;
mod hinge;
mod huber;
mod kl_divergence;
mod label_smoothing;
mod log_cosh;
mod mean_absolute_error;
mod mean_absolute_percentage_error;
mod mean_squared_error;
mod mean_squared_logarithmic_error;
mod poisson;
mod sparse_categorical_crossentropy;
mod squared_hinge;
mod target_values;
mod tversky;

pub use binary_crossentropy::BinaryCrossentropy;
pub use binary_focal_crossentropy::BinaryFocalCrossentropy;
pub use categorical_crossentropy::CategoricalCrossentropy;
pub use categorical_focal_crossentropy::CategoricalFocalCrossentropy;
pub use categorical_generalized_cross_entropy::CategoricalGeneralizedCrossEntropy;
pub use categorical_hinge::CategoricalHinge;
pub use circle::Circle;
pub use cosine_similarity::CosineSimilarity;
pub use ctc::CTC;
pub use dice::Dice;
pub use hinge::Hinge;
pub use huber::Huber;
pub use kl_divergence::KLDivergence;
pub use log_cosh::LogCosh;
pub use mean_absolute_error::MeanAbsoluteError;
pub use mean_absolute_percentage_error::MeanAbsolutePercentageError;
pub use mean_squared_error::MeanSquaredError;
pub use mean_squared_logarithmic_error::MeanSquaredLogarithmicError;
pub use poisson::Poisson;
pub use sparse_categorical_crossentropy::SparseCategoricalCrossentropy;
pub use squared_hinge::SquaredHinge;
pub use tversky::Tversky;

/// The small number that keeps logarithms and quotients finite; Keras's `epsilon()`.
const EPSILON: Float = 1e-7;
