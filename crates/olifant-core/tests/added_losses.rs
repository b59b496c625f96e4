//! What is added to the loss on the way.

#![allow(clippy::unwrap_used)]

use olifant_core::{Float, Mode, Tape, Weights, Workspace};

/// One weight of these numbers.
fn weights(numbers: &[Float]) -> Weights {
    let mut weights = Weights::default();
    let weight = weights.add("w", numbers.len(), true);
    weights.get_mut(weight).copy_from_slice(numbers);
    weights
}

fn values(tape: &Tape<'_>) -> Vec<Float> {
    tape.added_losses().iter().map(|loss| loss.item()).collect()
}

#[test]
fn all_that_is_added_is_there_in_its_order_until_the_next_step() {
    let weights = weights(&[2.0, -3.0]);
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    assert!(tape.added_losses().is_empty());
    let w = tape.weight(weights.find("w").unwrap());
    tape.add_loss(w.square());
    tape.add_loss(tape.constant(7.0));
    assert_eq!(values(&tape), [13.0, 7.0]);
    let tape = Tape::record(tape.finish(), &weights, Mode::Inference);
    assert_eq!(values(&tape), []);
}

#[test]
fn what_is_weighed_counts_so_many_times_and_its_gradient_too() {
    let weights = weights(&[2.0]);
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    let w = tape.weight(weights.find("w").unwrap());
    tape.add_loss(w);
    let result = tape.weigh_added_losses(3.0, || {
        tape.add_loss(w);
        tape.weigh_added_losses(5.0, || tape.add_loss(w.square()));
        "result"
    });
    tape.add_loss(w);
    assert_eq!((result, values(&tape)), ("result", vec![2.0, 6.0, 60.0, 2.0]));
    tape.backward(tape.added_losses().iter().reduce(|a, b| a + b).unwrap());
    assert_eq!(tape.finish().gradients()[0], 1.0 + 3.0 + 60.0 + 1.0);
}

#[test]
fn a_tape_without_losses_forgets_them_and_the_next_wants_them_again() {
    let weights = weights(&[2.0]);
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference).without_losses();
    assert!(!tape.wants_losses());
    let w = tape.weight(weights.find("w").unwrap());
    tape.weigh_added_losses(3.0, || tape.add_loss(w));
    assert_eq!(values(&tape), []);
    let tape = Tape::record(tape.finish(), &weights, Mode::Inference);
    assert!(tape.wants_losses());
    tape.add_loss(tape.constant(7.0));
    assert_eq!(values(&tape), [7.0]);
}

#[test]
#[should_panic = "the loss was recorded on another tape"]
fn a_loss_of_another_tape_is_refused() {
    let weights = weights(&[2.0]);
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    let other = Tape::record(Workspace::default(), &weights, Mode::Inference);
    tape.add_loss(other.constant(1.0));
}
