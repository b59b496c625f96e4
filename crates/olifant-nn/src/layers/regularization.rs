//! Layers that disturb their inputs in training, or ask that they be small, so that what is learnt does not depend on details.

mod activity_regularization;
mod alpha_dropout;
mod dropout;
mod gaussian_dropout;
mod gaussian_noise;
mod noise_shape;
mod spatial_dropout;

pub use activity_regularization::ActivityRegularization;
pub use alpha_dropout::AlphaDropout;
pub use dropout::Dropout;
pub use gaussian_dropout::GaussianDropout;
pub use gaussian_noise::GaussianNoise;
pub use spatial_dropout::{SpatialDropout1D, SpatialDropout2D, SpatialDropout3D};
