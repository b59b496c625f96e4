//! The built-in metrics: one file each, with its formula.
//!
//! A metric of several values per sample, such as an accuracy over time steps, takes the mean of each sample first;
//! the sample's weight, or 1, then weighs that mean: Σ w·v / Σ w.
//! Where each time step has a weight of its own, that weighs the step's value.
//! Sums are kept in double precision, where Keras keeps single.
//!
//! A metric is one number. Where Keras's has several, one for each threshold or class, there is one metric for each here,
//! with a [`name`](Precision::name) of its own, or an average.

mod accuracy;
mod auc;
mod binary_accuracy;
mod binary_counts;
mod binary_crossentropy;
mod binary_iou;
mod categorical_accuracy;
mod categorical_crossentropy;
mod categorical_hinge;
mod concordance_correlation;
mod confusion_matrix;
mod cosine_similarity;
mod curve;
mod f1_score;
mod f_score;
mod false_negatives;
mod false_positives;
mod fbeta_score;
mod hinge;
mod iou;
mod kl_divergence;
mod log_cosh_error;
mod loss_mean;
mod mean_absolute_error;
mod mean_absolute_percentage_error;
mod mean_iou;
mod mean_squared_error;
mod mean_squared_logarithmic_error;
mod methods_of_part;
mod moments;
mod one_hot_iou;
mod one_hot_mean_iou;
mod operating_point;
mod overlaps;
mod pearson_correlation;
mod poisson;
mod precision;
mod precision_at_recall;
mod r2_score;
mod ranking;
mod ratio;
mod recall;
mod recall_at_precision;
mod root_mean_squared_error;
mod sensitivity_at_specificity;
mod sparse_categorical_accuracy;
mod sparse_categorical_crossentropy;
mod sparse_top_k_categorical_accuracy;
mod specificity_at_sensitivity;
mod squared_hinge;
mod top_k_categorical_accuracy;
mod true_negatives;
mod true_positives;
mod weighted_mean;

pub use accuracy::Accuracy;
pub use auc::{AUC, Curve, SummationMethod};
pub use binary_accuracy::BinaryAccuracy;
pub use binary_crossentropy::BinaryCrossentropy;
pub use binary_iou::BinaryIoU;
pub use categorical_accuracy::CategoricalAccuracy;
pub use categorical_crossentropy::CategoricalCrossentropy;
pub use categorical_hinge::CategoricalHinge;
pub use concordance_correlation::ConcordanceCorrelation;
pub use confusion_matrix::confusion_matrix;
pub use cosine_similarity::CosineSimilarity;
pub use f_score::Average;
pub use f1_score::F1Score;
pub use false_negatives::FalseNegatives;
pub use false_positives::FalsePositives;
pub use fbeta_score::FBetaScore;
pub use hinge::Hinge;
pub use iou::IoU;
pub use kl_divergence::KLDivergence;
pub use log_cosh_error::LogCoshError;
pub use mean_absolute_error::MeanAbsoluteError;
pub use mean_absolute_percentage_error::MeanAbsolutePercentageError;
pub use mean_iou::MeanIoU;
pub use mean_squared_error::MeanSquaredError;
pub use mean_squared_logarithmic_error::MeanSquaredLogarithmicError;
pub use one_hot_iou::OneHotIoU;
pub use one_hot_mean_iou::OneHotMeanIoU;
pub use pearson_correlation::PearsonCorrelation;
pub use poisson::Poisson;
pub use precision::Precision;
pub use precision_at_recall::PrecisionAtRecall;
pub use r2_score::{ClassAggregation, R2Score};
pub use recall::Recall;
pub use recall_at_precision::RecallAtPrecision;
pub use root_mean_squared_error::RootMeanSquaredError;
pub use sensitivity_at_specificity::SensitivityAtSpecificity;
pub use sparse_categorical_accuracy::SparseCategoricalAccuracy;
pub use sparse_categorical_crossentropy::SparseCategoricalCrossentropy;
pub use sparse_top_k_categorical_accuracy::SparseTopKCategoricalAccuracy;
pub use specificity_at_sensitivity::SpecificityAtSensitivity;
pub use squared_hinge::SquaredHinge;
pub use top_k_categorical_accuracy::TopKCategoricalAccuracy;
pub use true_negatives::TrueNegatives;
pub use true_positives::TruePositives;
