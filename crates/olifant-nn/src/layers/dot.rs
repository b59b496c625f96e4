//! Products of vectors, sample by sample.

use olifant_core::{Shape, VarList};
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, Layer, WeightBuilder,
    layer::one_input,
    layers::{last_axes::LastAxes, normalization::to_unit_length},
    with_batch,
};

/// Multiplies two inputs and sums along an axis of each, sample by sample.
///
/// # Shapes
///
/// Inputs `[batch, a…]` and `[batch, b…]`, of which one axis each has the same size;
/// outputs `[batch, …]` with the other axes of the first, then those of the second, or `[batch, 1]` if there are none.
///
/// # Defaults
///
/// `normalize` false.
///
/// # Errors
///
/// When built: other than two inputs, an axis that does not exist or is the batch axis, axes of different sizes.
///
/// # Examples
///
/// ```
/// use olifant_nn::{CallOn, Functional, Input, layers::Dot};
///
/// let (query, value) = (Input::new([5, 8]), Input::new([7, 8]));
/// let network = Functional::new([&query, &value], &Dot::new(-1).on([&query, &value])).build(0)?;
/// assert_eq!(network.output().axes(), [5, 7]);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dot {
    axes: [isize; 2],
    #[serde(default)]
    normalize: bool,
    #[serde(skip)]
    last: [LastAxes; 2],
    #[serde(skip)]
    output: Shape,
}

/// The axes along which [`Dot`] sums: one for both inputs, or a pair.
#[derive(Clone, Copy, Debug)]
pub struct DotAxes([isize; 2]);

impl From<isize> for DotAxes {
    fn from(axis: isize) -> DotAxes {
        DotAxes([axis, axis])
    }
}

impl From<(isize, isize)> for DotAxes {
    fn from((first, second): (isize, isize)) -> DotAxes {
        DotAxes([first, second])
    }
}

impl Dot {
    /// The axis of both inputs, or one of each in a pair, counted with the batch axis; −1 is the last.
    pub fn new(axes: impl Into<DotAxes>) -> Dot {
        Dot { axes: axes.into().0, normalize: false, last: Default::default(), output: Shape::SCALAR }
    }

    /// Whether vectors get the length 1 first: then the results are cosines.
    pub fn normalize(mut self, normalize: bool) -> Dot {
        self.normalize = normalize;
        self
    }
}

/// The sizes of a sample's axes but for that of this number, counted with the batch axis.
fn others(input: &Shape, axis: isize) -> Vec<usize> {
    let position = if axis < 0 { axis + input.rank() as isize } else { axis - 1 };
    let mut sizes = input.axes().to_vec();
    sizes.remove(position as usize);
    sizes
}

#[typetag::serde(name = "dot")]
impl Layer for Dot {
    one_input!();

    fn build_several(
        &mut self,
        inputs: &[Shape],
        _: &mut WeightBuilder<'_>,
    ) -> Result<Vec<Shape>, BuildError> {
        let [first, second] = inputs else {
            return Err(BuildError::Inputs { expected: "exactly 2 inputs".into(), given: inputs.len() });
        };
        let (first_last, first_size) = LastAxes::new(self.axes[0].into(), first)?;
        let (second_last, second_size) = LastAxes::new(self.axes[1].into(), second)?;
        if first_size != second_size {
            return Err(BuildError::Other(format!(
                "expects axes of the same size, but axis {} of {} has {} and axis {} of {} has {}",
                self.axes[0],
                with_batch(first),
                first_size.size(),
                self.axes[1],
                with_batch(second),
                second_size.size()
            )));
        }
        self.last = [first_last, second_last];
        let mut sizes = others(first, self.axes[0]);
        sizes.extend(others(second, self.axes[1]));
        self.output = if sizes.is_empty() { Shape::from([1]) } else { Shape::new(&sizes)? };
        Ok(vec![self.output])
    }

    fn call_several<'t>(&self, inputs: &VarList<'t>) -> VarList<'t> {
        let batch = inputs.get(0).shape()[0];
        let [first, second] = [0, 1].map(|number| {
            let x = self.last[number].moved(inputs.get(number));
            let shape = x.shape();
            let terms = shape[shape.rank() - 1];
            let rows = shape.without_batch().size() / terms.max(1);
            let x = x.reshape([batch, rows, terms]);
            if self.normalize { to_unit_length(x) } else { x }
        });
        let products = first.matmul_transposed(second);
        inputs.tape().list_of(&[products.reshape(self.output.with_batch(batch))])
    }
}
