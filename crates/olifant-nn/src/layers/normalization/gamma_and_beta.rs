//! The learnt scale and shift that follow a normalization.

use olifant_core::{Float, Shape, Tape, Var, Weight};
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, Initializer, Regularizer, WeightBuilder,
    layers::defaults::{ones, yes, zeros},
};

/// γ and β of a normalization layer: y = γ · x̂ + β.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct GammaAndBeta {
    #[serde(default = "yes")]
    pub(super) center: bool,
    #[serde(default = "yes")]
    pub(super) scale: bool,
    #[serde(default = "zeros")]
    pub(super) beta_initializer: Initializer,
    #[serde(default = "ones")]
    pub(super) gamma_initializer: Initializer,
    #[serde(default)]
    pub(super) beta_regularizer: Option<Regularizer>,
    #[serde(default)]
    pub(super) gamma_regularizer: Option<Regularizer>,
    #[serde(skip)]
    gamma: Option<Weight>,
    #[serde(skip)]
    beta: Option<Weight>,
}

impl Default for GammaAndBeta {
    fn default() -> GammaAndBeta {
        GammaAndBeta {
            center: true,
            scale: true,
            beta_initializer: zeros(),
            gamma_initializer: ones(),
            beta_regularizer: None,
            gamma_regularizer: None,
            gamma: None,
            beta: None,
        }
    }
}

impl GammaAndBeta {
    /// Creates those that are wanted.
    pub(super) fn build(&mut self, shape: Shape, weights: &mut WeightBuilder<'_>) -> Result<(), BuildError> {
        let mut add = |name, is_wanted: bool, initializer: &Initializer, regularizer| {
            if !is_wanted {
                return Ok(None);
            }
            let weight = weights.add(name, shape, initializer)?;
            weights.regularize(weight, regularizer)?;
            Ok::<_, BuildError>(Some(weight))
        };
        self.gamma = add("gamma", self.scale, &self.gamma_initializer, self.gamma_regularizer)?;
        self.beta = add("beta", self.center, &self.beta_initializer, self.beta_regularizer)?;
        Ok(())
    }

    /// γ and β, each with a single axis.
    pub(super) fn on<'t>(&self, tape: &'t Tape<'t>) -> [Option<Var<'t>>; 2] {
        [self.gamma, self.beta].map(|weight| {
            let weight = tape.weight(weight?);
            Some(weight.reshape([weight.shape().size()]))
        })
    }

    /// Whether the layer they belong to is frozen, as far as they can tell.
    pub(super) fn are_frozen(&self, tape: &Tape<'_>) -> bool {
        self.gamma.or(self.beta).is_some_and(|weight| !tape.weights().spec(weight).trainable)
    }
}

/// The options of γ and β, as methods of a layer with a field `gamma_and_beta`.
macro_rules! gamma_and_beta_options {
    ($Layer:ident) => {
        impl $Layer {
            /// Whether a shift β is learnt.
            pub fn center(mut self, center: bool) -> $Layer {
                self.gamma_and_beta.center = center;
                self
            }

            /// Whether a scale γ is learnt.
            pub fn scale(mut self, scale: bool) -> $Layer {
                self.gamma_and_beta.scale = scale;
                self
            }

            /// How β is filled before training.
            pub fn beta_initializer(mut self, initializer: crate::Initializer) -> $Layer {
                self.gamma_and_beta.beta_initializer = initializer;
                self
            }

            /// How γ is filled before training.
            pub fn gamma_initializer(mut self, initializer: crate::Initializer) -> $Layer {
                self.gamma_and_beta.gamma_initializer = initializer;
                self
            }

            /// A penalty on β, added to the loss.
            pub fn beta_regularizer(mut self, regularizer: crate::Regularizer) -> $Layer {
                self.gamma_and_beta.beta_regularizer = Some(regularizer);
                self
            }

            /// A penalty on γ, added to the loss.
            pub fn gamma_regularizer(mut self, regularizer: crate::Regularizer) -> $Layer {
                self.gamma_and_beta.gamma_regularizer = Some(regularizer);
                self
            }
        }
    };
}

pub(super) use gamma_and_beta_options;

/// Whether ε keeps a variance of 0 from being divided by.
pub(super) fn check_epsilon(epsilon: Float) -> Result<(), BuildError> {
    let is_right = epsilon > 0.0 && epsilon.is_finite();
    BuildError::check_option("epsilon", "a number above 0", epsilon, is_right)
}
