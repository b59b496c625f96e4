//! Normalization to length 1.

use olifant_core::{Axes, Float, Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, Layer, WeightBuilder,
    layers::{defaults::last_axis, last_axes::LastAxes},
};

/// Gives the vectors along some axes the length 1.
///
/// y = x / √(Σ x²), with the sum over `axis`. A vector of zeros stays one; shorter ones than 10⁻¹² are multiplied by 10¹².
///
/// # Shapes
///
/// Outputs have the shape of the inputs.
///
/// # Defaults
///
/// `axis` −1.
///
/// # Errors
///
/// When built: an axis that does not exist or is the batch axis.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UnitNormalization {
    #[serde(default = "last_axis")]
    axis: Axes,
    #[serde(skip)]
    axes: LastAxes,
}

/// The square of the least length that a vector is divided by.
const LEAST_SQUARE: Float = 1e-24;

impl Default for UnitNormalization {
    fn default() -> UnitNormalization {
        UnitNormalization { axis: last_axis(), axes: LastAxes::default() }
    }
}

impl UnitNormalization {
    /// The layer with the default options.
    pub fn new() -> UnitNormalization {
        UnitNormalization::default()
    }

    /// The axis or the axes that make a vector, counted with the batch axis; −1 is the last.
    pub fn axis(mut self, axis: impl Into<Axes>) -> UnitNormalization {
        self.axis = axis.into();
        self
    }
}

/// x / √(Σ x²) along the last axis.
pub(in crate::layers) fn to_unit_length(x: Var<'_>) -> Var<'_> {
    let squares = x.square().sum_keepdims(-1);
    x / squares.maximum(LEAST_SQUARE).sqrt()
}

#[typetag::serde(name = "unit_normalization")]
impl Layer for UnitNormalization {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        (self.axes, _) = LastAxes::new(self.axis, input)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.axes.apply(x, to_unit_length)
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
