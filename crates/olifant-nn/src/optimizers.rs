//! The rules by which gradients change weights.
//!
//! All of them have Keras's defaults, and the same builder methods for what is common to all:
//! `weight_decay` and `exclude_from_weight_decay`; `clipnorm`, `clipvalue`, `global_clipnorm`; `loss_scale_factor`;
//! `gradient_accumulation_steps`; `use_ema`, `ema_momentum`, `ema_overwrite_frequency`.
//! [`OptimizerOptions`](crate::OptimizerOptions) says what each does.

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
