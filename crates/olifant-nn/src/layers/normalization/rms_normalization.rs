//! Normalization by the root mean square.

use olifant_core::{Axes, Float, Shape, Var, Weight};
use serde::{Deserialize, Serialize};

use super::check_epsilon;
use crate::{
    BuildError, Initializer, Layer, WeightBuilder,
    layers::{defaults::last_axis, last_axes::LastAxes},
};

/// Gives the numbers along some axes a mean square of 1, then scales them; the mean stays.
///
/// y = scale · x / √(mean of x² + ε), with the mean over `axis`.
///
/// # Shapes
///
/// Outputs have the shape of the inputs. Weight `scale`, which begins with ones: the sizes of the axes, in their order.
///
/// # Defaults
///
/// `axis` −1, `epsilon` 10⁻⁶.
///
/// # Errors
///
/// When built: an axis that does not exist or is the batch axis, an epsilon not above 0.
///
/// # References
///
/// Zhang, Sennrich (2019), [Root Mean Square Layer Normalization](https://arxiv.org/abs/1910.07467).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RMSNormalization {
    #[serde(default = "last_axis")]
    axis: Axes,
    #[serde(default = "epsilon")]
    epsilon: Float,
    #[serde(skip)]
    axes: LastAxes,
    #[serde(skip)]
    scale: Weight,
}

fn epsilon() -> Float {
    1e-6
}

impl Default for RMSNormalization {
    fn default() -> RMSNormalization {
        RMSNormalization {
            axis: last_axis(),
            epsilon: epsilon(),
            axes: LastAxes::default(),
            scale: Weight::default(),
        }
    }
}

impl RMSNormalization {
    /// The layer with the default options.
    pub fn new() -> RMSNormalization {
        RMSNormalization::default()
    }

    /// The axis or the axes that are normalized together, counted with the batch axis; −1 is the last.
    pub fn axis(mut self, axis: impl Into<Axes>) -> RMSNormalization {
        self.axis = axis.into();
        self
    }

    /// What is added to the mean square, so that nothing is divided by 0.
    pub fn epsilon(mut self, epsilon: Float) -> RMSNormalization {
        self.epsilon = epsilon;
        self
    }
}

#[typetag::serde(name = "rms_normalization")]
impl Layer for RMSNormalization {
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        check_epsilon(self.epsilon)?;
        let (axes, shape) = LastAxes::new(self.axis, input)?;
        self.axes = axes;
        self.scale = weights.add("scale", shape, &Initializer::Ones)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        let scale = x.tape().weight(self.scale);
        let scale = scale.reshape([scale.shape().size()]);
        self.axes.apply(x, |x| x.rms_normalization(Some(scale), self.epsilon))
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
