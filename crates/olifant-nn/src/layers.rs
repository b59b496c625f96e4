//! The built-in layers.

mod activation_layer;
mod convolutional;
mod defaults;
mod dense;
mod dropout;
mod flatten;
mod merge;
mod per_axis;
mod pooling;
mod reshape;

pub use olifant_core::Padding;

pub use activation_layer::ActivationLayer;
pub use convolutional::{Conv, Conv1D, Conv2D, Conv3D};
pub use dense::Dense;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use merge::{Add, Average, Maximum, Minimum, Multiply, Subtract};
pub use per_axis::PerAxis;
pub use pooling::{
    AveragePooling, AveragePooling1D, AveragePooling2D, AveragePooling3D, GlobalAveragePooling,
    GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D, GlobalMaxPooling,
    GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D, MaxPooling, MaxPooling1D, MaxPooling2D,
    MaxPooling3D,
};
pub use reshape::Reshape;
