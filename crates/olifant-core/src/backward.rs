//! Walking the tape in reverse: the chain rule.

use crate::{
    Tape, Var, Weights, Workspace,
    operation::{BackwardStep, InputGradients, Inputs},
    tensor::TensorView,
    workspace::Source,
};

impl Tape<'_> {
    /// Computes ∂loss/∂weight for every trainable weight; see [`Workspace::gradients`].
    ///
    /// A loss with several elements counts as their sum. Weights that the loss does not depend on get a gradient of zero.
    ///
    /// # Panics
    ///
    /// The loss was recorded on another tape.
    #[track_caller]
    pub fn backward(&self, loss: Var<'_>) {
        assert!(std::ptr::addr_eq(loss.tape, self), "the loss was recorded on another tape");
        let mut workspace = self.workspace.borrow_mut();
        prepare(&mut workspace, self.weights(), loss.index as usize);
        for index in (0..=loss.index as usize).rev() {
            step_back(&mut workspace, self.weights(), index);
        }
        clear_unreached(&mut workspace, self.weights());
    }
}

/// Nothing is written yet but ∂loss/∂loss = 1.
fn prepare(workspace: &mut Workspace, weights: &Weights, loss: usize) {
    workspace.written.fill(false);
    workspace.rectified.fill(false);
    workspace.weight_written.clear();
    workspace.weight_written.resize(weights.len(), false);
    if workspace.weight_gradients.len() != weights.trainable().len() {
        workspace.weight_gradients = crate::tensor::Buffer::zeros(weights.trainable().len());
    }
    let loss = workspace.nodes[loss].root as usize;
    match workspace.nodes[loss].source {
        Source::Weight(weight) if weights.spec(weight).trainable => {
            workspace.weight_gradients[weights.spec(weight).range()].fill(1.0);
            workspace.weight_written[weight.0 as usize] = true;
        }
        _ => {
            workspace.gradients[loss].resize(workspace.nodes[loss].shape.size());
            workspace.gradients[loss].fill(1.0);
            workspace.written[loss] = true;
        }
    }
}

/// Sends the gradient of one value on to what it was computed from.
fn step_back(workspace: &mut Workspace, weights: &Weights, index: usize) {
    let Workspace {
        nodes,
        edges,
        values,
        caches,
        gradients,
        written,
        rectified,
        weight_gradients,
        weight_written,
        team,
        scratch,
        ..
    } = workspace;
    let node = &nodes[index];
    let Source::Operation(operation) = &node.source else { return };
    if !node.needs_gradient || !written[index] {
        return;
    }
    // An operation's inputs always stand before its output, so the two sides can be borrowed apart.
    let (earlier, this) = gradients.split_at_mut(index);
    let edges = &edges[node.edges.0 as usize..node.edges.1 as usize];
    let step = BackwardStep {
        inputs: Inputs { weights, nodes, values, edges },
        output: TensorView { data: values[index].data(), shape: node.shape },
        cache: &mut caches[index],
        output_gradient: &mut this[0],
        rectified: rectified[index],
        team,
        scratch,
    };
    let mut wanted = InputGradients {
        weights,
        nodes,
        edges,
        gradients: earlier,
        written: &mut written[..index],
        rectified: &mut rectified[..index],
        weight_gradients,
        weight_written,
    };
    operation.as_operation().backward(step, &mut wanted);
}

/// Weights that nobody wrote a gradient for have the gradient zero, not that of the last step.
///
/// So have the gaps, where other weights may have been if the workspace served another model before.
fn clear_unreached(workspace: &mut Workspace, weights: &Weights) {
    for (weight, spec) in weights.iter().filter(|(_, spec)| spec.trainable) {
        if !workspace.weight_written[weight.0 as usize] {
            workspace.weight_gradients[spec.range()].fill(0.0);
        }
        workspace.weight_gradients[spec.gap()].fill(0.0);
    }
}
