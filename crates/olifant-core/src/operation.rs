//! How to compute something, and how to send a gradient back through it.

use std::{array, fmt};

use crate::{
    Float, Shape, Weight, Weights,
    error::ShapeError,
    kernels::{Scratch, Team},
    tensor::{Buffer, Tensor, TensorView},
    workspace::{self, Node, Source},
};

/// One kind of computation on tensors, with its derivative.
///
/// Built-in operations are reached through the methods of [`Var`](crate::Var).
/// A user's own is recorded with [`Tape::apply`](crate::Tape::apply); test it with [`gradient_check`](crate::gradient_check).
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use olifant_core::{BackwardStep, Float, ForwardStep, InputGradients, Inputs, Operation, Shape, ShapeError};
///
/// /// y = x³
/// #[derive(Debug)]
/// struct Cube;
///
/// impl Operation for Cube {
///     fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
///         Ok(inputs.get(0).shape)
///     }
///
///     fn forward(&self, step: ForwardStep<'_>) {
///         for (y, x) in step.output.iter_mut().zip(step.inputs.get(0).data) {
///             *y = x * x * x;
///         }
///     }
///
///     fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
///         let x = step.inputs.get(0).data;
///         if let Some(mut dx) = gradients.get(0) {
///             dx.write(|i| 3.0 * x[i] * x[i] * step.output_gradient[i]);
///         }
///     }
/// }
///
/// let cube: Arc<dyn Operation> = Arc::new(Cube);
/// olifant_core::gradient_check(&[&[2, 3]], |tape, x| tape.apply(&cube, &[x[0]]));
/// ```
pub trait Operation: fmt::Debug + Send + Sync {
    /// The shape of the result.
    ///
    /// # Errors
    ///
    /// The inputs do not fit together.
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError>;

    /// Fills the output, whose contents are arbitrary before.
    fn forward(&self, step: ForwardStep<'_>);

    /// Writes ∂loss/∂input for each input whose gradient is wanted.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>);
}

/// The inputs of an operation: values recorded before, or weights.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    pub(crate) weights: &'a Weights,
    pub(crate) nodes: &'a [Node],
    pub(crate) values: &'a [Tensor],
    pub(crate) edges: &'a [u32],
}

impl<'a> Inputs<'a> {
    /// How many inputs there are.
    pub fn len(&self) -> usize {
        self.edges.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// The `index`-th input.
    pub fn get(&self, index: usize) -> TensorView<'a> {
        workspace::view(self.nodes, self.values, self.weights, self.edges[index] as usize)
    }
}

/// What an operation's forward pass reads and writes.
#[non_exhaustive]
pub struct ForwardStep<'a> {
    /// What goes in.
    pub inputs: Inputs<'a>,
    /// What comes out, row-major; its contents are arbitrary before.
    pub output: &'a mut [Float],
    /// Kept for the backward pass: probabilities, masks, gates. It keeps its memory from step to step.
    pub cache: &'a mut Vec<Float>,
    /// The threads that may share the work.
    pub team: &'a Team,
    /// Working memory for the matrix product.
    pub scratch: &'a mut Scratch,
}

/// What an operation's backward pass reads.
#[non_exhaustive]
pub struct BackwardStep<'a> {
    /// What went in.
    pub inputs: Inputs<'a>,
    /// What came out.
    pub output: TensorView<'a>,
    /// What the forward pass kept. It may be extended, which allocates only once, but not changed: another backward pass may follow.
    pub cache: &'a mut Vec<Float>,
    /// ∂loss/∂output. It may be changed in place: nobody reads it afterwards.
    pub output_gradient: &'a mut [Float],
    /// Whether it is zero already where the output is not positive.
    pub(crate) rectified: bool,
    /// The threads that may share the work.
    pub team: &'a Team,
    /// Working memory for the matrix product.
    pub scratch: &'a mut Scratch,
}

/// The places where an operation's backward pass puts its results.
pub struct InputGradients<'a> {
    pub(crate) weights: &'a Weights,
    pub(crate) nodes: &'a [Node],
    pub(crate) edges: &'a [u32],
    pub(crate) gradients: &'a mut [Buffer],
    pub(crate) written: &'a mut [bool],
    pub(crate) rectified: &'a mut [bool],
    pub(crate) weight_gradients: &'a mut Buffer,
    pub(crate) weight_written: &'a mut [bool],
}

impl InputGradients<'_> {
    /// Whether anybody wants ∂loss/∂input of the `index`-th input.
    pub fn wanted(&self, index: usize) -> bool {
        self.nodes[self.edges[index] as usize].needs_gradient
    }

    /// The place for ∂loss/∂input of the `index`-th input, or `None` if nobody wants it.
    ///
    /// One is lent at a time: in `x * x` both inputs are the same place.
    pub fn get(&mut self, index: usize) -> Option<GradientMut<'_>> {
        if !self.wanted(index) {
            return None;
        }
        let node = self.nodes[self.edges[index] as usize].root as usize;
        let (data, written) = match self.nodes[node].source {
            Source::Weight(weight) => {
                let range = self.weights.spec(weight).range();
                (&mut self.weight_gradients[range], &mut self.weight_written[weight.0 as usize])
            }
            _ => {
                let buffer = &mut self.gradients[node];
                buffer.resize(self.nodes[node].shape.size());
                self.rectified[node] = false;
                (&mut **buffer, &mut self.written[node])
            }
        };
        Some(GradientMut { data, add: std::mem::replace(written, true) })
    }

    /// The places of several inputs at once, as far as the inputs exist and are wanted;
    /// `None` if two of them are the same place.
    pub(crate) fn get_disjoint<const N: usize>(
        &mut self,
        inputs: [usize; N],
    ) -> Option<[Option<GradientMut<'_>>; N]> {
        let places = inputs.map(|input| {
            let &edge = self.edges.get(input).filter(|_| self.wanted(input))?;
            Some(self.nodes[edge as usize].root as usize)
        });
        let weights = places.map(|place| self.weight(place?));
        let values: [_; N] = array::from_fn(|i| if weights[i].is_none() { places[i] } else { None });
        for node in values.into_iter().flatten() {
            self.gradients[node].resize(self.nodes[node].shape.size());
        }
        let ranges = weights.map(|weight| weight.map_or(0..0, |weight| self.weights.spec(weight).range()));
        let weight_data = self.weight_gradients.get_disjoint_mut(ranges).ok()?;
        let buffers =
            self.gradients.get_disjoint_mut(values.map(|node| node.map_or(0..0, |node| node..node + 1)));
        let mut data = weight_data.into_iter().zip(buffers.ok()?);
        Some(array::from_fn(|i| {
            let (weight_data, buffer) = data.next()?;
            let (data, written) = match (weights[i], buffer, places[i]?) {
                (Some(weight), ..) => (weight_data, &mut self.weight_written[weight.0 as usize]),
                (None, [buffer], node) => {
                    self.rectified[node] = false;
                    (&mut **buffer, &mut self.written[node])
                }
                (None, ..) => return None,
            };
            Some(GradientMut { data, add: std::mem::replace(written, true) })
        }))
    }

    /// The weight that a node is.
    fn weight(&self, node: usize) -> Option<Weight> {
        match self.nodes[node].source {
            Source::Weight(weight) => Some(weight),
            _ => None,
        }
    }

    /// Whether an input is what a rectifier returned,
    /// so that its gradient may be written as zero at once where the input is not positive.
    pub(crate) fn is_from_rectifier(&self, input: usize) -> bool {
        let root = self.nodes[self.edges[input] as usize].root as usize;
        matches!(&self.nodes[root].source, Source::Operation(operation) if operation.is_rectifier())
    }

    /// Remembers that the gradient of an input is zero where the input is not positive.
    pub(crate) fn set_rectified(&mut self, input: usize) {
        let root = self.nodes[self.edges[input] as usize].root as usize;
        self.rectified[root] = true;
    }
}

/// Where a gradient is written: the first writer assigns, later ones add.
pub struct GradientMut<'a> {
    /// The numbers; arbitrary before the first writer.
    pub data: &'a mut [Float],
    /// Whether there is something to add to.
    pub add: bool,
}

impl GradientMut<'_> {
    /// Assigns or adds `gradient(i)` to each element.
    #[inline(always)]
    pub fn write(&mut self, gradient: impl Fn(usize) -> Float) {
        self.write_from((0..self.data.len()).map(gradient));
    }

    /// Assigns or adds one number after the other.
    #[inline(always)]
    pub fn write_from(&mut self, gradient: impl Iterator<Item = Float>) {
        // Two loops: with the question inside, the compiler would not vectorise.
        if self.add {
            self.data.iter_mut().zip(gradient).for_each(|(dx, term)| *dx += term);
        } else {
            self.data.iter_mut().zip(gradient).for_each(|(dx, term)| *dx = term);
        }
    }

    /// The numbers, ready to be added to: zeros if nobody has written yet.
    pub fn accumulator(&mut self) -> &mut [Float] {
        if !self.add {
            self.data.fill(0.0);
            self.add = true;
        }
        self.data
    }
}
