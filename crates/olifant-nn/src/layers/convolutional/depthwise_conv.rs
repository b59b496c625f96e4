//! Convolution of each channel by itself.

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
/// `depthwise_initializer` Glorot uniform, `bias_initializer` zeros, no regularizers.
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
    kernel_size: PerAxis<N>,
    #[serde(default)]
    strides: PerAxis<N>,
    #[serde(default)]
    padding: Padding,
    #[serde(default = "one")]
    depth_multiplier: usize,
    #[serde(default)]
    dilation_rate: PerAxis<N>,
    #[serde(default)]
    activation: Activation,
    #[serde(default = "yes")]
    use_bias: bool,
    #[serde(default)]
    depthwise_initializer: Initializer,
    #[serde(default = "zeros")]
    bias_initializer: Initializer,
    #[serde(default)]
    depthwise_regularizer: Option<Regularizer>,
    #[serde(default)]
    bias_regularizer: Option<Regularizer>,
    #[serde(skip)]
    kernel: Depthwise,
    #[serde(skip)]
    bias: Option<Weight>,
}

impl<const N: usize> DepthwiseConv<N> {
    /// A layer with kernels of this size.
    pub fn new(kernel_size: impl Into<PerAxis<N>>) -> DepthwiseConv<N> {
        DepthwiseConv {
            kernel_size: kernel_size.into(),
            strides: PerAxis::default(),
            padding: Padding::Valid,
            depth_multiplier: 1,
            dilation_rate: PerAxis::default(),
            activation: Activation::Linear,
            use_bias: true,
            depthwise_initializer: Initializer::GlorotUniform,
            bias_initializer: Initializer::Zeros,
            depthwise_regularizer: None,
            bias_regularizer: None,
            kernel: Depthwise::default(),
            bias: None,
        }
    }

    options! {
        /// How far the kernel moves at a time.
        strides: PerAxis<N>;
        /// What is added around the inputs.
        padding: Padding;
        /// How many channels each channel becomes.
        depth_multiplier: usize;
        /// The distance between the places that the kernel sees.
        dilation_rate: PerAxis<N>;
        /// The function applied to the result.
        activation: Activation;
        /// Whether a bias is added.
        use_bias: bool;
        /// How the kernel is filled before training.
        depthwise_initializer: Initializer;
        /// How the bias is filled before training.
        bias_initializer: Initializer;
        /// A penalty on the kernel, added to the loss.
        depthwise_regularizer: Option<Regularizer>;
        /// A penalty on the bias, added to the loss.
        bias_regularizer: Option<Regularizer>;
    }

    fn create(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        check_sizes(self.kernel_size, self.strides, self.dilation_rate)?;
        check_padding::<N>(self.padding, false)?;
        let kernel = Kernel {
            name: "kernel",
            initializer: &self.depthwise_initializer,
            regularizer: self.depthwise_regularizer,
        };
        self.kernel = Depthwise::create(input, self.kernel_size, self.depth_multiplier, kernel, weights)?;
        let output = self.kernel.output_shape(input, self.convolution())?;
        let channels = output.last_axis()?;
        self.bias =
            add_bias(self.use_bias, channels, &self.bias_initializer, self.bias_regularizer, weights)?;
        sample_shape(output, self.activation)
    }

    fn record<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (_, rest) = self.activation.split();
        rest.call(self.kernel.call(x, self.bias, self.convolution()))
    }

    fn convolution(&self) -> Convolution {
        Convolution::new()
            .strides(self.strides.numbers())
            .dilation(self.dilation_rate.numbers())
            .padding(self.padding)
            .activation(self.activation.split().0)
    }
}

layers! {
    DepthwiseConv;
    /// Convolution of each channel by itself over time: inputs `[batch, steps, channels]`. See [`DepthwiseConv`].
    DepthwiseConv1D, 1, "depthwise_conv1d";
    /// Convolution of each channel by itself over images: inputs `[batch, rows, columns, channels]`. See [`DepthwiseConv`].
    DepthwiseConv2D, 2, "depthwise_conv2d";
}
