//! The options of a layer's weights: how each is filled, a penalty on it, and a limit that it is put back to.

use olifant_core::{Shape, Weight};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Constraint, Initializer, Regularizer, WeightBuilder};

/// Writes the options of a weight, a struct with the fields `…_initializer`, `…_regularizer`, `…_constraint` and the method `add`.
macro_rules! weight_options {
    ($($Options:ident: $initializer:ident = $first:expr, $regularizer:ident, $constraint:ident;)*) => {
        $(
            #[derive(Clone, Debug, Serialize, Deserialize)]
            #[serde(default)]
            pub(crate) struct $Options {
                pub(crate) $initializer: Initializer,
                pub(crate) $regularizer: Option<Regularizer>,
                #[serde(skip_serializing_if = "Option::is_none")]
                pub(crate) $constraint: Option<Constraint>,
            }

            impl Default for $Options {
                fn default() -> $Options {
                    $Options { $initializer: $first, $regularizer: None, $constraint: None }
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
                    weights.constrain(weight, self.$constraint.as_ref())?;
                    Ok(weight)
                }
            }
        )*
    };
}

weight_options! {
    KernelOptions:
        kernel_initializer = Initializer::GlorotUniform, kernel_regularizer, kernel_constraint;
    BiasOptions:
        bias_initializer = Initializer::Zeros, bias_regularizer, bias_constraint;
    RecurrentKernelOptions:
        recurrent_initializer = Initializer::orthogonal(), recurrent_regularizer, recurrent_constraint;
    DepthwiseOptions:
        depthwise_initializer = Initializer::GlorotUniform, depthwise_regularizer, depthwise_constraint;
    PointwiseOptions:
        pointwise_initializer = Initializer::GlorotUniform, pointwise_regularizer, pointwise_constraint;
    EmbeddingsOptions:
        embeddings_initializer = Initializer::random_uniform(), embeddings_regularizer, embeddings_constraint;
    GammaOptions:
        gamma_initializer = Initializer::Ones, gamma_regularizer, gamma_constraint;
    BetaOptions:
        beta_initializer = Initializer::Zeros, beta_regularizer, beta_constraint;
    AlphaOptions:
        alpha_initializer = Initializer::Zeros, alpha_regularizer, alpha_constraint;
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

/// Writes `…_initializer`, `…_regularizer` and `…_constraint` of a weight, for a layer that keeps them in a part of it.
macro_rules! options_of_weight {
    ($($part:ident).+, $weight:literal: $initializer:ident, $regularizer:ident, $constraint:ident) => {
        $crate::layers::options::options! {
            in [$($part).+];
            #[doc = concat!("How ", $weight, " is filled before training.")]
            $initializer(initializer: $crate::Initializer) => initializer;
            #[doc = concat!("A penalty on ", $weight, ", added to the loss.")]
            $regularizer(regularizer: $crate::Regularizer) => Some(regularizer);
            #[doc = concat!("A limit that ", $weight, " is put back to after each update.")]
            $constraint(constraint: $crate::Constraint) => Some(constraint);
        }
    };
}
pub(crate) use options_of_weight;

/// Writes `kernel_initializer`, `kernel_regularizer` and `kernel_constraint`, see [`KernelOptions`].
macro_rules! kernel_options {
    ($($part:ident).+, $weight:literal) => {
        $crate::layers::weight_options::options_of_weight!(
            $($part).+, $weight: kernel_initializer, kernel_regularizer, kernel_constraint
        );
    };
}
pub(crate) use kernel_options;

/// Writes `use_bias`, `bias_initializer`, `bias_regularizer` and `bias_constraint`, see [`Bias`].
macro_rules! bias_options {
    ($($part:ident).+, $weight:literal) => {
        $crate::layers::options::options! {
            in [$($part).+];
            /// Whether a bias is added.
            use_bias(use_bias: bool) => use_bias;
        }
        $crate::layers::weight_options::options_of_weight!(
            $($part).+.options, $weight: bias_initializer, bias_regularizer, bias_constraint
        );
    };
}
pub(crate) use bias_options;
