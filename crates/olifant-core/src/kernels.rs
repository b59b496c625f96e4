//! Slices in, slices out: the loops that take the time.
//!
//! The only place of the workspace where `unsafe` and threads are allowed.
//! Work is split by outputs, never by the terms of a sum: results are the same bits for any number of threads.

pub(crate) mod broadcast;
pub(crate) mod bytes;
pub(crate) mod convolution;
pub(crate) mod dispatch;
pub(crate) mod functions;
pub(crate) mod lanes;
pub(crate) mod matmul;
pub(crate) mod parallel;
pub(crate) mod pooling;
pub(crate) mod prefetch;
pub(crate) mod row_blocks;
pub(crate) mod sliding;
mod sums;
pub(crate) mod team;
pub(crate) mod transpose;
mod vector;

pub use dispatch::vectorised;
pub use matmul::Scratch;
pub use team::Team;
