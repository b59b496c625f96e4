//! Recurrent layers beyond their numbers, which are compared with Keras's in `layers`: errors, first weights, dropout, states, masks.

#![allow(clippy::unwrap_used)]

use olifant_core::{Float, Mode, RandomKey, Shape, Tape, Tensor, Weights, Workspace};
use olifant_nn::{
    Activation, BuildError, CallOn, Functional, Initializer, Input, Layer, Network, Regularizer, Sequential,
    layers::{Bidirectional, Dense, GRU, LSTM, MergeMode, SimpleRNN, TimeDistributed},
};

fn message(network: Result<Network, BuildError>) -> String {
    network.unwrap_err().to_string()
}

fn build(layer: impl Layer) -> Result<Network, BuildError> {
    Sequential::new([4, 3]).add(layer).build(1)
}

/// The outputs for a batch of sequences, and the weights after the call.
fn call(network: &Network, weights: &Weights, x: &Tensor, mode: Mode) -> (Vec<Float>, Weights) {
    let tape = Tape::record(Workspace::default(), weights, mode);
    let y = network.call(tape.input(x.view())).with_value(|y| y.data.to_vec());
    let mut after = weights.clone();
    tape.finish().commit(&mut after);
    (y, after)
}

fn training() -> Mode {
    Mode::Training(RandomKey::from_seed(3))
}

/// Numbers between −1 and 1.
fn random(shape: impl Into<Shape>) -> Tensor {
    let mut tensor = Tensor::zeros(shape);
    let key = RandomKey::from_seed(8);
    let numbers = tensor.data_mut().iter_mut().enumerate();
    numbers.for_each(|(i, x)| *x = 2.0 * Float::from(key.uniform(i as u32)) - 1.0);
    tensor
}

#[test]
fn options_out_of_range_are_refused() {
    assert_eq!(message(build(LSTM::new(0))), "layer 0 (lstm): units must be at least 1, but is 0");
    assert_eq!(
        message(build(GRU::new(2).dropout(1.5))),
        "layer 0 (gru): dropout must be between 0 and 1, but is 1.5"
    );
    assert_eq!(
        message(build(SimpleRNN::new(2).recurrent_dropout(-0.1))),
        "layer 0 (simple_rnn): recurrent_dropout must be between 0 and 1, but is -0.1"
    );
    assert_eq!(
        message(build(LSTM::new(2).stateful(0))),
        "layer 0 (lstm): the batch size of stateful must be at least 1, but is 0"
    );
    assert_eq!(
        message(build(LSTM::new(2).activation(Activation::Glu))),
        "layer 0 (lstm): an activation of a recurrent layer must be a function that gives as many numbers as it is given, \
         but is Glu"
    );
    let slope = Activation::LeakyRelu { negative_slope: Float::NAN };
    assert_eq!(
        message(build(GRU::new(2).recurrent_activation(slope))),
        "layer 0 (gru): negative_slope must be a number, but is NaN"
    );
    let penalty = Regularizer::l2(-1.0);
    for layer in [
        LSTM::new(2).kernel_regularizer(penalty),
        LSTM::new(2).recurrent_regularizer(penalty),
        LSTM::new(2).bias_regularizer(penalty),
    ] {
        assert_eq!(message(build(layer)), "layer 0 (lstm): l2 must be a number from 0, but is -1");
    }
}

#[test]
fn inputs_that_are_no_sequences_are_refused() {
    let network = Sequential::new([4]).add(SimpleRNN::new(2)).build(0);
    assert_eq!(
        message(network),
        "layer 0 (simple_rnn): expects inputs of shape [batch, time, features] but was given [batch, 4]; \
         a recurrent layer reads sequences of at least one time step with at least one feature"
    );
    let (x, h) = (Input::new([4, 3]), Input::new([2]));
    let network = Functional::new([&x, &h], &LSTM::new(2).on([&x, &h])).build(0);
    let error = message(network);
    assert!(error.contains("a sequence, and perhaps 2 initial states"), "{error}");
    let network = Functional::new([&x, &h], &GRU::new(5).on([&x, &h])).build(0);
    let error = message(network);
    assert!(error.ends_with("an initial state has one number for each unit"), "{error}");
}

#[test]
fn penalties_are_added_up() {
    let layer = |penalty| {
        GRU::new(2)
            .kernel_regularizer(penalty)
            .recurrent_regularizer(penalty)
            .bias_initializer(Initializer::Ones)
            .bias_regularizer(penalty)
    };
    let network = build(layer(Regularizer::l2(0.5))).unwrap();
    let tape = Tape::record(Workspace::default(), network.weights(), Mode::Inference);
    let squares: Float = network.weights().trainable().iter().map(|w| w * w).sum();
    assert!((network.penalty(&tape).unwrap().item() - 0.5 * squares).abs() < 1e-4);
}

#[test]
fn the_forget_gate_begins_with_ones() {
    let bias = |layer: LSTM| {
        let network = build(layer.bias_initializer(Initializer::Constant(0.25))).unwrap();
        network.weights().get(network.weights().find("lstm/bias").unwrap()).data.to_vec()
    };
    assert_eq!(bias(LSTM::new(2)), [0.25, 0.25, 1.0, 1.0, 0.25, 0.25, 0.25, 0.25]);
    assert_eq!(bias(LSTM::new(2).unit_forget_bias(false)), [0.25; 8]);
}

#[test]
fn the_recurrent_kernel_begins_orthogonal() {
    let network = build(GRU::new(2)).unwrap();
    let kernel = network.weights().get(network.weights().find("gru/recurrent_kernel").unwrap()).data;
    let (a, b) = kernel.split_at(6);
    let dot = |a: &[Float], b: &[Float]| -> Float { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    assert!(dot(a, b).abs() < 1e-5 && (dot(a, a) - 1.0).abs() < 1e-5);
}

#[test]
fn all_steps_of_a_sample_forget_the_same_features() {
    // The layer returns its inputs: nothing comes from the step before.
    let layer = SimpleRNN::new(3)
        .activation(Activation::Linear)
        .use_bias(false)
        .kernel_initializer(Initializer::identity())
        .recurrent_initializer(Initializer::Zeros)
        .return_sequences(true)
        .dropout(0.5);
    let network = build(layer).unwrap();
    let mut x = Tensor::zeros([40, 4, 3]);
    x.data_mut().fill(1.0);
    let (y, _) = call(&network, network.weights(), &x, training());
    for sample in y.chunks(12) {
        assert!(sample.chunks(3).all(|step| step == &sample[..3]));
        assert!(sample.iter().all(|&y| y == 0.0 || y == 2.0));
    }
    assert!(y.contains(&0.0) && y.contains(&2.0));
    assert_eq!(call(&network, network.weights(), &x, Mode::Inference).0, x.data());
}

#[test]
fn recurrent_dropout_forgets_the_step_before() {
    let layer = |rate| SimpleRNN::new(2).recurrent_dropout(rate).activation(Activation::Linear);
    let x = random([5, 4, 3]);
    let forgetful = build(layer(1.0)).unwrap();
    let (y, _) = call(&forgetful, forgetful.weights(), &x, training());
    let mut weights = forgetful.weights().clone();
    let recurrent_kernel = weights.find("simple_rnn/recurrent_kernel").unwrap();
    weights.get_mut(recurrent_kernel).fill(0.0);
    let plain = build(layer(0.0)).unwrap();
    let (expected, _) = call(&plain, &weights, &x, training());
    assert_eq!(y, expected);
    let (with_states, _) = call(&forgetful, forgetful.weights(), &x, Mode::Inference);
    assert_ne!(with_states, expected);
}

#[test]
fn a_stateful_layer_goes_on_where_it_ended() {
    let long = random([2, 8, 3]);
    let half = |which: usize| {
        let mut half = Tensor::zeros([2, 4, 3]);
        let halves = half.data_mut().chunks_mut(12).zip(long.data().chunks(24));
        halves.for_each(|(half, long)| half.copy_from_slice(&long[12 * which..][..12]));
        half
    };
    macro_rules! check {
        ($($layer:expr),*) => {$(
            let stateful = build($layer.stateful(2)).unwrap();
            assert_eq!(stateful.batch_size(), Some(2));
            let (_, weights) = call(&stateful, stateful.weights(), &half(0), Mode::Inference);
            let (y, _) = call(&stateful, &weights, &half(1), Mode::Inference);
            let whole = Sequential::new([8, 3]).add($layer).build(1).unwrap();
            assert_eq!(whole.batch_size(), None);
            let (expected, _) = call(&whole, whole.weights(), &long, Mode::Inference);
            assert_eq!(y, expected);
        )*};
    }
    check!(LSTM::new(3), GRU::new(3), SimpleRNN::new(3), LSTM::new(3).activation(Activation::Silu));
}

#[test]
fn layers_that_keep_states_of_different_batches_are_refused() {
    let layers = |second| {
        Sequential::new([4, 3])
            .add(LSTM::new(2).return_sequences(true).stateful(8))
            .add(Bidirectional::new(GRU::new(2).stateful(second)))
            .build(0)
    };
    assert_eq!(layers(8).unwrap().batch_size(), Some(8));
    assert_eq!(
        message(layers(16)),
        "layer 1 (bidirectional): stateful must be for batches of 8, as in another layer, but is 16"
    );
}

#[test]
fn the_mask_goes_on_with_sequences_only() {
    let has_mask = |layer: Box<dyn Fn() -> Network>| {
        let network = layer();
        let tape = Tape::record(Workspace::default(), network.weights(), Mode::Inference);
        let mask = tape.input_with([2, 4], |mask| mask.fill(1.0));
        let x = tape.input_with([2, 4, 3], |x| x.fill(0.5)).with_mask(Some(mask));
        network.call(x).mask().is_some()
    };
    assert!(has_mask(Box::new(|| build(LSTM::new(2).return_sequences(true)).unwrap())));
    assert!(!has_mask(Box::new(|| build(LSTM::new(2)).unwrap())));
    assert!(has_mask(Box::new(|| build(Bidirectional::new(GRU::new(2).return_sequences(true))).unwrap())));
    assert!(!has_mask(Box::new(|| build(Bidirectional::new(GRU::new(2))).unwrap())));
    assert!(has_mask(Box::new(|| build(TimeDistributed::new(Dense::new(2))).unwrap())));
}

#[test]
fn two_layers_that_do_not_belong_together_are_refused() {
    let error = |backward: GRU, mode| {
        let layer = Bidirectional::new(LSTM::new(3)).backward_layer(backward).merge_mode(mode);
        let error = message(build(layer));
        error
            .strip_prefix("layer 0 (bidirectional): the two layers of a bidirectional layer must ")
            .unwrap()
            .to_string()
    };
    let backwards = || GRU::new(3).go_backwards(true);
    let concat = MergeMode::Concat;
    assert_eq!(
        error(GRU::new(3), concat),
        "read in different directions: set go_backwards of the backward layer"
    );
    assert_eq!(error(backwards().return_sequences(true), concat), "have the same return_sequences");
    assert_eq!(error(backwards().return_state(true), concat), "have the same return_state");
    assert_eq!(error(backwards().stateful(4), concat), "be stateful for the same batch size");
    let fewer = GRU::new(2).go_backwards(true);
    assert_eq!(error(fewer, MergeMode::Ave), "have the same units, or be merged by concat");
}

#[test]
fn weights_of_wrapped_layers_have_their_names() {
    let names = |network: Network| -> Vec<String> {
        network.weights().iter().map(|(_, spec)| spec.name.to_string()).collect()
    };
    let [forward, backward] = ["forward_layer", "backward_layer"].map(|layer| {
        ["kernel", "recurrent_kernel", "bias"].map(|weight| format!("bidirectional/{layer}/{weight}"))
    });
    assert_eq!(names(build(Bidirectional::new(GRU::new(2))).unwrap()), [forward, backward].concat());
    let network = build(TimeDistributed::new(Dense::new(2).use_bias(false))).unwrap();
    assert_eq!(names(network), ["time_distributed/layer/kernel"]);
}

#[test]
fn what_cannot_be_distributed_over_time_is_refused() {
    let network = Sequential::new([4]).add(TimeDistributed::new(Dense::new(2))).build(0);
    assert_eq!(
        message(network),
        "layer 0 (time_distributed): expects inputs of shape [batch, time, …] but was given [batch, 4]; \
         each time step needs at least one axis of its own"
    );
    for layer in [LSTM::new(2).return_state(true), LSTM::new(2).stateful(3)] {
        let network = Sequential::new([5, 4, 3]).add(TimeDistributed::new(layer)).build(0);
        assert_eq!(
            message(network),
            "layer 0 (time_distributed): what is distributed over time must be a layer with one output that keeps no states, \
             but is LSTM"
        );
    }
}
