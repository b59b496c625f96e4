//! The kernel of a convolution of each channel by itself.

use olifant_core::{Convolution, Shape, ShapeError, Var, Weight};

use crate::{
    BuildError, Initializer, Regularizer, WeightBuilder,
    layers::per_axis::{PerAxis, channels},
};

/// A kernel `[…, channels, depth_multiplier]`: to a convolution with a group for each channel, the same numbers are
/// `[…, 1, channels · depth_multiplier]`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Depthwise {
    kernel: Weight,
    groups: usize,
    shape: Shape,
}

/// How the kernel is called, filled and penalized.
pub(super) struct Kernel<'a> {
    pub(super) name: &'static str,
    pub(super) initializer: &'a Initializer,
    pub(super) regularizer: Option<Regularizer>,
}

impl Depthwise {
    /// Creates the kernel.
    pub(super) fn create<const N: usize>(
        input: &Shape,
        kernel_size: PerAxis<N>,
        depth_multiplier: usize,
        kernel: Kernel<'_>,
        weights: &mut WeightBuilder<'_>,
    ) -> Result<Depthwise, BuildError> {
        let channels = channels::<N>(input)?;
        BuildError::check_option("depth_multiplier", "at least 1", depth_multiplier, depth_multiplier > 0)?;
        let sizes = kernel_size.numbers().as_slice();
        let shape = Shape::new(&[sizes, &[channels, depth_multiplier]].concat())?;
        let grouped = Shape::new(&[sizes, &[1, channels * depth_multiplier]].concat())?;
        let Kernel { name, initializer, regularizer } = kernel;
        let kernel = weights.add(name, shape, initializer)?;
        weights.regularize(kernel, regularizer)?;
        Ok(Depthwise { kernel, groups: channels, shape: grouped })
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
