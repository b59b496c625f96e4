//! What passes from one step to the next: assignments, and buffers without traces of what they held.

use olifant_core::{Axes, Mode, Tape, Weights, Workspace};

#[test]
fn an_assigned_value_arrives_when_the_step_is_committed() {
    let mut weights = Weights::default();
    let mean = weights.add("mean", [2], false);
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    let x = tape.input_with([2], |x| x.copy_from_slice(&[3.0, 4.0]));
    tape.assign(mean, tape.weight(mean) + x);
    let mut workspace = tape.finish();
    assert_eq!(weights.get(mean).data, [0.0, 0.0]);
    workspace.commit(&mut weights);
    workspace.commit(&mut weights);
    assert_eq!(weights.get(mean).data, [3.0, 4.0]);
}

#[test]
fn a_weight_itself_can_be_assigned() {
    let mut weights = Weights::default();
    let (kernel, copy) = (weights.add("kernel", [2], true), weights.add("copy", [2], false));
    weights.get_mut(kernel).copy_from_slice(&[3.0, 4.0]);
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    tape.assign(copy, tape.weight(kernel));
    tape.finish().commit(&mut weights);
    assert_eq!(weights.get(copy).data, [3.0, 4.0]);
}

#[test]
#[should_panic(expected = "weight kernel is trainable: only gradients may change it")]
fn a_trainable_weight_cannot_be_assigned() {
    let mut weights = Weights::default();
    let kernel = weights.add("kernel", [2], true);
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    tape.assign(kernel, tape.weight(kernel));
}

#[test]
#[should_panic(expected = "the value was recorded on another tape")]
fn a_value_of_another_tape_cannot_be_assigned() {
    let mut weights = Weights::default();
    let mean = weights.add("mean", [], false);
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    let other = Tape::record(Workspace::default(), &weights, Mode::Inference);
    tape.assign(mean, other.constant(1.0));
}

#[test]
fn gradients_of_another_model_leave_no_trace_in_the_gaps() {
    let mut workspace = Workspace::default();
    for size in [16, 3] {
        let mut weights = Weights::default();
        let w = weights.add("w", [size], true);
        let tape = Tape::record(workspace, &weights, Mode::Inference);
        tape.backward(tape.weight(w).sum(Axes::All));
        workspace = tape.finish();
        assert_eq!(workspace.gradients()[..size], [1.0; 16][..size]);
        assert_eq!(workspace.gradients()[size..], [0.0; 16][size..]);
    }
}
