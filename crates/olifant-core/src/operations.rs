//! The built-in operations: one file each, with its formula, forward and backward.
//!
//! To add one, write its file and name it in the list below.

use std::sync::Arc;

use crate::Operation;
use elementwise::{Binary, Unary};

pub(crate) mod elementwise;
mod pooling;
mod recurrent;
mod reshape;
mod rowwise;

/// Declares the modules, and the enum that holds any operation without a heap allocation.
macro_rules! built_in {
    (
        unary { $($unary_module:ident::$Unary:ident,)* }
        binary { $($binary_module:ident::$Binary:ident,)* }
        other { $($module:ident::$Operation:ident,)* }
    ) => {
        $(mod $unary_module;)*
        $(mod $binary_module;)*
        $(mod $module;)*

        /// Any operation that a tape can hold.
        #[derive(Debug)]
        pub(crate) enum BuiltIn {
            $($Unary(Unary<$unary_module::$Unary>),)*
            $($Binary(Binary<$binary_module::$Binary>),)*
            $($Operation($module::$Operation),)*
            Custom(Arc<dyn Operation>),
        }

        impl BuiltIn {
            pub(crate) fn as_operation(&self) -> &dyn Operation {
                match self {
                    $(BuiltIn::$Unary(operation) => operation,)*
                    $(BuiltIn::$Binary(operation) => operation,)*
                    $(BuiltIn::$Operation(operation) => operation,)*
                    BuiltIn::Custom(operation) => &**operation,
                }
            }
        }

        $(impl From<$unary_module::$Unary> for BuiltIn {
            fn from(function: $unary_module::$Unary) -> BuiltIn {
                BuiltIn::$Unary(Unary(function))
            }
        })*
        $(impl From<$binary_module::$Binary> for BuiltIn {
            fn from(function: $binary_module::$Binary) -> BuiltIn {
                BuiltIn::$Binary(Binary(function))
            }
        })*
        $(impl From<$module::$Operation> for BuiltIn {
            fn from(operation: $module::$Operation) -> BuiltIn {
                BuiltIn::$Operation(operation)
            }
        })*
    };
}

built_in! {
    unary {
        abs::Abs,
        clip::Clip,
        erf::Erf,
        exp::Exp,
        expm1::Expm1,
        log::Log,
        negate::Negate,
        pow::Pow,
        relu::Relu,
        sigmoid::Sigmoid,
        softplus::Softplus,
        sqrt::Sqrt,
        square::Square,
        tanh::Tanh,
    }
    binary {
        add::Add,
        divide::Divide,
        equal::Equal,
        greater::Greater,
        less::Less,
        maximum::Maximum,
        minimum::Minimum,
        multiply::Multiply,
        sigmoid_cross_entropy::SigmoidCrossEntropy,
        subtract::Subtract,
    }
    other {
        affine_transform::AffineTransform,
        average_pool::AveragePool,
        concatenate::Concatenate,
        convolution::Convolution,
        convolution_transpose::ConvolutionTranspose,
        ctc::Ctc,
        dense::Dense,
        dropout::Dropout,
        embedding::Embedding,
        flip::Flip,
        gather::Gather,
        gru::Gru,
        layer_normalization::LayerNormalization,
        log_softmax::LogSoftmax,
        lstm::Lstm,
        masked_softmax::MaskedSoftmax,
        matmul::Matmul,
        max::Max,
        max_pool::MaxPool,
        mean::Mean,
        moments::Moments,
        normalize::Normalize,
        random_values::RandomValues,
        select::Select,
        simple_rnn::SimpleRnn,
        slice::Slice,
        softmax::Softmax,
        softmax_cross_entropy::SoftmaxCrossEntropy,
        sum::Sum,
        transpose::Transpose,
    }
}

impl BuiltIn {
    /// Whether its backward pass begins with zeros for all gradients of outputs that are not positive, if they are not yet there.
    pub(crate) fn is_rectifier(&self) -> bool {
        match self {
            BuiltIn::Convolution(convolution) => convolution.is_rectifier(),
            BuiltIn::Dense(dense) => dense.is_rectifier(),
            _ => false,
        }
    }
}

pub use affine_transform::{FillMode, Interpolation};
pub use convolution::Convolution;
pub use convolution_transpose::ConvolutionTranspose;
pub use dense::DenseActivation;
pub use masked_softmax::IfNoneCounts;
pub use pooling::Pooling;
pub use recurrent::{RecurrentActivation, RecurrentOptions, RecurrentResult, RecurrentWeights};
