//! The kernel of a convolution of each channel by itself.

use olifant_core::{Convolution, Shape, ShapeError, Var, Weight};
use serde::{Deserialize, Serialize};

use super::{one, sliding::Sliding};
use crate::{
    BuildError, WeightBuilder,
    layers::{per_axis::channels, weight_options::DepthwiseOptions},
};

/// A kernel `[…, channels, depth_multiplier]`: to a convolution with a group for each channel, the same numbers are
/// `[…, 1, channels · depth_multiplier]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Depthwise {
    #[serde(default = "one")]
    pub(super) depth_multiplier: usize,
    #[serde(flatten)]
    pub(super) options: DepthwiseOptions,
    #[serde(skip)]
    kernel: Weight,
    #[serde(skip)]
    groups: usize,
    #[serde(skip)]
    shape: Shape,
}

impl Default for Depthwise {
    fn default() -> Depthwise {
        Depthwise {
            depth_multiplier: one(),
            options: DepthwiseOptions::default(),
            kernel: Weight::default(),
            groups: 0,
            shape: Shape::default(),
        }
    }
}

impl Depthwise {
    /// Checks the options and creates the kernel.
    pub(super) fn build<const N: usize>(
        &mut self,
        input: &Shape,
        sliding: &Sliding<N>,
        name: &str,
        weights: &mut WeightBuilder<'_>,
    ) -> Result<(), BuildError> {
        sliding.check(false)?;
        self.groups = channels::<N>(input)?;
        let multiplier = self.depth_multiplier;
        BuildError::check_option("depth_multiplier", "at least 1", multiplier, multiplier > 0)?;
        let shape = sliding.kernel_shape([self.groups, multiplier])?;
        self.shape = sliding.kernel_shape([1, self.groups * multiplier])?;
        self.kernel = self.options.add(name, shape, weights)?;
        Ok(())
    }

    /// What becomes of the shape of a sample; with a batch axis in front.
    pub(super) fn output_shape(&self, input: &Shape, convolution: Convolution) -> Result<Shape, ShapeError> {
        convolution.groups(self.groups).output_shape(input.with_batch(1), self.shape)
    }

    /// Records the convolution.
    pub(super) fn call<'t>(&self, x: Var<'t>, bias: Option<Weight>, convolution: Convolution) -> Var<'t> {
        let weight = |weight| x.tape().weight(weight);
        let kernel = weight(self.kernel).reshape(self.shape);
        x.convolution_with(kernel, bias.map(weight), convolution.groups(self.groups))
    }
}

/// The methods of these options, for a layer with a field `depthwise`.
macro_rules! depthwise_options {
    () => {
        $crate::layers::options::options! {
            in [depthwise];
            /// How many channels each channel becomes, before they are mixed if they are.
            depth_multiplier(depth_multiplier: usize) => depth_multiplier;
        }

        $crate::layers::weight_options::options_of_weight!(
            depthwise.options, "the depthwise kernel": depthwise_initializer, depthwise_regularizer, depthwise_constraint
        );
    };
}
pub(super) use depthwise_options;
