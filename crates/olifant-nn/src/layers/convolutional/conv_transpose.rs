//! Transposed convolution.

use olifant_core::{ConvolutionTranspose, Padding, Shape, Var, Weight};
use serde::{Deserialize, Serialize};

use super::{add_bias, check_padding, check_sliding, layers, options, sample_shape};
use crate::{
    Activation, BuildError, Initializer, Layer, Regularizer, WeightBuilder,
    layers::{
        defaults::{yes, zeros},
        per_axis::{PerAxis, channels},
    },
};

/// Transposed convolution over `N` axes: [`Conv1DTranspose`], [`Conv2DTranspose`], [`Conv3DTranspose`].
///
/// Each number of the inputs is multiplied by a kernel and added where a convolution would have read:
/// y\[p · strides + t · dilation_rate, f\] is the sum of x\[p, c\] · K\[t, f, c\], and b\[f\]; then the activation.
///
/// # Shapes
///
/// Inputs `[batch, …, channels]`, outputs `[batch, …, filters]`; kernel K `[kernel_size…, filters, channels]`, bias b `[filters]`.
/// With k = (kernel_size − 1) · dilation_rate + 1, n places along an axis become n · strides with padding same,
/// and (n − 1) · strides + max(k, strides) with padding valid;
/// with `output_padding` o, (n − 1) · strides + k mod 2 + o, and (n − 1) · strides + k + o.
///
/// # Defaults
///
/// `strides` 1, `padding` valid, no `output_padding`, `dilation_rate` 1, `activation` linear, `use_bias` true,
/// `kernel_initializer` Glorot uniform, `bias_initializer` zeros, no regularizers.
///
/// # Errors
///
/// When built: inputs with another number of axes; zero filters, kernel sizes, strides or dilation; strides and dilation both above 1;
/// an output padding that is not below the strides; padding causal; outputs that a convolution would not make the inputs of.
///
/// # References
///
/// Zeiler, Krishnan, Taylor, Fergus (2010), "Deconvolutional networks", CVPR.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConvTranspose<const N: usize> {
    filters: usize,
    kernel_size: PerAxis<N>,
    #[serde(default)]
    strides: PerAxis<N>,
    #[serde(default)]
    padding: Padding,
    #[serde(default)]
    output_padding: Option<PerAxis<N>>,
    #[serde(default)]
    dilation_rate: PerAxis<N>,
    #[serde(default)]
    activation: Activation,
    #[serde(default = "yes")]
    use_bias: bool,
    #[serde(default)]
    kernel_initializer: Initializer,
    #[serde(default = "zeros")]
    bias_initializer: Initializer,
    #[serde(default)]
    kernel_regularizer: Option<Regularizer>,
    #[serde(default)]
    bias_regularizer: Option<Regularizer>,
    #[serde(skip)]
    kernel: Weight,
    #[serde(skip)]
    bias: Option<Weight>,
}

impl<const N: usize> ConvTranspose<N> {
    /// A layer of so many filters with kernels of this size.
    pub fn new(filters: usize, kernel_size: impl Into<PerAxis<N>>) -> ConvTranspose<N> {
        ConvTranspose {
            filters,
            kernel_size: kernel_size.into(),
            strides: PerAxis::default(),
            padding: Padding::Valid,
            output_padding: None,
            dilation_rate: PerAxis::default(),
            activation: Activation::Linear,
            use_bias: true,
            kernel_initializer: Initializer::GlorotUniform,
            bias_initializer: Initializer::Zeros,
            kernel_regularizer: None,
            bias_regularizer: None,
            kernel: Weight::default(),
            bias: None,
        }
    }

    /// How many places are added behind the results.
    #[must_use]
    pub fn output_padding(mut self, output_padding: impl Into<PerAxis<N>>) -> Self {
        self.output_padding = Some(output_padding.into());
        self
    }

    options! {
        /// How far apart the kernels are.
        strides: PerAxis<N>;
        /// What is cut off around the results.
        padding: Padding;
        /// The distance between the places of a kernel.
        dilation_rate: PerAxis<N>;
        /// The function applied to the result.
        activation: Activation;
        /// Whether a bias is added.
        use_bias: bool;
        /// How the kernel is filled before training.
        kernel_initializer: Initializer;
        /// How the bias is filled before training.
        bias_initializer: Initializer;
        /// A penalty on the kernel, added to the loss.
        kernel_regularizer: Option<Regularizer>;
        /// A penalty on the bias, added to the loss.
        bias_regularizer: Option<Regularizer>;
    }

    fn check(&self) -> Result<(), BuildError> {
        BuildError::check_option("filters", "at least 1", self.filters, self.filters > 0)?;
        check_sliding(self.kernel_size, self.strides, self.dilation_rate)?;
        check_padding::<N>(self.padding, false)?;
        let Some(output_padding) = self.output_padding else { return Ok(()) };
        let is_below = output_padding.numbers().iter().zip(self.strides.numbers()).all(|(o, s)| o < s);
        let expected = format!("below the strides {:?} along each axis", self.strides.numbers());
        BuildError::check_option(
            "output_padding",
            &expected,
            format!("{:?}", output_padding.numbers()),
            is_below,
        )
    }

    fn create(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        let channels = channels::<N>(input)?;
        self.check()?;
        let shape = Shape::new(&[self.kernel_size.numbers().as_slice(), &[self.filters, channels]].concat())?;
        let output = self.convolution().output_shape(input.with_batch(1), shape)?;
        self.kernel = weights.add("kernel", shape, &self.kernel_initializer)?;
        weights.regularize(self.kernel, self.kernel_regularizer)?;
        self.bias =
            add_bias(self.use_bias, self.filters, &self.bias_initializer, self.bias_regularizer, weights)?;
        sample_shape(output, self.activation)
    }

    fn record<'t>(&self, x: Var<'t>) -> Var<'t> {
        let y = x.convolution_transpose(self.kernel, self.convolution());
        self.activation.call(self.bias.map_or(y, |bias| y + x.tape().weight(bias)))
    }

    fn convolution(&self) -> ConvolutionTranspose {
        let convolution = ConvolutionTranspose::new()
            .strides(self.strides.numbers())
            .dilation(self.dilation_rate.numbers())
            .padding(self.padding);
        match self.output_padding {
            Some(output_padding) => convolution.output_padding(output_padding.numbers()),
            None => convolution,
        }
    }
}

layers! {
    ConvTranspose;
    /// Transposed convolution over time: inputs `[batch, steps, channels]`. See [`ConvTranspose`].
    Conv1DTranspose, 1, "conv1d_transpose";
    /// Transposed convolution over images: inputs `[batch, rows, columns, channels]`. See [`ConvTranspose`].
    Conv2DTranspose, 2, "conv2d_transpose";
    /// Transposed convolution over volumes: inputs `[batch, planes, rows, columns, channels]`. See [`ConvTranspose`].
    Conv3DTranspose, 3, "conv3d_transpose";
}
