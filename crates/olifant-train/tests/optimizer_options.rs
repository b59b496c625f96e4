//! What the options that all optimizers have do to the training of a model.

#![allow(clippy::unwrap_used)]

use ndarray::{Array2, Axis, concatenate, s};
use olifant_core::{Axes, Tensor};
use olifant_nn::{
    Activation, Initializer, Loss, Optimizer, Sequential,
    layers::{Dense, Dropout},
    losses::MeanSquaredError,
    optimizers::{Adam, Sgd},
};
use olifant_train::{
    Callback, CallbackError, Compile, Ending, FitOptions, HookResult, Logs, Model, Training, Verbose,
};

fn data() -> (Array2<f32>, Array2<f32>) {
    let x = Array2::from_shape_fn((24, 3), |(row, column)| ((row * 7 + column * 3) % 11) as f32 / 11.0);
    let y = Array2::from_shape_fn((24, 2), |(row, column)| x[[row, column]] * x[[row, 2]]);
    (x, y)
}

fn model(optimizer: impl Optimizer, dropout: f32) -> Model {
    Sequential::new([3])
        .add(Dense::new(8).activation(Activation::Tanh))
        .add(Dropout::new(dropout))
        .add(Dense::new(2))
        .seed(5)
        .compile(optimizer, MeanSquaredError::new(), ())
        .unwrap()
}

fn weights(model: &Model) -> Vec<f32> {
    model.network().weights().trainable().to_vec()
}

fn averages(model: &Model) -> Vec<f32> {
    model.optimizer_state().slots()[0].to_vec()
}

fn options<'a>() -> FitOptions<'a> {
    FitOptions::new().epochs(3).batch_size(8).verbose(Verbose::Silent)
}

/// Keeps the weights of the end of the last epoch, and those of the end of training; may stop or fail.
#[derive(Default)]
struct Watch {
    before: Vec<f32>,
    at_the_end: Vec<f32>,
    stops: bool,
    fails: bool,
}

impl Callback for Watch {
    fn on_epoch_end(&mut self, training: &mut Training<'_>, _: &mut Logs) -> HookResult {
        self.before = weights(training.model());
        if self.stops {
            training.stop("enough");
        }
        if self.fails { Err(CallbackError::new("no")) } else { Ok(()) }
    }

    fn on_train_end(&mut self, training: &mut Training<'_>, _: &Logs) -> HookResult {
        assert_eq!(matches!(training.ending(), Some(Ending::Failed(_))), self.fails);
        self.at_the_end = weights(training.model());
        Ok(())
    }
}

#[test]
fn at_the_end_of_training_the_averages_are_the_weights() {
    let (x, y) = data();
    for stops in [false, true] {
        let mut watch = Watch { stops, ..Watch::default() };
        let mut model = model(Sgd::new(0.1).use_ema(true).ema_momentum(0.5), 0.0);
        model.fit(&x, &y, options().callback(&mut watch)).unwrap();
        assert_eq!(weights(&model), averages(&model));
        assert_ne!(watch.before, averages(&model), "until then the weights are their own");
        assert_eq!(watch.at_the_end, averages(&model), "callbacks see them");
    }
}

#[test]
fn when_training_fails_the_weights_stay() {
    let (x, y) = data();
    let mut watch = Watch { fails: true, ..Watch::default() };
    let mut model = model(Sgd::new(0.1).use_ema(true).ema_momentum(0.5), 0.0);
    model.fit(&x, &y, options().callback(&mut watch)).unwrap_err();
    assert_eq!(weights(&model), watch.before);
    assert_ne!(weights(&model), averages(&model));
}

#[test]
fn a_hand_written_loop_finalizes_by_itself() {
    let (x, y) = data();
    let mut model = model(Sgd::new(0.1).use_ema(true).ema_momentum(0.5), 0.0);
    let start = weights(&model);
    model.finalize_weights();
    assert_eq!(weights(&model), start, "there is no average yet");
    for _ in 0..3 {
        model.train_on_batch(&x, &y).unwrap();
    }
    assert_ne!(weights(&model), averages(&model));
    model.finalize_weights();
    assert_eq!(weights(&model), averages(&model));
}

#[test]
fn accumulated_gradients_are_those_of_the_whole() {
    let (x, y) = data();
    let part =
        |array: &Array2<f32>, number: usize| array.slice(s![number * 8..(number + 1) * 8, ..]).to_owned();
    let mut accumulating = model(Sgd::new(0.5).momentum(0.9).gradient_accumulation_steps(3), 0.0);
    let mut whole = model(Sgd::new(0.5).momentum(0.9), 0.0);
    for _ in 0..5 {
        for number in 0..3 {
            accumulating.train_on_batch(part(&x, number), part(&y, number)).unwrap();
        }
        whole.train_on_batch(&x, &y).unwrap();
    }
    assert_eq!(accumulating.optimizer_state().iterations(), 5);
    // The sums over samples are taken in another order.
    let differences = weights(&accumulating).into_iter().zip(weights(&whole)).map(|(a, b)| (a - b).abs());
    assert!(differences.fold(0.0, f32::max) < 1e-5);
}

#[test]
fn the_parts_of_an_update_do_not_share_their_dropout() {
    let (x, y) = data();
    let mut model = model(Sgd::new(0.5).gradient_accumulation_steps(3), 0.5);
    let losses = [(); 3].map(|()| model.train_on_batch(&x, &y).unwrap()["loss"]);
    assert!(losses[0] != losses[1] && losses[1] != losses[2], "{losses:?}");
}

#[test]
fn a_loss_scale_shows_neither_in_the_loss_nor_in_the_weights() {
    let (x, y) = data();
    let mut plain = model(Adam::new(0.01), 0.0);
    // A power of two changes no digit.
    let mut scaled = model(Adam::new(0.01).loss_scale_factor(1024.0), 0.0);
    let losses =
        [&mut plain, &mut scaled].map(|model| model.fit(&x, &y, options()).unwrap()["loss"].to_vec());
    assert_eq!(losses[0], losses[1]);
    assert_eq!(weights(&plain), weights(&scaled));
}

#[test]
fn a_loss_scale_keeps_small_gradients_from_vanishing() {
    // The gradient of the hidden units, 1e-22 · 1e-25, is below all numbers; that of the kernel, 1e25 times it, is not.
    let (x, y) = (Array2::from_elem((1, 1), 1e25_f32), Array2::from_elem((1, 1), 1e-22_f32));
    let moves = |factor: f32| {
        let layer = || Dense::new(1).use_bias(false).kernel_initializer(Initializer::Constant(1e-25));
        let mut model = Sequential::new([1])
            .add(layer())
            .add(layer())
            .compile(Sgd::new(1.0).loss_scale_factor(factor), MeanSquaredError::new(), ())
            .unwrap();
        model.train_on_batch(&x, &y).unwrap();
        weights(&model)[0] != 1e-25
    };
    assert!(!moves(1.0) && moves(1e30));
}

#[test]
fn a_name_that_excludes_nothing_is_an_error_when_compiling() {
    let network = Sequential::new([3]).add(Dense::new(2));
    let adam = Adam::new(0.1).weight_decay(0.1).exclude_from_weight_decay(["biass"]);
    assert_eq!(
        network.compile(adam, MeanSquaredError::new(), ()).unwrap_err().to_string(),
        "exclude_from_weight_decay must be part of a weight's name (known: dense/kernel, dense/bias), \
         but is \"biass\""
    );
}

#[test]
fn options_give_the_same_bits_on_any_number_of_threads() {
    // Large enough for every pass over the weights to be shared.
    let x = Array2::from_shape_fn((64, 300), |(i, j)| ((i * 31 + j * 17) % 101) as f32 / 101.0);
    let y = concatenate(Axis(1), &[x.view(), x.view()]).unwrap();
    let train = |threads: usize| {
        let adam = Adam::new(0.01)
            .weight_decay(0.1)
            .exclude_from_weight_decay(["bias"])
            .loss_scale_factor(3.0)
            .gradient_accumulation_steps(2)
            .use_ema(true)
            .ema_overwrite_frequency(2);
        let network = Sequential::new([300]).add(Dense::new(700)).add(Dense::new(600)).seed(3);
        let mut model = network.compile(adam, MeanSquaredError::new(), ()).unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| model.fit(&x, &y, options().batch_size(16)).unwrap());
        weights(&model).into_iter().map(f32::to_bits).collect::<Vec<u32>>()
    };
    let alone = train(1);
    for threads in [2, 3] {
        assert!(alone == train(threads), "{threads} threads");
    }
}

#[test]
fn a_step_of_a_hand_written_loop_is_scaled_like_that_of_fit() {
    let (x, y) = data();
    let by_hand = |optimizer: Sgd| {
        let mut model = model(optimizer, 0.0);
        let (x, y) = (Tensor::from_array(&x).unwrap(), Tensor::from_array(&y).unwrap());
        model.learn(|tape, network| {
            let y_pred = network.call(tape.input(x.view()));
            MeanSquaredError::new().call(tape.input(y.view()), y_pred).mean(Axes::All)
        });
        weights(&model)
    };
    let mut of_fit = model(Sgd::new(0.5), 0.0);
    of_fit.train_on_batch(&x, &y).unwrap();
    assert_eq!(by_hand(Sgd::new(0.5)), weights(&of_fit));
    assert_eq!(by_hand(Sgd::new(0.5).loss_scale_factor(1024.0)), weights(&of_fit));
}

#[test]
fn whoever_sets_weights_sets_the_weights_and_not_their_averages() {
    let (x, y) = data();
    let mut model = model(Sgd::new(0.1).use_ema(true), 0.0);
    model.train_on_batch(&x, &y).unwrap();
    model.train_on_batch(&x, &y).unwrap();
    let bias = ndarray::array![7.0, 8.0];
    let average = averages(&model);
    model.swap_ema_weights().unwrap();
    model.set_weight("dense_1/bias", &bias).unwrap();
    assert!(!model.has_ema_weights());
    assert_eq!(model.weight("dense_1/bias").unwrap(), bias.view().into_dyn());
    assert_eq!(averages(&model), average);
}
