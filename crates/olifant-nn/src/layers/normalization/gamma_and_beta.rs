//! The learnt scale and shift that follow a normalization.

use olifant_core::{Float, Shape, Tape, Var, Weight};
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, WeightBuilder,
    layers::weight_options::{BetaOptions, GammaOptions},
};

/// γ and β of a normalization layer: y = γ · x̂ + β.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct GammaAndBeta {
    pub(super) center: bool,
    pub(super) scale: bool,
    #[serde(flatten)]
    pub(super) gamma_options: GammaOptions,
    #[serde(flatten)]
    pub(super) beta_options: BetaOptions,
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
            gamma_options: GammaOptions::default(),
            beta_options: BetaOptions::default(),
            gamma: None,
            beta: None,
        }
    }
}

impl GammaAndBeta {
    /// Creates those that are wanted.
    pub(super) fn build(&mut self, shape: Shape, weights: &mut WeightBuilder<'_>) -> Result<(), BuildError> {
        self.gamma = self.scale.then(|| self.gamma_options.add("gamma", shape, weights)).transpose()?;
        self.beta = self.center.then(|| self.beta_options.add("beta", shape, weights)).transpose()?;
        Ok(())
    }

    /// γ and β, each with a single axis.
    pub(super) fn on<'t>(&self, tape: &'t Tape<'t>) -> [Option<Var<'t>>; 2] {
        [self.gamma, self.beta].map(|weight| {
            let weight = tape.weight(weight?);
            Some(weight.reshape([weight.shape().size()]))
        })
    }
}

/// Writes `center`, `scale`, `beta_initializer`, `beta_regularizer`, `beta_constraint` and the same for `gamma_`,
/// for a layer with a field `gamma_and_beta`.
macro_rules! gamma_and_beta_options {
    ($Layer:ident) => {
        impl $Layer {
            $crate::layers::options::options! {
                in [gamma_and_beta];
                /// Whether a shift β is learnt.
                center(center: bool) => center;
                /// Whether a scale γ is learnt.
                scale(scale: bool) => scale;
            }

            $crate::layers::weight_options::options_of_weight!(
                gamma_and_beta.beta_options, "β": beta_initializer, beta_regularizer, beta_constraint
            );
            $crate::layers::weight_options::options_of_weight!(
                gamma_and_beta.gamma_options, "γ": gamma_initializer, gamma_regularizer, gamma_constraint
            );
        }
    };
}

pub(super) use gamma_and_beta_options;

/// Whether ε keeps a variance of 0 from being divided by.
pub(super) fn check_epsilon(epsilon: Float) -> Result<(), BuildError> {
    let is_right = epsilon > 0.0 && epsilon.is_finite();
    BuildError::check_option("epsilon", "a number above 0", epsilon, is_right)
}
