//! What is done to data before it is learnt from, as part of the network.

mod category_encoding;
mod discretization;
mod encoding;
mod hashing;
mod image_sampling;
mod normalization;
mod numbering;
mod random_flip;
mod random_rotation;
mod random_translation;
mod random_zoom;
mod rescaling;

pub use category_encoding::CategoryEncoding;
pub use discretization::Discretization;
pub use encoding::OutputMode;
pub use hashing::Hashing;
pub use image_sampling::Factor;
pub use normalization::Normalization;
pub use random_flip::{FlipMode, RandomFlip};
pub use random_rotation::RandomRotation;
pub use random_translation::RandomTranslation;
pub use random_zoom::RandomZoom;
pub use rescaling::Rescaling;
