//! Another range of numbers.

use olifant_core::{Float, Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Layer, WeightBuilder};

/// y = x · scale + offset, in training and in use.
///
/// # Shapes
///
/// Outputs have the shape of the inputs.
///
/// # Defaults
///
/// `offset` 0.
///
/// # Errors
///
/// When built: an option that is not a number.
///
/// # Examples
///
/// Pixels of 0 to 255 as numbers of −1 to 1:
///
/// ```
/// use olifant_nn::{Sequential, layers::Rescaling};
///
/// let network = Sequential::new([28, 28]).add(Rescaling::new(1.0 / 127.5).offset(-1.0)).build(0)?;
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Rescaling {
    scale: Float,
    #[serde(default)]
    offset: Float,
}

impl Rescaling {
    /// The layer that multiplies by this number.
    pub fn new(scale: Float) -> Rescaling {
        Rescaling { scale, offset: 0.0 }
    }

    /// What is added afterwards.
    pub fn offset(mut self, offset: Float) -> Rescaling {
        self.offset = offset;
        self
    }
}

#[typetag::serde(name = "rescaling")]
impl Layer for Rescaling {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        for (option, number) in [("scale", self.scale), ("offset", self.offset)] {
            BuildError::check_option(option, "a number", number, number.is_finite())?;
        }
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        x * self.scale + self.offset
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
