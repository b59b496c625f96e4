//! Layers, losses, metrics and optimizers for [Olifant](https://docs.rs/olifant), and the network they form.
#![forbid(unsafe_code)]

mod activation;
mod constraint;
mod error;
mod functional;
mod initializer;
mod layer;
pub mod layers;
mod loss;
pub mod losses;
mod metric;
pub mod metrics;
mod network;
mod optimizer;
mod optimizer_options;
mod optimizer_state;
pub mod optimizers;
mod regularizer;
mod schedule;
pub mod schedules;
mod sequential;
mod suggestion;
mod summary;
mod text_vectorization;

pub use activation::Activation;
pub use constraint::Constraint;
pub use error::{BuildError, with_batch};
pub use functional::{CallOn, Functional, Input, IntoSymbols, SharedLayer, Symbol};
pub use initializer::{Fan, Initializer, Scaled};
pub use layer::{Filling, Layer, WeightBuilder};
pub use loss::{IntoLosses, Loss, TargetError};
pub use metric::{IntoMetrics, Metric, MetricBatch, MetricsByOutput, Objective, OutputMetric};
pub use network::{Connection, GraphView, LayerView, Named, Network, Node, Trainable, Vertex};
pub use optimizer::{MAX_SLOTS, Optimizer, UpdateStep};
pub use optimizer_options::OptimizerOptions;
pub use optimizer_state::{OptimizerState, Update, WeightUpdate};
pub use regularizer::Regularizer;
pub use schedule::{LearningRate, Schedule};
pub use sequential::Sequential;
#[doc(hidden)]
pub use suggestion::{did_you_mean, known_names};
pub use summary::{Summary, keras_shapes};
pub use text_vectorization::{Split, Standardize, TextOutput, TextVectorization};
