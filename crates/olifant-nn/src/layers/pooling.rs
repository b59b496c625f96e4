//! Layers that keep one number of many.

mod average_pooling;
mod global;
mod global_average_pooling;
mod global_max_pooling;
mod max_pooling;
mod windows;

pub use average_pooling::{AveragePooling, AveragePooling1D, AveragePooling2D, AveragePooling3D};
pub use global_average_pooling::{
    GlobalAveragePooling, GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D,
};
pub use global_max_pooling::{GlobalMaxPooling, GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D};
pub use max_pooling::{MaxPooling, MaxPooling1D, MaxPooling2D, MaxPooling3D};
