//! Normalization of each sample, or of each of its rows.

use olifant_core::{Axes, Float, Shape, Var};
use serde::{Deserialize, Serialize};

use super::{GammaAndBeta, check_epsilon, gamma_and_beta_options};
use crate::{
    BuildError, Layer, WeightBuilder,
    layers::{defaults::last_axis, last_axes::LastAxes},
};

/// Gives the numbers along some axes mean 0 and variance 1, then scales and shifts them.
///
/// y = γ · (x − mean) / √(variance + ε) + β, with mean and biased variance over `axis`.
///
/// # Shapes
///
/// Outputs have the shape of the inputs. Weights `gamma` and `beta`: the sizes of the axes, in their order.
///
/// # Defaults
///
/// `axis` −1, `epsilon` 0.001, `center` and `scale` true, γ begins with ones, β with zeros, no regularizers, no constraints.
///
/// # Errors
///
/// When built: an axis that does not exist or is the batch axis, an epsilon not above 0.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Sequential, layers::LayerNormalization};
///
/// let network = Sequential::new([10, 64])
///     .add(LayerNormalization::new())
///     .add(LayerNormalization::new().axis([1, 2]))
///     .build(0)?;
/// assert_eq!(network.weights().trainable_parameters(), 2 * 64 + 2 * 640);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
///
/// # References
///
/// Ba, Kiros, Hinton (2016), [Layer Normalization](https://arxiv.org/abs/1607.06450).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LayerNormalization {
    #[serde(default = "last_axis")]
    axis: Axes,
    #[serde(default = "epsilon")]
    epsilon: Float,
    #[serde(flatten)]
    gamma_and_beta: GammaAndBeta,
    #[serde(skip)]
    axes: LastAxes,
}

fn epsilon() -> Float {
    1e-3
}

impl Default for LayerNormalization {
    fn default() -> LayerNormalization {
        LayerNormalization {
            axis: last_axis(),
            epsilon: epsilon(),
            gamma_and_beta: GammaAndBeta::default(),
            axes: LastAxes::default(),
        }
    }
}

impl LayerNormalization {
    /// The layer with the default options.
    pub fn new() -> LayerNormalization {
        LayerNormalization::default()
    }

    /// The axis or the axes that are normalized together, counted with the batch axis; −1 is the last.
    pub fn axis(mut self, axis: impl Into<Axes>) -> LayerNormalization {
        self.axis = axis.into();
        self
    }

    /// What is added to the variance, so that nothing is divided by 0.
    pub fn epsilon(mut self, epsilon: Float) -> LayerNormalization {
        self.epsilon = epsilon;
        self
    }
}

gamma_and_beta_options!(LayerNormalization);

#[typetag::serde(name = "layer_normalization")]
impl Layer for LayerNormalization {
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        check_epsilon(self.epsilon)?;
        let (axes, shape) = LastAxes::new(self.axis, input)?;
        self.axes = axes;
        self.gamma_and_beta.build(shape, weights)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        let [gamma, beta] = self.gamma_and_beta.on(x.tape());
        self.axes.apply(x, |x| x.layer_normalization(gamma, beta, self.epsilon))
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
