//! Deep learning on the CPU with Keras's `fit` and callbacks.
//!
//! ```no_run
//! use olifant::prelude::*;
//! # fn data() -> (Array3<f32>, Array1<u8>) { unimplemented!() }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (x_train, y_train) = data();
//! let mut model = Sequential::new([28, 28])
//!     .add(Flatten::new())
//!     .add(Dense::new(300).activation(Activation::Relu))
//!     .add(Dense::new(100).activation(Activation::Relu))
//!     .add(Dense::new(10).activation(Activation::Softmax))
//!     .compile(Sgd::new(0.01), SparseCategoricalCrossentropy::new(), [Accuracy::new()])?;
//! println!("{}", model.summary());
//!
//! let mut early_stopping = EarlyStopping::new();              // monitor val_loss, patience 0
//! let history = model.fit(&x_train, &y_train, FitOptions::new()
//!     .epochs(50).batch_size(64).validation_split(0.2).verbose(Verbose::Epochs)
//!     .callback(&mut early_stopping))?;
//! # #[cfg(feature = "plot")]
//! history.plot("loss", "loss.svg")?;                          // the article's plot_metric
//! println!("stopped at {:?}", early_stopping.stopped_epoch());
//!
//! let mut early_stopping = EarlyStopping::new().monitor("loss");
//! let callbacks = (&mut early_stopping, TerminateOnNaN::new());
//! let history = model.fit(&x_train, &y_train, callbacks)?;    // only callbacks: every option is Keras's default
//! # let _ = history;
//! # Ok(())
//! # }
//! ```
//!
//! | to | see |
//! |---|---|
//! | describe a network | [`Sequential`], [`Functional`], [`layers`] |
//! | decide how it is trained | [`Compile::compile`], [`optimizers`], [`losses`], [`metrics`] |
//! | train, measure, use, keep it | [`Model`], [`FitOptions`], [`History`] |
//! | watch and steer training | [`callbacks`], [`Callback`] |
//! | write a layer, loss, metric or optimizer of your own | [`Layer`], [`Loss`], [`Metric`], [`Optimizer`], [`core`] |
//!
//! # Features
//!
//! `interrupt`: `BackupAndRestore::save_on_interrupt`, with which Ctrl-C makes a backup. `plot`: [`History`] draws its curves
//! as SVG and PNG. `remote`: the callback `RemoteMonitor`, which sends each epoch
//! to a server. `tensorboard`: the callback `TensorBoard`, which writes what TensorBoard shows. Nothing is on by default.

pub use ndarray;
pub use olifant_callbacks as callbacks;
pub use olifant_core as core;
pub use olifant_nn::{
    Activation, BuildError, CallOn, Connection, Constraint, Functional, GraphView, Initializer, Input,
    IntoLosses, IntoMetrics, IntoSymbols, Layer, LayerView, LearningRate, Loss, Metric, MetricBatch,
    MetricsByOutput, Named, Network, Node, Objective, Optimizer, OptimizerOptions, OptimizerState,
    Regularizer, Schedule, Sequential, SharedLayer, Split, Standardize, Summary, Symbol, TargetError,
    TextOutput, TextVectorization, Trainable, Update, UpdateStep, Vertex, WeightBuilder, WeightUpdate,
    layers, losses, metrics, optimizers, schedules,
};
#[cfg(feature = "plot")]
pub use olifant_train::PlotError;
pub use olifant_train::{
    Arrays, BatchOptions, Callback, CallbackError, CallbackList, Checkpoint, Compile, Ending,
    EvaluateOptions, FitError, FitOptions, History, HookResult, IntoArrays, IntoFitOptions, LoadError, Logs,
    Model, Params, Plan, PlotModel, PlotModelError, Progress, Rankdir, Samples, SaveError, Shuffle, Snapshot,
    State, Stop, Stream, StreamSamples, Training, ValidationFreq, Verbose, WriteError, plot_model,
};

/// Everything a training program needs, with one `use`; layers, losses, metrics, optimizers and schedules of its own included.
///
/// Losses and metrics of the same name are reached through [`losses`] and [`metrics`].
pub mod prelude {
    pub use ndarray::prelude::*;
    pub use olifant_callbacks::*;
    pub use olifant_core::{Axes, Float, Shape, TensorView, Var, VarList, Weight};
    pub use olifant_nn::{
        Activation, BuildError, CallOn, Constraint, Functional, Initializer, Input, Layer, Loss, Metric,
        MetricBatch, MetricsByOutput, Named, Objective, Optimizer, OptimizerOptions, Regularizer, Schedule,
        Sequential, SharedLayer, Split, Standardize, Symbol, TargetError, TextOutput, TextVectorization,
        Trainable, Update, UpdateStep, WeightBuilder,
        layers::*,
        losses::{
            BinaryCrossentropy, CategoricalCrossentropy, Huber, MeanAbsoluteError, MeanSquaredError,
            SparseCategoricalCrossentropy,
        },
        metrics::{
            AUC, Accuracy, F1Score, Precision, Recall, SparseTopKCategoricalAccuracy, TopKCategoricalAccuracy,
        },
        optimizers::*,
        schedules::*,
    };
    pub use olifant_train::{
        BatchOptions, Callback, CallbackError, Compile, EvaluateOptions, FitOptions, History, HookResult,
        Logs, Model, PlotModel, Rankdir, Shuffle, State, Training, Verbose, plot_model,
    };

    pub use crate::{losses, metrics};
}

/// The guide's programs, which are compiled as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide.md")]
struct Guide;
