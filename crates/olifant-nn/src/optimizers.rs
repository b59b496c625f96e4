//! The rules by which gradients change weights.
//!
//! All of them have Keras's defaults, and the same builder methods for what is common to all:
//! `weight_decay`, `clipnorm`, `clipvalue`, `global_clipnorm`.

mod adadelta;
mod adagrad;
mod adam;
mod adam_w;
mod adamax;
mod lion;
mod numbers;
mod rms_prop;
mod sgd;

pub use adadelta::Adadelta;
pub use adagrad::Adagrad;
pub use adam::Adam;
pub use adam_w::AdamW;
pub use adamax::Adamax;
pub use lion::Lion;
pub use rms_prop::RmsProp;
pub use sgd::Sgd;
