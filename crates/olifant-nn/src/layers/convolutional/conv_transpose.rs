//! Transposed convolution.

use olifant_core::{ConvolutionTranspose, Padding, Shape, Var, Weight};
use serde::{Deserialize, Serialize};

use super::{
    layers,
    sliding::{Sliding, sliding_options},
};
use crate::{
    Activation, BuildError, Layer, WeightBuilder,
    layers::{
        options::options,
        per_axis::{PerAxis, channels},
        weight_options::{KernelOptions, kernel_options},
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
/// `kernel_initializer` Glorot uniform, `bias_initializer` zeros, no regularizers, no constraints.
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
    #[serde(default)]
    output_padding: Option<PerAxis<N>>,
    #[serde(flatten)]
    sliding: Sliding<N>,
    #[serde(flatten)]
    kernel_options: KernelOptions,
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
            output_padding: None,
            sliding: Sliding::new(kernel_size.into()),
            kernel_options: KernelOptions::default(),
            kernel: Weight::default(),
            bias: None,
        }
    }

    options! {
        /// How many places are added behind the results.
        output_padding(output_padding: impl Into<PerAxis<N>>) => Some(output_padding.into());
    }

    sliding_options!();
    kernel_options!(kernel_options, "the kernel");

    fn check(&self) -> Result<(), BuildError> {
        BuildError::check_option("filters", "at least 1", self.filters, self.filters > 0)?;
        self.sliding.check(false)?;
        self.sliding.check_strides_or_dilation()?;
        let Some(output_padding) = self.output_padding else { return Ok(()) };
        let strides = self.sliding.strides.numbers();
        let is_below = output_padding.numbers().iter().zip(strides).all(|(o, s)| o < s);
        let expected = format!("below the strides {strides:?} along each axis");
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
        let shape = self.sliding.kernel_shape([self.filters, channels])?;
        let output = self.convolution().output_shape(input.with_batch(1), shape)?;
        self.kernel = self.kernel_options.add("kernel", shape, weights)?;
        self.bias = self.sliding.add_bias(output, weights)?;
        self.sliding.sample_shape(output)
    }

    fn record<'t>(&self, x: Var<'t>) -> Var<'t> {
        let y = x.convolution_transpose(self.kernel, self.convolution());
        self.sliding.activation.call(self.bias.map_or(y, |bias| y + x.tape().weight(bias)))
    }

    fn convolution(&self) -> ConvolutionTranspose {
        let convolution = ConvolutionTranspose::new()
            .strides(self.sliding.strides.numbers())
            .dilation(self.sliding.dilation_rate.numbers())
            .padding(self.sliding.padding);
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
