//! Forgetting at random.

use olifant_core::{Float, Shape, Var};
use serde::{Deserialize, Serialize};

use super::noise_shape;
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
/// # Defaults
///
/// `noise_shape` none: each element has a chance of its own.
///
/// # Errors
///
/// When built: a rate outside [0, 1], a noise shape that does not fit.
///
/// # References
///
/// Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014),
/// "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Dropout {
    rate: Float,
    #[serde(default)]
    noise_shape: Option<Shape>,
}

impl Dropout {
    /// The share of elements to drop, in [0, 1].
    pub fn new(rate: Float) -> Dropout {
        Dropout { rate, noise_shape: None }
    }

    /// The shape of what is drawn for a sample, without the batch axis: along axes of size 1, elements share their chance.
    ///
    /// For sequences `[time, features]`, `[1, features]` drops a feature at all times.
    pub fn noise_shape(mut self, noise_shape: impl Into<Shape>) -> Dropout {
        self.noise_shape = Some(noise_shape.into());
        self
    }
}

/// Drops with a chance for each element of `noise_shape`, which is stretched to the shape of x.
pub(super) fn drop_shared(x: Var<'_>, rate: Float, noise_shape: Shape) -> Var<'_> {
    if !x.tape().is_training() || rate == 0.0 {
        return x;
    }
    x * x.tape().input_with(noise_shape, |ones| ones.fill(1.0)).dropout(rate)
}

#[typetag::serde(name = "dropout")]
impl Layer for Dropout {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        noise_shape::check_rate(self.rate)?;
        noise_shape::check(self.noise_shape, input)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        match self.noise_shape {
            None => x.dropout(self.rate),
            shape => drop_shared(x, self.rate, noise_shape::of_batch(shape, x)),
        }
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
