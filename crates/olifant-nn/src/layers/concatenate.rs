//! Inputs side by side.

use olifant_core::{Axes, Shape, Var, VarList};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Layer, WeightBuilder, layer::one_input, layers::defaults::last, with_batch};

/// Puts its inputs one behind the other along an axis.
///
/// Masks go on: along the time axis they are put one behind the other as well;
/// along another, a time step counts if it counts in any input. An input without a mask lets all count.
///
/// # Shapes
///
/// Inputs `[batch, …]` that differ along the axis only; outputs have the sum of their sizes there.
///
/// # Defaults
///
/// `axis` −1.
///
/// # Errors
///
/// When built: no inputs, an axis that does not exist or is the batch axis, shapes that do not fit.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Concatenate {
    #[serde(default = "last")]
    axis: isize,
}

impl Default for Concatenate {
    fn default() -> Concatenate {
        Concatenate { axis: last() }
    }
}

/// How many inputs are joined at once.
const AT_ONCE: usize = 16;

impl Concatenate {
    /// The layer for the last axis.
    pub fn new() -> Concatenate {
        Concatenate::default()
    }

    /// The axis along which the inputs stand, counted with the batch axis; −1 is the last.
    pub fn axis(mut self, axis: isize) -> Concatenate {
        self.axis = axis;
        self
    }

    /// The mask of the result.
    fn mask<'t>(&self, inputs: &VarList<'t>) -> Option<Var<'t>> {
        let rank = inputs.get(0).shape().rank();
        inputs.iter().find_map(Var::mask).filter(|_| rank > 2)?;
        let mask_of = |x: Var<'t>| {
            let shape = x.shape();
            x.mask().unwrap_or_else(|| x.tape().input_with([shape[0], shape[1]], |mask| mask.fill(1.0)))
        };
        let is_time = self.axis == 1 || self.axis + rank as isize == 1;
        let join = |a: Var<'t>, b: Var<'t>| if is_time { Var::concatenate(&[a, b], 1) } else { a.maximum(b) };
        inputs.iter().map(mask_of).reduce(join)
    }
}

#[typetag::serde(name = "concatenate")]
impl Layer for Concatenate {
    one_input!();

    fn build_several(
        &mut self,
        inputs: &[Shape],
        _: &mut WeightBuilder<'_>,
    ) -> Result<Vec<Shape>, BuildError> {
        let Some((first, others)) = inputs.split_first() else {
            return Err(BuildError::Inputs { expected: "at least one input".into(), given: 0 });
        };
        let axis = match Axes::from(self.axis).positions(first.with_batch(1)) {
            Ok(positions) if positions[0] > 0 => positions[0] - 1,
            _ => {
                let expected = format!("an axis of {}, but not the batch axis", with_batch(first));
                return Err(BuildError::option("axis", expected, self.axis));
            }
        };
        let mut sizes = first.axes().to_vec();
        for shape in others {
            let others_agree = shape.rank() == first.rank()
                && (0..first.rank()).all(|place| place == axis || shape[place] == first[place]);
            if !others_agree {
                return Err(BuildError::Other(format!(
                    "expects inputs that differ along axis {} only, but was given {} and {}",
                    self.axis,
                    with_batch(first),
                    with_batch(shape)
                )));
            }
            sizes[axis] += shape[axis];
        }
        Ok(vec![Shape::new(&sizes)?])
    }

    fn call_several<'t>(&self, inputs: &VarList<'t>) -> VarList<'t> {
        let mut parts = [inputs.get(0); AT_ONCE];
        parts.iter_mut().zip(inputs.iter()).for_each(|(part, x)| *part = x);
        let joined = Var::concatenate(&parts[..inputs.len().min(AT_ONCE)], self.axis);
        let joined = inputs.iter().skip(AT_ONCE).fold(joined, |y, x| Var::concatenate(&[y, x], self.axis));
        inputs.tape().list_of(&[joined.with_mask(self.mask(inputs))])
    }
}
