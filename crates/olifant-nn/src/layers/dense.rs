//! The fully connected layer.

use olifant_core::{Shape, Var, Weight};
use serde::{Deserialize, Serialize};

use crate::{
    Activation, BuildError, Constraint, Initializer, Layer, Regularizer, WeightBuilder,
    layers::defaults::{yes, zeros},
    with_batch,
};

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kernel_constraint: Option<Constraint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bias_constraint: Option<Constraint>,
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
            use_bias: true,
            kernel_initializer: Initializer::GlorotUniform,
            bias_initializer: Initializer::Zeros,
            kernel_regularizer: None,
            bias_regularizer: None,
            kernel_constraint: None,
            bias_constraint: None,
            kernel: Weight::default(),
            bias: None,
        }
    }

    /// The function applied to the result.
    pub fn activation(mut self, activation: Activation) -> Dense {
        self.activation = activation;
        self
    }

    /// Whether a bias is added.
    pub fn use_bias(mut self, use_bias: bool) -> Dense {
        self.use_bias = use_bias;
        self
    }

    /// How the kernel is filled before training.
    pub fn kernel_initializer(mut self, initializer: Initializer) -> Dense {
        self.kernel_initializer = initializer;
        self
    }

    /// How the bias is filled before training.
    pub fn bias_initializer(mut self, initializer: Initializer) -> Dense {
        self.bias_initializer = initializer;
        self
    }

    /// A penalty on the kernel, added to the loss.
    pub fn kernel_regularizer(mut self, regularizer: Regularizer) -> Dense {
        self.kernel_regularizer = Some(regularizer);
        self
    }

    /// A penalty on the bias, added to the loss.
    pub fn bias_regularizer(mut self, regularizer: Regularizer) -> Dense {
        self.bias_regularizer = Some(regularizer);
        self
    }

    /// A limit that the kernel is put back to after each update.
    pub fn kernel_constraint(mut self, constraint: Constraint) -> Dense {
        self.kernel_constraint = Some(constraint);
        self
    }

    /// A limit that the bias is put back to after each update.
    pub fn bias_constraint(mut self, constraint: Constraint) -> Dense {
        self.bias_constraint = Some(constraint);
        self
    }
}

#[typetag::serde(name = "dense")]
impl Layer for Dense {
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        if self.units == 0 {
            return Err(BuildError::option("units", "at least 1", self.units));
        }
        let features = input.axes().last().copied().filter(|&features| features > 0);
        let features = features.ok_or_else(|| BuildError::InputShape {
            expected: "[batch, features]".into(),
            given: with_batch(input),
            remedy: "; give each sample at least one feature",
        })?;
        self.kernel = weights.add("kernel", Shape::from([features, self.units]), &self.kernel_initializer)?;
        weights.regularize(self.kernel, self.kernel_regularizer)?;
        weights.constrain(self.kernel, self.kernel_constraint.as_ref())?;
        self.bias = None;
        if self.use_bias {
            let bias = weights.add("bias", Shape::from([self.units]), &self.bias_initializer)?;
            weights.regularize(bias, self.bias_regularizer)?;
            weights.constrain(bias, self.bias_constraint.as_ref())?;
            self.bias = Some(bias);
        }
        self.activation.output_shape(&input.with_last_axis(self.units))
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (fused, rest) = self.activation.split();
        rest.call(x.dense(self.kernel, self.bias, fused))
    }
}
