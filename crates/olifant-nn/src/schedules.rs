//! Learning rates that change with the number of steps made.
//!
//! An optimizer takes a schedule in the place of a number: `Sgd::new(CosineDecay::new(0.1, 10_000))`.
//! Steps count from 0; rates are computed in double precision.

mod cosine_decay;
mod cosine_decay_restarts;
mod exponential_decay;
mod inverse_time_decay;
mod piecewise_constant_decay;
mod polynomial_decay;

pub use cosine_decay::CosineDecay;
pub use cosine_decay_restarts::CosineDecayRestarts;
pub use exponential_decay::ExponentialDecay;
pub use inverse_time_decay::InverseTimeDecay;
pub use piecewise_constant_decay::PiecewiseConstantDecay;
pub use polynomial_decay::PolynomialDecay;
