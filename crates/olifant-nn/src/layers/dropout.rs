//! Forgetting at random.

use olifant_core::{Float, Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Layer, WeightBuilder};

/// Sets elements to zero at random in training, so that units cannot rely on each other.
///
/// In training each element is 0 with probability `rate`, else multiplied by 1/(1 − rate), which keeps the mean.
/// In use the layer does nothing.
///
/// # Shapes
///
/// Outputs have the shape of the inputs.
///
/// # Errors
///
/// When built: a rate outside [0, 1].
///
/// # References
///
/// Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014),
/// "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Dropout {
    rate: Float,
}

impl Dropout {
    /// The share of elements to drop, in [0, 1].
    pub fn new(rate: Float) -> Dropout {
        Dropout { rate }
    }
}

#[typetag::serde(name = "dropout")]
impl Layer for Dropout {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        if !(0.0..=1.0).contains(&self.rate) {
            return Err(BuildError::option("rate", "between 0 and 1", self.rate));
        }
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        x.dropout(self.rate)
    }
}
