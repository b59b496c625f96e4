//! Probabilities along axes.

use olifant_core::{Axes, IfNoneCounts, Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, Layer, WeightBuilder,
    layers::{defaults::last_axis, last_axes::LastAxes},
};

/// yᵢ = e^(xᵢ) / Σⱼ e^(xⱼ) along some axes.
///
/// Where the inputs are `[batch, time]` and have a mask, the numbers that it hides become 0 and do not count.
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
pub struct Softmax {
    #[serde(default = "last_axis")]
    axis: Axes,
    #[serde(skip)]
    axes: LastAxes,
}

impl Default for Softmax {
    fn default() -> Softmax {
        Softmax { axis: last_axis(), axes: LastAxes::default() }
    }
}

impl Softmax {
    /// The layer with the default option.
    pub fn new() -> Softmax {
        Softmax::default()
    }

    /// The axis or the axes along which the results add up to 1, counted with the batch axis; −1 is the last.
    pub fn axis(mut self, axis: impl Into<Axes>) -> Softmax {
        self.axis = axis.into();
        self
    }
}

/// The softmax of the numbers that count; the others are 0.
fn masked_softmax<'t>(x: Var<'t>, mask: Var<'t>) -> Var<'t> {
    let (shape, axes) = (x.shape(), [x.shape()[0], 1, 1, x.shape()[1]]);
    let mask = mask.reshape([axes[0], 1, axes[3]]);
    x.reshape(axes).masked_softmax(1.0, Some(mask), false, IfNoneCounts::Zero).reshape(shape)
}

#[typetag::serde(name = "softmax")]
impl Layer for Softmax {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        (self.axes, _) = LastAxes::new(self.axis, input)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        // Keras's mask hides single numbers here; one that hides time steps of vectors has no meaning.
        match x.mask().filter(|mask| mask.shape() == x.shape()) {
            None => self.axes.apply(x, Var::softmax),
            Some(mask) => masked_softmax(x, mask),
        }
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
