//! Recording a computation, so that its gradient can be sent back.

use std::{cell::RefCell, sync::Arc};

use crate::{
    Float, Operation, RandomKey, Shape, Weight, Weights, Workspace,
    operation::{ForwardStep, Inputs},
    operations::BuiltIn,
    tensor::{Tensor, TensorView},
    workspace::{Node, Source},
};

/// Whether a step is for learning or for use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Layers behave as in use: no dropout, moving averages are read and not changed.
    Inference,
    /// Layers behave as in training; the key is where this step's randomness comes from.
    Training(RandomKey),
}

/// A list of what is computed, in order.
///
/// A tape owns its [`Workspace`] and borrows the [`Weights`]: while it lives, weights cannot change.
/// Values are [`Var`] handles: `Copy`, with the usual operators.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, Weights, Workspace};
///
/// let mut weights = Weights::default();
/// let w = weights.add("w", [2], true);
/// weights.get_mut(w).copy_from_slice(&[3.0, 4.0]);
///
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let loss = tape.weight(w).square().sum(olifant_core::Axes::All);
/// assert_eq!(loss.item(), 25.0);
/// tape.backward(loss);
/// assert_eq!(tape.finish().gradients()[..2], [6.0, 8.0]);
/// ```
#[derive(Debug)]
pub struct Tape<'p> {
    weights: &'p Weights,
    pub(crate) workspace: RefCell<Workspace>,
    mode: Mode,
    pub(crate) wants_losses: bool,
}

/// A value on a [`Tape`]: a `Copy` handle with operators.
///
/// Methods that combine values panic, at the caller's line, if the shapes do not fit or the tapes differ:
/// that is a mistake in the program, as with ndarray's operators.
#[derive(Clone, Copy)]
pub struct Var<'t> {
    pub(crate) tape: &'t Tape<'t>,
    pub(crate) index: u32,
}

impl<'p> Tape<'p> {
    /// Starts recording.
    pub fn record(mut workspace: Workspace, weights: &'p Weights, mode: Mode) -> Tape<'p> {
        workspace.restart();
        Tape { weights, workspace: RefCell::new(workspace), mode, wants_losses: true }
    }

    /// Ends recording; the buffers come back.
    pub fn finish(self) -> Workspace {
        self.workspace.into_inner()
    }

    /// The weights the computation may use.
    pub fn weights(&self) -> &'p Weights {
        self.weights
    }

    /// Whether layers should behave as in training.
    pub fn is_training(&self) -> bool {
        self.mode != Mode::Inference
    }

    /// The key of the random stream for the next value recorded, or `None` outside training.
    pub fn random_key(&self) -> Option<RandomKey> {
        match self.mode {
            Mode::Inference => None,
            Mode::Training(step) => Some(step.derive(self.workspace.borrow().nodes.len() as u64)),
        }
    }

    /// Copies data in.
    ///
    /// # Panics
    ///
    /// There are more or fewer numbers than the shape says.
    #[track_caller]
    pub fn input(&self, data: TensorView<'_>) -> Var<'_> {
        self.input_with(data.shape, |slot| slot.copy_from_slice(data.data))
    }

    /// Lets `fill` write data straight into the tape's buffer, whose contents are arbitrary before.
    ///
    /// # Panics
    ///
    /// `fill` uses the tape.
    pub fn input_with(&self, shape: impl Into<Shape>, fill: impl FnOnce(&mut [Float])) -> Var<'_> {
        self.push(Source::Input, |value| {
            value.resize(shape);
            fill(value.data_mut());
            (value.shape(), false)
        })
    }

    /// Takes data in without copying: the tensor and the tape's buffer change places.
    pub fn input_swap(&self, data: &mut Tensor) -> Var<'_> {
        self.push(Source::Input, |value| {
            std::mem::swap(value, data);
            (value.shape(), false)
        })
    }

    /// A single number.
    pub fn constant(&self, number: Float) -> Var<'_> {
        self.input_with(Shape::SCALAR, |slot| slot[0] = number)
    }

    /// A weight, trainable or not.
    ///
    /// # Panics
    ///
    /// The handle does not belong to these weights.
    #[track_caller]
    pub fn weight(&self, weight: Weight) -> Var<'_> {
        let spec = self.weights.spec(weight);
        self.push(Source::Weight(weight), |_| (spec.shape, spec.trainable))
    }

    /// Records an operation of the user's own.
    ///
    /// # Panics
    ///
    /// The operation refuses the shapes of its inputs.
    #[track_caller]
    pub fn apply<'t>(&'t self, operation: &Arc<dyn Operation>, inputs: &[Var<'t>]) -> Var<'t> {
        self.operate(BuiltIn::Custom(Arc::clone(operation)), inputs)
    }

    /// Remembers that a weight which gradients do not change gets a new value when the step is committed.
    ///
    /// # Panics
    ///
    /// The weight is trainable, or has another shape than the value, or the value is on another tape.
    #[track_caller]
    pub fn assign(&self, weight: Weight, value: Var<'_>) {
        let spec = self.weights.spec(weight);
        assert!(!spec.trainable, "weight {} is trainable: only gradients may change it", spec.name);
        self.replace(weight, value);
    }

    /// Remembers that a weight, trainable or not, gets a new value when the step is committed.
    ///
    /// It is for what is done to weights besides training: limits they are put back to, for example.
    ///
    /// # Panics
    ///
    /// The weight has another shape than the value, or the value is on another tape.
    #[track_caller]
    pub fn replace(&self, weight: Weight, value: Var<'_>) {
        assert!(std::ptr::addr_eq(value.tape, self), "the value was recorded on another tape");
        let spec = self.weights.spec(weight);
        assert_eq!(
            spec.shape,
            value.shape(),
            "weight {} cannot be assigned a value of another shape",
            spec.name
        );
        // The numbers of a weight are not on the tape: what is assigned is a copy that is.
        let root = self.workspace.borrow().root(value.index);
        let copied = match self.workspace.borrow().nodes[root as usize].source {
            Source::Weight(weight) => Some(weight),
            _ => None,
        };
        let root = copied.map_or(root, |weight| self.input(self.weights.get(weight)).index);
        self.workspace.borrow_mut().assignments.push((weight, root));
    }

    /// Computes an operation and records it.
    #[track_caller]
    pub(crate) fn operate<'t>(&'t self, operation: impl Into<BuiltIn>, inputs: &[Var<'t>]) -> Var<'t> {
        self.operate_on_all(operation, inputs.iter().copied())
    }

    /// Computes an operation on any number of values and records it.
    #[track_caller]
    pub(crate) fn operate_on_all<'t>(
        &'t self,
        operation: impl Into<BuiltIn>,
        inputs: impl Iterator<Item = Var<'t>>,
    ) -> Var<'t> {
        let mut workspace = self.workspace.borrow_mut();
        workspace.grow();
        let Workspace { nodes, edges, values, caches, team, scratch, .. } = &mut *workspace;
        let (index, first_edge) = (nodes.len(), edges.len());
        for input in inputs {
            assert!(std::ptr::eq(input.tape, self), "values of different tapes cannot be combined");
            edges.push(input.index);
        }

        let operation = operation.into();
        let (earlier, slot) = values.split_at_mut(index);
        let step_inputs =
            Inputs { weights: self.weights, nodes, values: earlier, edges: &edges[first_edge..] };
        let shape = match operation.as_operation().output_shape(&step_inputs) {
            Ok(shape) => shape,
            Err(error) => panic!("{error}"),
        };
        slot[0].resize(shape);
        operation.as_operation().forward(ForwardStep {
            inputs: step_inputs,
            output: slot[0].data_mut(),
            cache: &mut caches[index],
            team,
            scratch,
        });

        let needs_gradient = edges[first_edge..].iter().any(|&edge| nodes[edge as usize].needs_gradient);
        let edges = (first_edge as u32, edges.len() as u32);
        let (source, root) = (Source::Operation(operation), index as u32);
        nodes.push(Node { source, edges, needs_gradient, shape, root, mask: None });
        Var { tape: self, index: index as u32 }
    }

    /// Records the same numbers under another shape of the same size. Nothing is copied, here or in the backward pass.
    pub(crate) fn reshaped(&self, value: u32, shape: Shape) -> Var<'_> {
        let mut workspace = self.workspace.borrow_mut();
        workspace.grow();
        let (index, root) = (workspace.nodes.len() as u32, workspace.root(value));
        let needs_gradient = workspace.nodes[value as usize].needs_gradient;
        workspace.nodes.push(Node {
            source: Source::Reshape,
            edges: (0, 0),
            needs_gradient,
            shape,
            root,
            mask: None,
        });
        Var { tape: self, index }
    }

    /// Records what is no operation; `fill` returns the shape, and whether a gradient is wanted.
    fn push(&self, source: Source, fill: impl FnOnce(&mut Tensor) -> (Shape, bool)) -> Var<'_> {
        let mut workspace = self.workspace.borrow_mut();
        workspace.grow();
        let index = workspace.nodes.len();
        let (shape, needs_gradient) = fill(&mut workspace.values[index]);
        let root = index as u32;
        workspace.nodes.push(Node { source, edges: (0, 0), needs_gradient, shape, root, mask: None });
        Var { tape: self, index: root }
    }
}
