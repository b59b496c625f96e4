//! The rectifier that learns how much it lets through.

use olifant_core::{Axes, Shape, Var, Weight};
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, Layer, WeightBuilder,
    layers::{
        options::options,
        weight_options::{AlphaOptions, options_of_weight},
    },
    with_batch,
};

/// y = x above 0, α · x below, with an α that is learnt for each element of a sample.
///
/// # Shapes
///
/// Outputs have the shape of the inputs. Weight `alpha`: the shape of a sample, with 1 for the shared axes.
///
/// # Defaults
///
/// `alpha_initializer` zeros, no regularizer, no constraint, `shared_axes` none. After convolutions over images, `[1, 2]` gives each channel one α.
///
/// # Errors
///
/// When built: a shared axis that does not exist, or is the batch axis.
///
/// # References
///
/// He, Zhang, Ren, Sun (2015), [Delving Deep into Rectifiers](https://arxiv.org/abs/1502.01852).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PReLU {
    #[serde(flatten)]
    options: AlphaOptions,
    #[serde(default)]
    shared_axes: Vec<isize>,
    #[serde(skip)]
    alpha: Weight,
}

impl PReLU {
    /// The layer with the default options.
    pub fn new() -> PReLU {
        PReLU::default()
    }

    options! {
        /// The axes along which α is the same, counted with the batch axis, so from 1.
        shared_axes(axes: impl Into<Vec<isize>>) => axes.into();
    }

    options_of_weight!(options, "α": alpha_initializer, alpha_regularizer, alpha_constraint);
}

#[typetag::serde(name = "prelu")]
impl Layer for PReLU {
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        let mut sizes = input.axes().to_vec();
        let positions = Axes::new(&self.shared_axes)?.positions(input.with_batch(1)).ok();
        let Some(positions) = positions.filter(|positions| positions.first() != Some(&0)) else {
            let expected = format!("axes of {}, but not the batch axis", with_batch(input));
            return Err(BuildError::option("shared_axes", expected, format!("{:?}", self.shared_axes)));
        };
        positions.into_iter().for_each(|axis| sizes[axis - 1] = 1);
        self.alpha = self.options.add("alpha", Shape::new(&sizes)?, weights)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        x.relu() - x.tape().weight(self.alpha) * (-x).relu()
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
