//! Convolution of each channel by itself, whose results are then mixed.

use olifant_core::{Convolution, Padding, Shape, Var, Weight};
use serde::{Deserialize, Serialize};

use super::{
    add_bias, check_padding, check_sizes,
    depthwise::{Depthwise, Kernel},
    layers, one, options, sample_shape,
};
use crate::{
    Activation, BuildError, Initializer, Layer, Regularizer, WeightBuilder,
    layers::{
        defaults::{yes, zeros},
        per_axis::PerAxis,
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
/// `depthwise_initializer` and `pointwise_initializer` Glorot uniform, `bias_initializer` zeros, no regularizers.
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
    kernel_size: PerAxis<N>,
    #[serde(default)]
    strides: PerAxis<N>,
    #[serde(default)]
    padding: Padding,
    #[serde(default)]
    dilation_rate: PerAxis<N>,
    #[serde(default = "one")]
    depth_multiplier: usize,
    #[serde(default)]
    activation: Activation,
    #[serde(default = "yes")]
    use_bias: bool,
    #[serde(default)]
    depthwise_initializer: Initializer,
    #[serde(default)]
    pointwise_initializer: Initializer,
    #[serde(default = "zeros")]
    bias_initializer: Initializer,
    #[serde(default)]
    depthwise_regularizer: Option<Regularizer>,
    #[serde(default)]
    pointwise_regularizer: Option<Regularizer>,
    #[serde(default)]
    bias_regularizer: Option<Regularizer>,
    #[serde(skip)]
    depthwise: Depthwise,
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
            kernel_size: kernel_size.into(),
            strides: PerAxis::default(),
            padding: Padding::Valid,
            dilation_rate: PerAxis::default(),
            depth_multiplier: 1,
            activation: Activation::Linear,
            use_bias: true,
            depthwise_initializer: Initializer::GlorotUniform,
            pointwise_initializer: Initializer::GlorotUniform,
            bias_initializer: Initializer::Zeros,
            depthwise_regularizer: None,
            pointwise_regularizer: None,
            bias_regularizer: None,
            depthwise: Depthwise::default(),
            pointwise: Weight::default(),
            bias: None,
        }
    }

    options! {
        /// How far the kernel moves at a time.
        strides: PerAxis<N>;
        /// What is added around the inputs.
        padding: Padding;
        /// The distance between the places that the kernel sees.
        dilation_rate: PerAxis<N>;
        /// How many channels each channel becomes before they are mixed.
        depth_multiplier: usize;
        /// The function applied to the result.
        activation: Activation;
        /// Whether a bias is added.
        use_bias: bool;
        /// How the depthwise kernel is filled before training.
        depthwise_initializer: Initializer;
        /// How the pointwise kernel is filled before training.
        pointwise_initializer: Initializer;
        /// How the bias is filled before training.
        bias_initializer: Initializer;
        /// A penalty on the depthwise kernel, added to the loss.
        depthwise_regularizer: Option<Regularizer>;
        /// A penalty on the pointwise kernel, added to the loss.
        pointwise_regularizer: Option<Regularizer>;
        /// A penalty on the bias, added to the loss.
        bias_regularizer: Option<Regularizer>;
    }

    fn create(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        BuildError::check_option("filters", "at least 1", self.filters, self.filters > 0)?;
        check_sizes(self.kernel_size, self.strides, self.dilation_rate)?;
        check_padding::<N>(self.padding, false)?;
        let kernel = Kernel {
            name: "depthwise_kernel",
            initializer: &self.depthwise_initializer,
            regularizer: self.depthwise_regularizer,
        };
        self.depthwise = Depthwise::create(input, self.kernel_size, self.depth_multiplier, kernel, weights)?;
        let mixed = self.depthwise.output_shape(input, self.spreading())?;
        let shape = Shape::new(&[[1; N].as_slice(), &[mixed.last_axis()?, self.filters]].concat())?;
        self.pointwise = weights.add("pointwise_kernel", shape, &self.pointwise_initializer)?;
        weights.regularize(self.pointwise, self.pointwise_regularizer)?;
        self.bias =
            add_bias(self.use_bias, self.filters, &self.bias_initializer, self.bias_regularizer, weights)?;
        sample_shape(mixed.with_last_axis(self.filters), self.activation)
    }

    fn record<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (fused, rest) = self.activation.split();
        let mixing = Convolution::new().activation(fused);
        rest.call(self.depthwise.call(x, None, self.spreading()).convolution(
            self.pointwise,
            self.bias,
            mixing,
        ))
    }

    /// The first of the two convolutions.
    fn spreading(&self) -> Convolution {
        Convolution::new()
            .strides(self.strides.numbers())
            .dilation(self.dilation_rate.numbers())
            .padding(self.padding)
    }
}

layers! {
    SeparableConv;
    /// Separable convolution over time: inputs `[batch, steps, channels]`. See [`SeparableConv`].
    SeparableConv1D, 1, "separable_conv1d";
    /// Separable convolution over images: inputs `[batch, rows, columns, channels]`. See [`SeparableConv`].
    SeparableConv2D, 2, "separable_conv2d";
}
