//! The rectifier.

use olifant_core::{Float, Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{Activation, BuildError, Layer, WeightBuilder};

/// y = x above the threshold, negative_slope · (x − threshold) below, at most max_value.
///
/// # Shapes
///
/// Outputs have the shape of the inputs.
///
/// # Defaults
///
/// `max_value` none, `negative_slope` 0, `threshold` 0: max(x, 0).
///
/// # Errors
///
/// When built: an option that is negative or not a number.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct ReLU {
    #[serde(default)]
    max_value: Option<Float>,
    #[serde(default)]
    negative_slope: Float,
    #[serde(default)]
    threshold: Float,
}

impl ReLU {
    /// The layer with the default options.
    pub fn new() -> ReLU {
        ReLU::default()
    }

    /// The largest value that comes out.
    pub fn max_value(mut self, max_value: Float) -> ReLU {
        self.max_value = Some(max_value);
        self
    }

    /// The slope below the threshold.
    pub fn negative_slope(mut self, negative_slope: Float) -> ReLU {
        self.negative_slope = negative_slope;
        self
    }

    /// Where the function begins to rise.
    pub fn threshold(mut self, threshold: Float) -> ReLU {
        self.threshold = threshold;
        self
    }

    fn activation(&self) -> Activation {
        let ReLU { max_value, negative_slope, threshold } = *self;
        Activation::ReluWith { negative_slope, max_value, threshold }
    }
}

#[typetag::serde(name = "relu")]
impl Layer for ReLU {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        for (option, value) in [("negative_slope", self.negative_slope), ("threshold", self.threshold)] {
            let is_right = value >= 0.0 && value.is_finite();
            BuildError::check_option(option, "a number from 0", value, is_right)?;
        }
        self.activation().output_shape(input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.activation().call(x)
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
