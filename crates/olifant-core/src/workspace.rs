//! The buffers of a step, which survive it and serve the next one.

use crate::{
    Float, Shape, Weight, Weights,
    kernels::{Scratch, Team},
    operations::BuiltIn,
    tensor::{Buffer, Tensor, TensorView},
};

/// The memory a [`Tape`](crate::Tape) records into.
///
/// The `i`-th value of a step reuses the buffers of the `i`-th value of the step before,
/// so a network that is run again and again allocates only in its first step.
#[derive(Debug)]
pub struct Workspace {
    pub(crate) nodes: Vec<Node>,
    /// The inputs of all nodes, one behind the other.
    pub(crate) edges: Vec<u32>,
    /// Values and gradients are separate lists: the backward pass reads all values while it writes gradients.
    pub(crate) values: Vec<Tensor>,
    pub(crate) caches: Vec<Vec<Float>>,
    pub(crate) gradients: Vec<Buffer>,
    pub(crate) written: Vec<bool>,
    /// Whose gradients are zero already where their values are not positive.
    pub(crate) rectified: Vec<bool>,
    pub(crate) weight_gradients: Buffer,
    pub(crate) weight_written: Vec<bool>,
    pub(crate) assignments: Vec<(Weight, u32)>,
    /// The nodes that are added to the loss.
    pub(crate) added_losses: Vec<u32>,
    /// The memory of the step's lists; empty for those that are in use.
    pub(crate) lists: Vec<Vec<u32>>,
    /// How many lists the step has had so far.
    lists_taken: usize,
    pub(crate) team: Team,
    pub(crate) scratch: Scratch,
}

impl Default for Workspace {
    fn default() -> Workspace {
        Workspace::with_team(Team::default())
    }
}

/// One recorded value: where it comes from, and what it was computed from.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) source: Source,
    /// Its inputs: a range of `Workspace::edges`.
    pub(crate) edges: (u32, u32),
    pub(crate) needs_gradient: bool,
    pub(crate) shape: Shape,
    /// The node whose numbers these are, and whose gradient is theirs: itself, or what it was reshaped from.
    pub(crate) root: u32,
    /// The node that says which of its time steps count.
    pub(crate) mask: Option<u32>,
}

/// The numbers of a node.
pub(crate) fn view<'a>(
    nodes: &[Node],
    values: &'a [Tensor],
    weights: &'a Weights,
    index: usize,
) -> TensorView<'a> {
    let Node { shape, root, .. } = nodes[index];
    let data = match nodes[root as usize].source {
        Source::Weight(weight) => weights.get(weight).data,
        _ => values[root as usize].data(),
    };
    TensorView { data, shape }
}

#[derive(Debug)]
pub(crate) enum Source {
    Input,
    Weight(Weight),
    /// The same numbers under another shape.
    Reshape,
    Operation(BuiltIn),
}

impl Workspace {
    /// An empty workspace whose steps are computed by this team. Nothing is allocated.
    ///
    /// The default workspace has a team of its own. Workspaces that are used in turn should share one.
    pub fn with_team(team: Team) -> Workspace {
        Workspace {
            nodes: Vec::new(),
            edges: Vec::new(),
            values: Vec::new(),
            caches: Vec::new(),
            gradients: Vec::new(),
            written: Vec::new(),
            rectified: Vec::new(),
            weight_gradients: Buffer::default(),
            weight_written: Vec::new(),
            assignments: Vec::new(),
            added_losses: Vec::new(),
            lists: Vec::new(),
            lists_taken: 0,
            team,
            scratch: Scratch::default(),
        }
    }

    /// The threads that compute the steps.
    pub fn team(&self) -> &Team {
        &self.team
    }

    /// ∂loss/∂weight of all trainable weights, in the layout of [`Weights::trainable`].
    pub fn gradients(&self) -> &[Float] {
        &self.weight_gradients
    }

    /// The same, to be changed: clipped, or summed over machines.
    pub fn gradients_mut(&mut self) -> &mut [Float] {
        &mut self.weight_gradients
    }

    /// Carries out what the step assigned to weights that gradients do not change.
    pub fn commit(&mut self, weights: &mut Weights) {
        for (weight, node) in self.assignments.drain(..) {
            weights.get_mut(weight).copy_from_slice(self.values[node as usize].data());
        }
    }

    /// Forgets the last step, but keeps its memory.
    pub(crate) fn restart(&mut self) {
        self.nodes.clear();
        self.edges.clear();
        self.assignments.clear();
        self.added_losses.clear();
        self.lists_taken = 0;
    }

    /// The number of the next list, and its memory.
    pub(crate) fn take_list(&mut self) -> (usize, Vec<u32>) {
        let number = self.lists_taken;
        self.lists_taken += 1;
        if self.lists.len() == number {
            self.lists.push(Vec::new());
        }
        (number, std::mem::take(&mut self.lists[number]))
    }

    /// The node whose numbers these are.
    pub(crate) fn root(&self, index: u32) -> u32 {
        self.nodes[index as usize].root
    }

    /// Makes room for one more value.
    pub(crate) fn grow(&mut self) {
        if self.values.len() < self.nodes.len() + 1 {
            self.values.push(Tensor::default());
            self.caches.push(Vec::new());
            self.gradients.push(Buffer::default());
            self.written.push(false);
            self.rectified.push(false);
        }
    }
}
