//! Layers that look values up by how well their keys fit a query.

mod additive;
mod dot_product;
mod inputs;
mod multi_head;
mod weigh;

pub use additive::AdditiveAttention;
pub use dot_product::{Attention, ScoreMode};
pub use multi_head::MultiHeadAttention;
