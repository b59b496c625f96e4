//! Axes in another order.

use olifant_core::{Axes, Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Layer, WeightBuilder, with_batch};

/// Puts the axes of each sample into another order.
///
/// # Shapes
///
/// Inputs `[batch, a₁, a₂, …]`, outputs `[batch, a_dims[0], a_dims[1], …]`.
///
/// # Errors
///
/// When built: `dims` does not name each axis of a sample once.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Sequential, layers::Permute};
///
/// let network = Sequential::new([10, 64]).add(Permute::new([2, 1])).build(0)?;
/// assert_eq!(network.output().axes(), [64, 10]);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Permute {
    dims: Vec<usize>,
    #[serde(skip)]
    order: Option<Axes>,
}

impl Permute {
    /// Which axis each axis of the outputs is, counted from 1: the batch axis stays.
    pub fn new(dims: impl Into<Vec<usize>>) -> Permute {
        Permute { dims: dims.into(), order: None }
    }
}

#[typetag::serde(name = "permute")]
impl Layer for Permute {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        let mut sorted = self.dims.clone();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(1..=input.rank()) {
            let expected = format!("the axes 1 to {} of {}, each once", input.rank(), with_batch(input));
            return Err(BuildError::option("dims", expected, format!("{:?}", self.dims)));
        }
        let order: Vec<isize> = [0].into_iter().chain(self.dims.iter().map(|&axis| axis as isize)).collect();
        self.order = Some(Axes::new(&order)?);
        let sizes: Vec<usize> = self.dims.iter().map(|&axis| input[axis - 1]).collect();
        Ok(Shape::new(&sizes)?)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.order.map_or(x, |order| x.transpose(order))
    }
}
