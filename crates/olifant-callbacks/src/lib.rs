//! Keras's callbacks, built on nothing but the public interface that any callback has.
//!
//! | callback | what it does |
//! |---|---|
//! | [`EarlyStopping`] | stops when a value no longer improves, and may restore the best weights |
//! | [`ModelCheckpoint`] | saves the model or its weights, every so often or at its best, and deletes older or worse files if asked |
//! | [`BackupAndRestore`] | keeps a backup of the whole run, from which the next `fit` goes on to the same bits |
//! | [`ReduceLROnPlateau`] | lowers the learning rate when a value no longer improves |
//! | [`LearningRateScheduler`] | sets the learning rate of each epoch, or of each batch |
//! | [`CSVLogger`] | writes a file with a row for each epoch |
//! | [`SwapEMAWeights`] | measures the moving averages of the weights instead of the weights |
//! | [`BestWeights`] | keeps the best weights in memory, and puts them back |
//! | [`ProgressBar`] | draws the progress of a hand-written loop |
//! | [`TimeLimit`] | stops when training has taken so much time |
//! | [`Timer`] | measures how long epochs and batches take |
//! | [`TerminateOnNaN`] | stops when the loss is no finite number |
//! | [`LambdaCallback`] | calls closures |
//! | `TensorBoard` (feature `tensorboard`) | writes files that TensorBoard shows |
//! | `RemoteMonitor` (feature `remote`) | sends each epoch to a server |
//!
//! Options, defaults, order of events and messages are those of Keras 3, with these differences:
//!
//! - A name that can never be in the logs, an option outside its range and an unsuitable file name are errors before
//!   the first step; Keras warns after each epoch, or fails in the midst of training.
//! - A value that this epoch lacks, because of `validation_freq`, is passed over without a warning; and
//!   [`ModelCheckpoint`] with `save_best_only` then does not replace its best file, which Keras does.
//! - NaN is never the best value. In Keras a first NaN is, and nothing is ever better.
//! - Where the metric does not say which way it improves, its name is asked before `mode` is demanded.
//! - When training ended by an error, no weights are restored.

#![forbid(unsafe_code)]

mod backup_and_restore;
mod best_weights;
mod csv_logger;
mod early_stopping;
mod file_name;
mod format_spec;
mod grown_file;
mod kept_files;
mod lambda_callback;
mod learning_rate_scheduler;
mod model_checkpoint;
mod monitor;
mod progress_bar;
mod python_float;
mod reduce_lr_on_plateau;
#[cfg(feature = "remote")]
mod remote_monitor;
mod save_freq;
mod stopwatch;
mod swap_ema_weights;
#[cfg(feature = "tensorboard")]
mod tensor_board;
mod terminate_on_nan;
mod time_limit;
mod timer;
mod weights_copy;

pub use backup_and_restore::BackupAndRestore;
pub use best_weights::BestWeights;
pub use csv_logger::CSVLogger;
pub use early_stopping::EarlyStopping;
pub use lambda_callback::{IntoHookResult, LambdaCallback};
pub use learning_rate_scheduler::LearningRateScheduler;
pub use model_checkpoint::ModelCheckpoint;
pub use monitor::Mode;
pub use progress_bar::ProgressBar;
pub use reduce_lr_on_plateau::ReduceLROnPlateau;
#[cfg(feature = "remote")]
pub use remote_monitor::RemoteMonitor;
pub use save_freq::SaveFreq;
pub use swap_ema_weights::SwapEMAWeights;
#[cfg(feature = "tensorboard")]
pub use tensor_board::{TensorBoard, UpdateFreq};
pub use terminate_on_nan::TerminateOnNaN;
pub use time_limit::TimeLimit;
pub use timer::Timer;
