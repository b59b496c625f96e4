//! A penalty on values, as a layer.

use olifant_core::{Float, Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, Layer, Regularizer, WeightBuilder,
    layers::{activity_regularizer::ActivityRegularizer, options::options},
};

/// Adds a penalty on its inputs to the loss, and returns them as they are.
///
/// Penalty = (l1 · Σ|x| + l2 · Σx²) / batch, the sums over all elements of a batch; it counts in training and in evaluation.
/// Layers with weights have the same as an option, `activity_regularizer`; behind any other layer this one stands for it.
///
/// # Shapes
///
/// Outputs have the shape of the inputs.
///
/// # Defaults
///
/// `l1` and `l2` 0.
///
/// # Errors
///
/// When built: a factor that is negative or not finite.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Activation, Sequential, layers::{ActivityRegularization, Dense}};
///
/// // An autoencoder whose code has few numbers that are not 0.
/// let network = Sequential::new([784])
///     .add(Dense::new(32).activation(Activation::Relu))
///     .add(ActivityRegularization::new().l1(1e-3))
///     .add(Dense::new(784).activation(Activation::Sigmoid))
///     .build(42)?;
/// assert_eq!(network.output(), [784].into());
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ActivityRegularization {
    l1: Float,
    l2: Float,
}

impl ActivityRegularization {
    /// A layer that asks nothing yet.
    pub fn new() -> ActivityRegularization {
        ActivityRegularization::default()
    }

    options! {
        /// The factor of Σ|x|.
        l1(l1: Float) => l1;
        /// The factor of Σx².
        l2(l2: Float) => l2;
    }

    fn regularizer(&self) -> ActivityRegularizer {
        ActivityRegularizer { activity_regularizer: Some(Regularizer::l1_l2(self.l1, self.l2)) }
    }
}

#[typetag::serde(name = "activity_regularization")]
impl Layer for ActivityRegularization {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        self.regularizer().check()?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.regularizer().penalize(x)
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
