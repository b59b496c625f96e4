//! Convolution of each channel by itself, whose results are then mixed.

use olifant_core::{Convolution, Padding, Shape, Var, Weight};
use serde::{Deserialize, Serialize};

use super::{
    depthwise::{Depthwise, depthwise_options},
    layers,
    sliding::{Sliding, sliding_options},
};
use crate::{
    Activation, BuildError, Layer, WeightBuilder,
    layers::{
        per_axis::PerAxis,
        weight_options::{PointwiseOptions, options_of_weight},
    },
};

/// Convolution of each channel by itself, whose results are then mixed place by place, over `N` axes:
/// [`SeparableConv1D`], [`SeparableConv2D`].
///
/// It is a [`DepthwiseConv`](super::DepthwiseConv) without bias, followed by a [`Conv`](super::Conv) with a kernel of size 1.
///
/// # Shapes
///
/// Inputs `[batch, …, channels]`, outputs `[batch, …, filters]`; depthwise kernel `[kernel_size…, channels, depth_multiplier]`,
/// pointwise kernel `[1…, channels · depth_multiplier, filters]`, bias `[filters]`. Places are counted as in [`Conv`](super::Conv).
///
/// # Defaults
///
/// `strides` 1, `padding` valid, `dilation_rate` 1, `depth_multiplier` 1, `activation` linear, `use_bias` true,
/// `depthwise_initializer` and `pointwise_initializer` Glorot uniform, `bias_initializer` zeros, no regularizers, no constraints.
///
/// # Errors
///
/// When built: as [`Conv`](super::Conv), but strides and dilation may both be above 1; a multiplier of zero; padding causal.
///
/// # References
///
/// Chollet (2017), [Xception: deep learning with depthwise separable convolutions](https://arxiv.org/abs/1610.02357), CVPR.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SeparableConv<const N: usize> {
    filters: usize,
    #[serde(flatten)]
    sliding: Sliding<N>,
    #[serde(flatten)]
    depthwise: Depthwise,
    #[serde(flatten)]
    pointwise_options: PointwiseOptions,
    #[serde(skip)]
    pointwise: Weight,
    #[serde(skip)]
    bias: Option<Weight>,
}

impl<const N: usize> SeparableConv<N> {
    /// A layer of so many filters with kernels of this size.
    pub fn new(filters: usize, kernel_size: impl Into<PerAxis<N>>) -> SeparableConv<N> {
        SeparableConv {
            filters,
            sliding: Sliding::new(kernel_size.into()),
            depthwise: Depthwise::default(),
            pointwise_options: PointwiseOptions::default(),
            pointwise: Weight::default(),
            bias: None,
        }
    }

    sliding_options!();
    depthwise_options!();
    options_of_weight!(
        pointwise_options, "the pointwise kernel": pointwise_initializer, pointwise_regularizer, pointwise_constraint
    );

    fn create(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        BuildError::check_option("filters", "at least 1", self.filters, self.filters > 0)?;
        self.depthwise.build(input, &self.sliding, "depthwise_kernel", weights)?;
        let mixed = self.depthwise.output_shape(input, self.sliding.convolution())?;
        let shape = Shape::new(&[[1; N].as_slice(), &[mixed.last_axis()?, self.filters]].concat())?;
        self.pointwise = self.pointwise_options.add("pointwise_kernel", shape, weights)?;
        let output = mixed.with_last_axis(self.filters);
        self.bias = self.sliding.add_bias(output, weights)?;
        self.sliding.sample_shape(output)
    }

    fn record<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (fused, rest) = self.sliding.activation.split();
        let spread = self.depthwise.call(x, None, self.sliding.convolution());
        rest.call(spread.convolution(self.pointwise, self.bias, Convolution::new().activation(fused)))
    }
}

layers! {
    SeparableConv;
    /// Separable convolution over time: inputs `[batch, steps, channels]`. See [`SeparableConv`].
    SeparableConv1D, 1, "separable_conv1d";
    /// Separable convolution over images: inputs `[batch, rows, columns, channels]`. See [`SeparableConv`].
    SeparableConv2D, 2, "separable_conv2d";
}
