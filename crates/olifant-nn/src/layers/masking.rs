//! Hiding time steps that are padding.

use olifant_core::{Float, Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Layer, WeightBuilder, with_batch};

/// Hides the time steps all of whose features are a given number: layers behind are told to leave them out.
///
/// The features of hidden steps become 0.
///
/// # Shapes
///
/// Inputs and outputs `[batch, time, features]`; the mask is `[batch, time]`.
///
/// # Defaults
///
/// `mask_value` 0.
///
/// # Errors
///
/// When built: inputs of another rank, a mask value that is not a number.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Masking {
    #[serde(default)]
    mask_value: Float,
}

impl Masking {
    /// The layer that hides zeros.
    pub fn new() -> Masking {
        Masking::default()
    }

    /// The number that stands for padding.
    pub fn mask_value(mut self, mask_value: Float) -> Masking {
        self.mask_value = mask_value;
        self
    }
}

#[typetag::serde(name = "masking")]
impl Layer for Masking {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        BuildError::check_option("mask_value", "a number", self.mask_value, self.mask_value.is_finite())?;
        if input.rank() != 2 {
            let (expected, given) = ("[batch, time, features]".to_string(), with_batch(input));
            return Err(BuildError::InputShape { expected, given, remedy: "" });
        }
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        let differs = (1.0 - x.equal(self.mask_value)).max_keepdims(-1);
        let mask = differs.reshape([x.shape()[0], x.shape()[1]]);
        differs.select(x, 0.0).with_mask(Some(mask))
    }
}
