//! The options of a layer's weights: how each is filled, a penalty on it, and a limit that it is put back to.

use olifant_core::{Shape, Weight};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Initializer, Regularizer, WeightBuilder};

/// Declares the options of a weight under the names that they have in files.
macro_rules! weight_options {
    ($($Options:ident: $initializer:ident = $first:expr, $regularizer:ident;)*) => {
        $(
            #[derive(Clone, Debug, Serialize, Deserialize)]
            #[serde(default)]
            pub(crate) struct $Options {
                pub(crate) $initializer: Initializer,
                pub(crate) $regularizer: Option<Regularizer>,
            }

            impl Default for $Options {
                fn default() -> $Options {
                    $Options { $initializer: $first, $regularizer: None }
                }
            }

            impl $Options {
                /// Creates a weight with these options.
                pub(crate) fn add(
                    &self,
                    name: &str,
                    shape: Shape,
                    weights: &mut WeightBuilder<'_>,
                ) -> Result<Weight, BuildError> {
                    let weight = weights.add(name, shape, &self.$initializer)?;
                    weights.regularize(weight, self.$regularizer)?;
                    Ok(weight)
                }
            }
        )*
    };
}

weight_options! {
    KernelOptions: kernel_initializer = Initializer::GlorotUniform, kernel_regularizer;
    BiasOptions: bias_initializer = Initializer::Zeros, bias_regularizer;
    RecurrentKernelOptions: recurrent_initializer = Initializer::orthogonal(), recurrent_regularizer;
    DepthwiseOptions: depthwise_initializer = Initializer::GlorotUniform, depthwise_regularizer;
    PointwiseOptions: pointwise_initializer = Initializer::GlorotUniform, pointwise_regularizer;
    EmbeddingsOptions: embeddings_initializer = Initializer::random_uniform(), embeddings_regularizer;
    GammaOptions: gamma_initializer = Initializer::Ones, gamma_regularizer;
    BetaOptions: beta_initializer = Initializer::Zeros, beta_regularizer;
    AlphaOptions: alpha_initializer = Initializer::Zeros, alpha_regularizer;
}

/// A bias that a layer may do without.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Bias {
    pub(crate) use_bias: bool,
    #[serde(flatten)]
    pub(crate) options: BiasOptions,
}

impl Default for Bias {
    fn default() -> Bias {
        Bias { use_bias: true, options: BiasOptions::default() }
    }
}

impl Bias {
    /// Creates the bias, if there should be one.
    pub(crate) fn add(
        &self,
        shape: Shape,
        weights: &mut WeightBuilder<'_>,
    ) -> Result<Option<Weight>, BuildError> {
        self.use_bias.then(|| self.options.add("bias", shape, weights)).transpose()
    }
}

/// Writes the methods of a weight's options, for a layer that keeps them in a part of it.
macro_rules! options_of_weight {
    ($($part:ident).+, $weight:literal: $initializer:ident, $regularizer:ident) => {
        $crate::layers::options::options! {
            in [$($part).+];
            #[doc = concat!("How ", $weight, " is filled before training.")]
            $initializer(initializer: $crate::Initializer) => initializer;
            #[doc = concat!("A penalty on ", $weight, ", added to the loss.")]
            $regularizer(regularizer: $crate::Regularizer) => Some(regularizer);
        }
    };
}
pub(crate) use options_of_weight;

/// Writes the methods of [`KernelOptions`].
macro_rules! kernel_options {
    ($($part:ident).+, $weight:literal) => {
        $crate::layers::weight_options::options_of_weight!(
            $($part).+, $weight: kernel_initializer, kernel_regularizer
        );
    };
}
pub(crate) use kernel_options;

/// Writes the methods of a [`Bias`].
macro_rules! bias_options {
    ($($part:ident).+, $weight:literal) => {
        $crate::layers::options::options! {
            in [$($part).+];
            /// Whether a bias is added.
            use_bias(use_bias: bool) => use_bias;
        }
        $crate::layers::weight_options::options_of_weight!(
            $($part).+.options, $weight: bias_initializer, bias_regularizer
        );
    };
}
pub(crate) use bias_options;
