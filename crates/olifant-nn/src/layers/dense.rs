//! The fully connected layer.

use olifant_core::{Shape, Var, Weight};
use serde::{Deserialize, Serialize};

use super::{
    activity_regularizer::{ActivityRegularizer, activity_regularizer_option},
    options::options,
    weight_options::{Bias, KernelOptions, bias_options, kernel_options},
};
use crate::{Activation, BuildError, Layer, WeightBuilder, with_batch};

/// A fully connected layer: every unit sees every feature.
///
/// y = activation(x·K + b)
///
/// # Shapes
///
/// Inputs `[batch, …, features]`, outputs `[batch, …, units]`; kernel K `[features, units]`, bias b `[units]`.
///
/// # Defaults
///
/// `activation` linear, `use_bias` true, `kernel_initializer` Glorot uniform, `bias_initializer` zeros, no regularizers, no constraints.
///
/// # Errors
///
/// When built: inputs without a feature axis, zero units, an option of an initializer, a regularizer or a constraint outside its range.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Activation, Network, Sequential, layers::Dense};
///
/// let network = Sequential::new([784]).add(Dense::new(300).activation(Activation::Relu)).build(42)?;
/// assert_eq!(network.weights().trainable_parameters(), 784 * 300 + 300);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dense {
    units: usize,
    #[serde(default)]
    activation: Activation,
    #[serde(flatten)]
    kernel_options: KernelOptions,
    #[serde(flatten)]
    bias_options: Bias,
    #[serde(flatten)]
    activity: ActivityRegularizer,
    #[serde(skip)]
    kernel: Weight,
    #[serde(skip)]
    bias: Option<Weight>,
}

impl Dense {
    /// A layer of so many units, without activation.
    pub fn new(units: usize) -> Dense {
        Dense {
            units,
            activation: Activation::Linear,
            kernel_options: KernelOptions::default(),
            bias_options: Bias::default(),
            activity: ActivityRegularizer::default(),
            kernel: Weight::default(),
            bias: None,
        }
    }

    options! {
        /// The function applied to the result.
        activation(activation: Activation) => activation;
    }

    kernel_options!(kernel_options, "the kernel");
    bias_options!(bias_options, "the bias");
    activity_regularizer_option!(activity, "the outputs");
}

#[typetag::serde(name = "dense")]
impl Layer for Dense {
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        if self.units == 0 {
            return Err(BuildError::option("units", "at least 1", self.units));
        }
        self.activity.check()?;
        let features = input.axes().last().copied().filter(|&features| features > 0);
        let features = features.ok_or_else(|| BuildError::InputShape {
            expected: "[batch, features]".into(),
            given: with_batch(input),
            remedy: "; give each sample at least one feature",
        })?;
        self.kernel = self.kernel_options.add("kernel", Shape::from([features, self.units]), weights)?;
        self.bias = self.bias_options.add(Shape::from([self.units]), weights)?;
        self.activation.output_shape(&input.with_last_axis(self.units))
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (fused, rest) = self.activation.split();
        self.activity.penalize(rest.call(x.dense(self.kernel, self.bias, fused)))
    }
}
