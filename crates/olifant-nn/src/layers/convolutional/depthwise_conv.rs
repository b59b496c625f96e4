//! Convolution of each channel by itself.

use olifant_core::{Convolution, Padding, Shape, Var, Weight};
use serde::{Deserialize, Serialize};

use super::{
    depthwise::{Depthwise, depthwise_options},
    layers,
    sliding::{Sliding, sliding_options},
};
use crate::{Activation, BuildError, Layer, WeightBuilder, layers::per_axis::PerAxis};

/// Convolution of each channel by itself, over `N` axes: [`DepthwiseConv1D`], [`DepthwiseConv2D`].
///
/// Channel c of the inputs becomes the channels c · depth_multiplier + m of the outputs:
/// y\[p, c, m\] = activation(b\[c, m\] + Σ x\[p · strides + t · dilation_rate, c\] · K\[t, c, m\]).
///
/// # Shapes
///
/// Inputs `[batch, …, channels]`, outputs `[batch, …, channels · depth_multiplier]`;
/// kernel K `[kernel_size…, channels, depth_multiplier]`, bias b `[channels · depth_multiplier]`. Places are counted as in [`Conv`](super::Conv).
///
/// # Defaults
///
/// `strides` 1, `padding` valid, `depth_multiplier` 1, `dilation_rate` 1, `activation` linear, `use_bias` true,
/// `depthwise_initializer` Glorot uniform, `bias_initializer` zeros, no regularizers, no constraints.
///
/// # Errors
///
/// When built: as [`Conv`](super::Conv), but strides and dilation may both be above 1; a multiplier of zero; padding causal.
///
/// # References
///
/// Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto, Adam (2017),
/// [MobileNets: efficient convolutional neural networks for mobile vision applications](https://arxiv.org/abs/1704.04861).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DepthwiseConv<const N: usize> {
    #[serde(flatten)]
    sliding: Sliding<N>,
    #[serde(flatten)]
    depthwise: Depthwise,
    #[serde(skip)]
    bias: Option<Weight>,
}

impl<const N: usize> DepthwiseConv<N> {
    /// A layer with kernels of this size.
    pub fn new(kernel_size: impl Into<PerAxis<N>>) -> DepthwiseConv<N> {
        DepthwiseConv {
            sliding: Sliding::new(kernel_size.into()),
            depthwise: Depthwise::default(),
            bias: None,
        }
    }

    sliding_options!();
    depthwise_options!();

    fn create(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        self.depthwise.build(input, &self.sliding, "kernel", weights)?;
        let output = self.depthwise.output_shape(input, self.convolution())?;
        self.bias = self.sliding.add_bias(output, weights)?;
        self.sliding.sample_shape(output)
    }

    fn record<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (_, rest) = self.sliding.activation.split();
        rest.call(self.depthwise.call(x, self.bias, self.convolution()))
    }

    fn convolution(&self) -> Convolution {
        self.sliding.convolution().activation(self.sliding.activation.split().0)
    }
}

layers! {
    DepthwiseConv;
    /// Convolution of each channel by itself over time: inputs `[batch, steps, channels]`. See [`DepthwiseConv`].
    DepthwiseConv1D, 1, "depthwise_conv1d";
    /// Convolution of each channel by itself over images: inputs `[batch, rows, columns, channels]`. See [`DepthwiseConv`].
    DepthwiseConv2D, 2, "depthwise_conv2d";
}
