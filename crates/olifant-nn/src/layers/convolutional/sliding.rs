//! What all convolutional layers can be told.

use olifant_core::{Convolution, Padding, Shape, Weight};
use serde::{Deserialize, Serialize};

use crate::{
    Activation, BuildError, WeightBuilder,
    layers::{activity_regularizer::ActivityRegularizer, per_axis::PerAxis, weight_options::Bias},
};

/// How a kernel slides, and what becomes of its results.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Sliding<const N: usize> {
    pub(super) kernel_size: PerAxis<N>,
    #[serde(default)]
    pub(super) strides: PerAxis<N>,
    #[serde(default)]
    pub(super) padding: Padding,
    #[serde(default)]
    pub(super) dilation_rate: PerAxis<N>,
    #[serde(default)]
    pub(super) activation: Activation,
    #[serde(flatten)]
    pub(super) bias: Bias,
    #[serde(flatten)]
    pub(super) activity: ActivityRegularizer,
}

impl<const N: usize> Sliding<N> {
    /// A kernel of this size, and Keras's defaults.
    pub(super) fn new(kernel_size: PerAxis<N>) -> Sliding<N> {
        Sliding {
            kernel_size,
            strides: PerAxis::default(),
            padding: Padding::Valid,
            dilation_rate: PerAxis::default(),
            activation: Activation::Linear,
            bias: Bias::default(),
            activity: ActivityRegularizer::default(),
        }
    }

    /// Whether a kernel of these options can slide at all.
    pub(super) fn check(&self, knows_causal: bool) -> Result<(), BuildError> {
        self.activity.check()?;
        self.kernel_size.check("kernel_size", 1)?;
        self.strides.check("strides", 1)?;
        self.dilation_rate.check("dilation_rate", 1)?;
        if self.padding == Padding::Causal && !(N == 1 && knows_causal) {
            let expected =
                if knows_causal { "valid or same: causal is for one axis" } else { "valid or same" };
            return Err(BuildError::option("padding", expected, "causal"));
        }
        Ok(())
    }

    /// Whether not both strides and dilation are above 1, for layers in which they exclude each other.
    pub(super) fn check_strides_or_dilation(&self) -> Result<(), BuildError> {
        let is_more = |numbers: PerAxis<N>| numbers.numbers().iter().any(|&number| number > 1);
        if is_more(self.strides) && is_more(self.dilation_rate) {
            let given = format!("{:?}", self.strides.numbers());
            return Err(BuildError::option(
                "strides",
                "1 along each axis, for dilation_rate is above 1",
                given,
            ));
        }
        Ok(())
    }

    /// The shape of a kernel of these sizes, with two more axes behind.
    pub(super) fn kernel_shape(&self, last: [usize; 2]) -> Result<Shape, BuildError> {
        Ok(Shape::new(&[self.kernel_size.numbers().as_slice(), &last].concat())?)
    }

    /// The convolution, still without an activation.
    pub(super) fn convolution(&self) -> Convolution {
        Convolution::new()
            .strides(self.strides.numbers())
            .dilation(self.dilation_rate.numbers())
            .padding(self.padding)
    }

    /// Creates the bias of the results, of which a batch has this shape.
    pub(super) fn add_bias(
        &self,
        results: Shape,
        weights: &mut WeightBuilder<'_>,
    ) -> Result<Option<Weight>, BuildError> {
        self.bias.add(Shape::from([results.last_axis()?]), weights)
    }

    /// The shape of a sample of the results, after the activation.
    pub(super) fn sample_shape(&self, results: Shape) -> Result<Shape, BuildError> {
        self.activation.output_shape(&results.without_batch())
    }
}

/// Writes `strides`, `padding`, `dilation_rate`, `activation`, `use_bias`, `bias_initializer`, `bias_regularizer`, `bias_constraint`
/// and `activity_regularizer`, for a layer with a field `sliding`.
macro_rules! sliding_options {
    () => {
        $crate::layers::options::options! {
            in [sliding];
            /// How far the kernel moves at a time.
            strides(strides: impl Into<PerAxis<N>>) => strides.into();
            /// What happens at the edges: places are added around the inputs, or, transposed, cut off the results.
            padding(padding: Padding) => padding;
            /// The distance between the places of a kernel.
            dilation_rate(dilation_rate: impl Into<PerAxis<N>>) => dilation_rate.into();
            /// The function applied to the result.
            activation(activation: Activation) => activation;
        }

        $crate::layers::weight_options::bias_options!(sliding.bias, "the bias");
        $crate::layers::activity_regularizer::activity_regularizer_option!(sliding.activity, "the outputs");
    };
}
pub(super) use sliding_options;
