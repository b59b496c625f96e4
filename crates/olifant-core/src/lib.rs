//! Tensors, automatic differentiation and CPU kernels for [Olifant](https://docs.rs/olifant).
//!
//! A computation is *recorded* on a [`Tape`], and its gradient is sent back along it:
//! [micrograd](https://github.com/karpathy/micrograd)'s idea, with whole tensors for numbers and buffers that are reused.
//! Values are [`Var`]s, small `Copy` handles with the usual operators; the numbers live in a [`Workspace`],
//! which goes from step to step, so that a step that has been seen before allocates nothing.
//! [`Weights`] hold what is learnt, in one flat buffer.
//!
//! ```
//! use olifant_core::{Axes, Mode, Tape, Weights, Workspace};
//!
//! // Find w with w² = 2 by gradient descent.
//! let mut weights = Weights::default();
//! let w = weights.add("w", [1], true);
//! weights.get_mut(w)[0] = 1.0;
//!
//! let mut workspace = Workspace::default();
//! for _ in 0..50 {
//!     let tape = Tape::record(workspace, &weights, Mode::Inference);
//!     let error = tape.weight(w).square() + -2.0;
//!     tape.backward(error.square().sum(Axes::All));
//!     workspace = tape.finish();
//!     weights.trainable_mut()[0] -= 0.05 * workspace.gradients()[0];
//! }
//! assert!((weights.get(w).data[0] - 2.0_f32.sqrt() as olifant_core::Float).abs() < 1e-5);
//! ```
//!
//! The crate knows nothing of layers: they are built on top of it.

// Conversions between `Float` and the two precisions do nothing in one of the two builds.
#![cfg_attr(feature = "f64", allow(clippy::useless_conversion, clippy::unnecessary_cast))]

mod added_loss;
mod axes;
mod backward;
mod element;
mod error;
mod gradient_check;
mod kernels;
mod operation;
mod operations;
mod random;
mod shape;
mod sliding;
mod tape;
mod tensor;
mod var;
mod var_list;
mod weights;
mod workspace;

pub use axes::Axes;
pub use element::{Element, Float};
pub use error::ShapeError;
pub use gradient_check::{GradientCheck, GradientError, gradient_check};
pub use kernels::{Scratch, Team, vectorised};
pub use operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs, Operation};
pub use operations::{
    Convolution, ConvolutionTranspose, DenseActivation, FillMode, IfNoneCounts, Interpolation, Pooling,
    RecurrentActivation, RecurrentOptions, RecurrentResult, RecurrentWeights,
};
pub use random::{Purpose, RandomKey};
pub use shape::{MAX_RANK, Shape};
pub use sliding::Padding;
pub use tape::{Mode, Tape, Var};
pub use tensor::{Buffer, Tensor, TensorView};
pub use var::Operand;
pub use var_list::VarList;
pub use weights::{Weight, WeightSpec, Weights};
pub use workspace::Workspace;
