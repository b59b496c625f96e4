//! Convolution.

use std::any::Any;

use olifant_core::{Convolution, Padding, Shape, Var, Weight};
use serde::{Deserialize, Serialize};

use super::{
    layers, one,
    sliding::{Sliding, sliding_options},
};
use crate::{
    Activation, BuildError, Layer, WeightBuilder,
    layers::{
        MaxPooling,
        options::options,
        per_axis::{PerAxis, channels},
        weight_options::{KernelOptions, kernel_options},
    },
};

/// Convolution over `N` axes: [`Conv1D`], [`Conv2D`], [`Conv3D`].
///
/// Each filter looks at a window of the input that slides over it:
/// y\[p, f\] = activation(b\[f\] + Σ x\[p · strides + t · dilation_rate, c\] · K\[t, c, f\]),
/// the sum over all places t of the kernel and all channels c of the filter's group.
///
/// A `MaxPooling` layer that follows, whose windows stand side by side, is computed at once with the convolution:
/// the results before the pooling are never stored, unless there is an `activity_regularizer`.
///
/// # Shapes
///
/// Inputs `[batch, …, channels]`, outputs `[batch, …, filters]` with n axes in the middle;
/// kernel K `[kernel_size…, channels / groups, filters]`, bias b `[filters]`.
/// Of n places along an axis, and a kernel over k = (kernel_size − 1) · dilation_rate + 1 of them,
/// ⌊(n − k) / strides⌋ + 1 are left with padding valid, and ⌈n / strides⌉ with same and causal.
///
/// # Defaults
///
/// `strides` 1, `padding` valid, `dilation_rate` 1, `groups` 1, `activation` linear, `use_bias` true,
/// `kernel_initializer` Glorot uniform, `bias_initializer` zeros, no regularizers, no constraints.
///
/// # Errors
///
/// When built: inputs with another number of axes; a kernel larger than the inputs; zero filters, kernel sizes, strides or dilation;
/// strides and dilation both above 1; channels or filters that cannot be divided into the groups; padding causal over more than one axis.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Activation, Sequential, layers::{Conv2D, MaxPooling2D}};
///
/// let network = Sequential::new([28, 28, 1])
///     .add(Conv2D::new(32, 3).activation(Activation::Relu))
///     .add(MaxPooling2D::new(2))
///     .build(0)?;
/// assert_eq!(network.output().axes(), [13, 13, 32]);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
///
/// # References
///
/// LeCun, Bottou, Bengio, Haffner (1998), "Gradient-based learning applied to document recognition", Proceedings of the IEEE 86.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Conv<const N: usize> {
    filters: usize,
    #[serde(default = "one")]
    groups: usize,
    #[serde(flatten)]
    sliding: Sliding<N>,
    #[serde(flatten)]
    kernel_options: KernelOptions,
    #[serde(skip)]
    kernel: Weight,
    #[serde(skip)]
    bias: Option<Weight>,
    /// The windows of a pooling that was taken over.
    #[serde(skip)]
    max_pool: PerAxis<N>,
}

impl<const N: usize> Conv<N> {
    /// A layer of so many filters with kernels of this size.
    pub fn new(filters: usize, kernel_size: impl Into<PerAxis<N>>) -> Conv<N> {
        Conv {
            filters,
            groups: 1,
            sliding: Sliding::new(kernel_size.into()),
            kernel_options: KernelOptions::default(),
            kernel: Weight::default(),
            bias: None,
            max_pool: PerAxis::default(),
        }
    }

    options! {
        /// Into how many groups channels and filters are divided; filters see only the channels of their group.
        groups(groups: usize) => groups;
    }

    sliding_options!();
    kernel_options!(kernel_options, "the kernel");

    fn check(&self, channels: usize) -> Result<(), BuildError> {
        BuildError::check_option("filters", "at least 1", self.filters, self.filters > 0)?;
        self.sliding.check(true)?;
        self.sliding.check_strides_or_dilation()?;
        let groups = self.groups;
        BuildError::check_option("groups", "at least 1", groups, groups > 0)?;
        let divides = channels.is_multiple_of(groups) && self.filters.is_multiple_of(groups);
        let expected = format!("a divisor of {channels} channels and of {} filters", self.filters);
        BuildError::check_option("groups", &expected, groups, divides)
    }

    fn create(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        let channels = channels::<N>(input)?;
        self.check(channels)?;
        self.max_pool = PerAxis::default();
        let shape = self.sliding.kernel_shape([channels / self.groups, self.filters])?;
        let output = self.convolution().output_shape(input.with_batch(1), shape)?;
        self.kernel = self.kernel_options.add("kernel", shape, weights)?;
        self.bias = self.sliding.add_bias(output, weights)?;
        self.sliding.sample_shape(output)
    }

    fn convolution(&self) -> Convolution {
        let (fused, _) = self.sliding.activation.split();
        self.sliding.convolution().groups(self.groups).activation(fused).max_pool(self.max_pool.numbers())
    }

    fn record<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (_, rest) = self.sliding.activation.split();
        rest.call(x.convolution(self.kernel, self.bias, self.convolution()))
    }

    /// Takes over a pooling, if what is between the two is a rectifier or nothing: the largest number stays the largest.
    /// With a penalty on the results, these have to be there.
    fn take_over(&mut self, next: &dyn Layer) -> bool {
        let Some(pooling) = (next as &dyn Any).downcast_ref::<MaxPooling<N>>() else { return false };
        let (_, rest) = self.sliding.activation.split();
        let windows = pooling.windows_side_by_side().filter(|windows| {
            let area = windows.numbers().iter().try_fold(1usize, |area, &size| area.checked_mul(size));
            area.is_some_and(|area| (2..=256).contains(&area))
        });
        match windows {
            Some(windows) if rest == Activation::Linear && self.sliding.activity.is_none() => {
                self.max_pool = windows;
                true
            }
            _ => false,
        }
    }
}

layers! {
    Conv, fuse: take_over;
    /// Convolution over time: inputs `[batch, steps, channels]`. See [`Conv`].
    Conv1D, 1, "conv1d";
    /// Convolution over images: inputs `[batch, rows, columns, channels]`. See [`Conv`].
    Conv2D, 2, "conv2d";
    /// Convolution over volumes: inputs `[batch, planes, rows, columns, channels]`. See [`Conv`].
    Conv3D, 3, "conv3d";
}
