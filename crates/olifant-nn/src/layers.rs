//! The built-in layers.

mod activations;
mod activity_regularizer;
mod attention;
mod bidirectional;
mod concatenate;
mod convolutional;
mod defaults;
mod dense;
mod dot;
mod embedding;
mod flatten;
mod gru;
mod identity;
mod ids;
mod lambda;
mod last_axes;
mod lstm;
mod masking;
mod merge;
mod normalization;
mod options;
mod per_axis;
mod permute;
mod pooling;
mod preprocessing;
mod recurrent;
mod regularization;
mod repeat_vector;
mod reshape;
mod reshaping;
mod simple_rnn;
mod time_distributed;
mod weight_options;

pub use olifant_core::{FillMode, Interpolation, Padding};

pub use activations::{ActivationLayer, ELU, LeakyReLU, PReLU, ReLU, Softmax};
pub use attention::{AdditiveAttention, Attention, MultiHeadAttention, ScoreMode};
pub use bidirectional::{Bidirectional, MergeMode};
pub use concatenate::Concatenate;
pub use convolutional::{
    Conv, Conv1D, Conv1DTranspose, Conv2D, Conv2DTranspose, Conv3D, Conv3DTranspose, ConvTranspose,
    DepthwiseConv, DepthwiseConv1D, DepthwiseConv2D, SeparableConv, SeparableConv1D, SeparableConv2D,
};
pub use dense::Dense;
pub use dot::{Dot, DotAxes};
pub use embedding::Embedding;
pub use flatten::Flatten;
pub use gru::GRU;
pub use identity::Identity;
pub use lambda::Lambda;
pub use lstm::LSTM;
pub use masking::Masking;
pub use merge::{Add, Average, Maximum, Minimum, Multiply, Subtract};
pub use normalization::{
    BatchNormalization, GroupNormalization, LayerNormalization, RMSNormalization, UnitNormalization,
};
pub use per_axis::PerAxis;
pub use permute::Permute;
pub use pooling::{
    AveragePooling, AveragePooling1D, AveragePooling2D, AveragePooling3D, GlobalAveragePooling,
    GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D, GlobalMaxPooling,
    GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D, MaxPooling, MaxPooling1D, MaxPooling2D,
    MaxPooling3D,
};
pub use preprocessing::{
    CategoryEncoding, Discretization, Factor, FlipMode, Hashing, Normalization, OutputMode, RandomFlip,
    RandomRotation, RandomTranslation, RandomZoom, Rescaling,
};
pub use recurrent::RecurrentLayer;
pub use regularization::{
    ActivityRegularization, AlphaDropout, Dropout, GaussianDropout, GaussianNoise, SpatialDropout1D,
    SpatialDropout2D, SpatialDropout3D,
};
pub use repeat_vector::RepeatVector;
pub use reshape::{Reshape, TargetShape};
pub use reshaping::{
    Cropping, Cropping1D, Cropping2D, Cropping3D, Sides, UpSampling, UpSampling1D, UpSampling2D,
    UpSampling3D, ZeroPadding, ZeroPadding1D, ZeroPadding2D, ZeroPadding3D,
};
pub use simple_rnn::SimpleRNN;
pub use time_distributed::TimeDistributed;
