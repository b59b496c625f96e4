//! The trainer: what turns a network into a trained model.

#![forbid(unsafe_code)]

mod atomic_file;
mod batches;
mod callback;
mod callback_list;
mod class_weight;
mod compiled_losses;
mod error;
mod evaluate;
mod exact_float;
mod fit;
mod fit_options;
mod history;
mod identity;
mod logs;
mod metric_list;
mod model;
mod number_format;
mod on_batch;
mod plan;
mod plot_model;
mod predict;
mod progress;
mod read_ahead;
mod resume;
mod run;
mod running;
mod samples;
mod saving;
mod shuffle;
mod snapshot;
mod state;
mod stream;
mod training;
mod validation_freq;
mod verbose;

pub use atomic_file::WriteError;
pub use callback::{Callback, HookResult};
pub use callback_list::CallbackList;
pub use error::{CallbackError, FitError};
pub use evaluate::EvaluateOptions;
pub use fit_options::{FitOptions, IntoFitOptions};
#[cfg(feature = "plot")]
pub use history::PlotError;
pub use history::{History, Params};
pub use logs::Logs;
pub use model::{Compile, Model};
pub use on_batch::BatchOptions;
pub use plan::Plan;
pub use plot_model::{PlotModel, PlotModelError, Rankdir, plot_model};
pub use progress::Progress;
pub use samples::{Arrays, IntoArrays, Samples};
pub use saving::{LoadError, SaveError};
pub use shuffle::Shuffle;
pub use snapshot::{Checkpoint, Snapshot};
pub use state::State;
pub use stream::{Stream, StreamSamples};
pub use training::{Ending, Stop, Training};
pub use validation_freq::ValidationFreq;
pub use verbose::Verbose;
