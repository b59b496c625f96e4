//! The trainer: what turns a network into a trained model.

#![forbid(unsafe_code)]

mod atomic_file;
mod exact_float;
mod history;
mod logs;
mod number_format;
mod progress;
mod suggestion;
mod verbose;

pub use atomic_file::WriteError;
#[doc(hidden)]
pub use atomic_file::write_atomically;
#[cfg(feature = "plot")]
pub use history::PlotError;
pub use history::{History, Params};
pub use logs::Logs;
pub use progress::Progress;
#[doc(hidden)]
pub use suggestion::{did_you_mean, known_names};
pub use verbose::Verbose;
