//! The built-in layers.

mod activation_layer;
mod dense;
mod dropout;
mod flatten;
mod merge;
mod reshape;

pub use activation_layer::ActivationLayer;
pub use dense::Dense;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use merge::{Add, Average, Maximum, Minimum, Multiply, Subtract};
pub use reshape::Reshape;
