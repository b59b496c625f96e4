//! The trainer: what turns a network into a trained model.

#![forbid(unsafe_code)]

mod exact_float;
mod history;
mod logs;
mod number_format;
mod suggestion;
mod verbose;

pub use history::{History, Params};
pub use logs::Logs;
#[doc(hidden)]
pub use suggestion::{did_you_mean, known_names};
pub use verbose::Verbose;
