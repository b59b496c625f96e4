//! The rules by which gradients change weights.
//!
//! All of them have Keras's defaults, and the same builder methods for what is common to all:
//! `weight_decay`, `clipnorm`, `clipvalue`, `global_clipnorm`.

mod adam;
mod adam_w;
mod sgd;

pub use adam::Adam;
pub use adam_w::AdamW;
pub use sgd::Sgd;
