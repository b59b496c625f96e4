//! Normalization layers.

mod batch_normalization;
mod gamma_and_beta;
mod group_normalization;
mod layer_normalization;
mod rms_normalization;
mod unit_normalization;

pub use batch_normalization::BatchNormalization;
use gamma_and_beta::{GammaAndBeta, check_epsilon, gamma_and_beta_options};
pub use group_normalization::GroupNormalization;
pub use layer_normalization::LayerNormalization;
pub use rms_normalization::RMSNormalization;
pub use unit_normalization::UnitNormalization;
pub(super) use unit_normalization::to_unit_length;
