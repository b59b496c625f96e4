//! Normalization of groups of channels.

use olifant_core::{Float, Shape, Var};
use serde::{Deserialize, Serialize};

use super::{GammaAndBeta, check_epsilon, gamma_and_beta_options};
use crate::{
    BuildError, Layer, WeightBuilder,
    layers::{defaults::last, last_axes::LastAxes},
};

/// Gives each group of channels of a sample mean 0 and variance 1, then each channel a scale and a shift.
///
/// y = γ · (x − mean) / √(variance + ε) + β,
/// with mean and biased variance over the channels of a group and all axes but those of channels and batch.
///
/// With one channel in each group (`groups` −1) this is instance normalization, with a single group almost layer normalization.
///
/// # Shapes
///
/// Outputs have the shape of the inputs. Weights `gamma` and `beta`: `[channels]`.
///
/// # Defaults
///
/// `groups` 32, `axis` −1, `epsilon` 0.001, `center` and `scale` true, γ begins with ones, β with zeros, no regularizers, no constraints.
///
/// # Errors
///
/// When built: a number of channels that cannot be divided by the number of groups,
/// an axis that does not exist or is the batch axis, an epsilon not above 0.
///
/// # References
///
/// Wu, He (2018), [Group Normalization](https://arxiv.org/abs/1803.08494).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupNormalization {
    #[serde(default = "groups")]
    groups: isize,
    #[serde(default = "last")]
    axis: isize,
    #[serde(default = "epsilon")]
    epsilon: Float,
    #[serde(flatten)]
    gamma_and_beta: GammaAndBeta,
    #[serde(skip)]
    channels: LastAxes,
    /// The number of groups, when it is known.
    #[serde(skip)]
    count: usize,
}

fn groups() -> isize {
    32
}

fn epsilon() -> Float {
    1e-3
}

impl Default for GroupNormalization {
    fn default() -> GroupNormalization {
        GroupNormalization {
            groups: groups(),
            axis: last(),
            epsilon: epsilon(),
            gamma_and_beta: GammaAndBeta::default(),
            channels: LastAxes::default(),
            count: 0,
        }
    }
}

impl GroupNormalization {
    /// The layer with the default options.
    pub fn new() -> GroupNormalization {
        GroupNormalization::default()
    }

    /// Into how many groups the channels are divided; −1 is one for each channel.
    pub fn groups(mut self, groups: isize) -> GroupNormalization {
        self.groups = groups;
        self
    }

    /// The axis of the channels, counted with the batch axis; −1 is the last.
    pub fn axis(mut self, axis: isize) -> GroupNormalization {
        self.axis = axis;
        self
    }

    /// What is added to the variance, so that nothing is divided by 0.
    pub fn epsilon(mut self, epsilon: Float) -> GroupNormalization {
        self.epsilon = epsilon;
        self
    }
}

gamma_and_beta_options!(GroupNormalization);

#[typetag::serde(name = "group_normalization")]
impl Layer for GroupNormalization {
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        check_epsilon(self.epsilon)?;
        let (axis, shape) = LastAxes::new(self.axis.into(), input)?;
        let channels = shape.size();
        self.count = if self.groups == -1 { channels } else { usize::try_from(self.groups).unwrap_or(0) };
        if self.count == 0 || !channels.is_multiple_of(self.count) {
            let expected = format!("-1, or a number that divides the {channels} channels");
            return Err(BuildError::option("groups", expected, self.groups));
        }
        self.channels = axis;
        self.gamma_and_beta.build(shape, weights)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        let [gamma, beta] = self.gamma_and_beta.on(x.tape());
        self.channels.apply(x, |x| x.group_normalization(self.count, gamma, beta, self.epsilon))
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
