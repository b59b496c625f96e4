//! Penalties on what layers return: when they count. Their numbers are compared with Keras's in `layers`.

#![allow(clippy::unwrap_used)]

use olifant_core::{Float, Mode, RandomKey, Shape, Tape, Workspace};
use olifant_nn::{Network, Node, Regularizer, Sequential, layers::*};

fn l2() -> Regularizer {
    Regularizer::l2(0.5)
}

/// The penalty of a network for inputs of ones, and Σ outputs².
fn penalty(network: &Network, batch: usize, mode: Mode) -> (Option<Float>, Float) {
    let tape = Tape::record(Workspace::default(), network.weights(), mode);
    let y = network.call(tape.input_with(network.input().with_batch(batch), |x| x.fill(1.0)));
    let squares = y.with_value(|y| y.data.iter().map(|y| y * y).sum());
    (network.penalty(&tape).map(|penalty| penalty.item()), squares)
}

fn network(sample: impl Into<Shape>, layer: impl Into<Node>) -> Network {
    Sequential::new(sample.into()).add(layer).build(3).unwrap()
}

#[track_caller]
fn assert_close(a: Option<Float>, b: Float) {
    assert!(a.is_some_and(|a| (a - b).abs() <= 1e-5 * b.abs()), "{a:?} and {b}");
}

#[test]
fn a_penalty_is_a_mean_over_samples_in_training_and_in_use() {
    for mode in [Mode::Inference, Mode::Training(RandomKey::from_seed(1))] {
        for batch in [1, 7] {
            let network = network([3], Dense::new(4).activity_regularizer(l2()));
            let (penalty, squares) = penalty(&network, batch, mode);
            assert_close(penalty, 0.5 * squares / batch as Float);
        }
    }
    assert_eq!(penalty(&network([3], Dense::new(4)), 2, Mode::Inference).0, None);
}

#[test]
fn a_layer_distributed_over_time_has_the_sum_of_its_steps() {
    let layer = TimeDistributed::new(Dense::new(4).activity_regularizer(l2()));
    let (of_steps, squares) = penalty(&network([5, 3], layer), 2, Mode::Inference);
    assert_close(of_steps, 0.5 * squares / 2.0);
    // Twice distributed: over rows, and over what stands in them.
    let inner = TimeDistributed::new(Dense::new(4).activity_regularizer(l2()));
    let (of_both, squares) = penalty(&network([5, 2, 3], TimeDistributed::new(inner)), 2, Mode::Inference);
    assert_close(of_both, 0.5 * squares / 2.0);
}

#[test]
fn a_simple_rnn_does_not_forget_it() {
    let layer = SimpleRNN::new(4).return_sequences(true).activity_regularizer(l2());
    let (penalty, squares) = penalty(&network([5, 3], layer), 2, Mode::Inference);
    assert_close(penalty, 0.5 * squares / 2.0);
}

#[test]
fn penalties_on_weights_and_on_what_is_returned_are_added_up() {
    let layer = Dense::new(4).use_bias(false).kernel_regularizer(l2()).activity_regularizer(l2());
    let network = network([3], layer);
    let (penalty, squares) = penalty(&network, 2, Mode::Inference);
    let of_kernel: Float = network.weights().trainable().iter().map(|w| w * w).sum();
    assert_close(penalty, 0.5 * (of_kernel + squares / 2.0));
}

/// What tells how many values a network records: the key of the next one follows from their number.
fn next_key(network: &Network, wants_losses: bool) -> Option<RandomKey> {
    let mode = Mode::Training(RandomKey::from_seed(1));
    let tape = Tape::record(Workspace::default(), network.weights(), mode);
    let tape = if wants_losses { tape } else { tape.without_losses() };
    network.call(tape.input_with(network.input().with_batch(2), |x| x.fill(1.0)));
    tape.random_key()
}

#[test]
fn nothing_is_recorded_for_a_penalty_that_nobody_wants_or_that_is_zero() {
    let plain = || LSTM::new(4);
    let without = next_key(&network([5, 3], plain()), true);
    let with = |regularizer| network([5, 3], plain().activity_regularizer(regularizer));
    assert_ne!(next_key(&with(l2()), true), without);
    assert_eq!(next_key(&with(l2()), false), without);
    assert_eq!(next_key(&with(Regularizer::l1_l2(0.0, 0.0)), true), without);
    // Distributed over time, nothing is weighed either.
    let layer = || TimeDistributed::new(Dense::new(4).activity_regularizer(l2()));
    let plain = next_key(&network([5, 3], TimeDistributed::new(Dense::new(4))), true);
    assert_ne!(next_key(&network([5, 3], layer()), true), plain);
    assert_eq!(next_key(&network([5, 3], layer()), false), plain);
    let nothing = network([3], ActivityRegularization::new());
    assert_eq!(penalty(&nothing, 2, Mode::Inference).0, None);
}
