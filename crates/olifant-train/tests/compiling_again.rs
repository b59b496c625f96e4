//! A model that is compiled again keeps what it has learnt, and forgets how.

#![allow(clippy::unwrap_used)]

use ndarray::{Array1, Array2};
use olifant_nn::{
    Activation, Sequential,
    layers::Dense,
    losses::{MeanAbsoluteError, MeanSquaredError},
    metrics,
    optimizers::{Adam, Sgd},
};
use olifant_train::{Compile, FitOptions, Model};

fn layers() -> Sequential {
    Sequential::new([2]).add(Dense::new(4).activation(Activation::Tanh)).add(Dense::new(1)).seed(9)
}

fn fit(model: &mut Model) {
    let x = Array2::from_shape_fn((20, 2), |(i, j)| ((i * 3 + j * 7) % 5) as f32);
    let y = Array1::from_shape_fn(20, |i| (i % 4) as f32);
    model.fit(&x, &y, FitOptions::new().epochs(3).verbose(0)).unwrap();
}

#[test]
fn weights_and_seed_stay_and_all_else_begins_anew() {
    let compiled =
        layers().compile(Adam::new(0.1), MeanSquaredError::new(), metrics::MeanSquaredError::new());
    let mut model = compiled.unwrap().weighted_metrics(metrics::MeanSquaredError::new()).unwrap();
    fit(&mut model);
    model.set_learning_rate(0.7).unwrap();
    let learnt = model.network().weights().trainable().to_vec();

    let model =
        model.compile(Adam::new(0.2), MeanAbsoluteError::new(), metrics::MeanAbsoluteError::new()).unwrap();
    assert_eq!(model.network().weights().trainable(), learnt);
    assert_eq!((model.seed(), model.learning_rate()), (9, 0.2));
    assert_eq!(model.optimizer_state().iterations(), 0);
    assert!(model.optimizer_state().slots().iter().all(|slot| slot.iter().all(|&number| number == 0.0)));
    assert!(model.log_names().eq(["loss", "mean_absolute_error"]));
}

#[test]
fn it_trains_as_a_model_that_was_given_the_weights() {
    let mut model = layers().compile(Adam::new(0.1), MeanSquaredError::new(), ()).unwrap();
    fit(&mut model);
    let mut other = layers().compile(Sgd::new(0.01), MeanSquaredError::new(), ()).unwrap();
    other.weights_mut().trainable_mut().copy_from_slice(model.network().weights().trainable());
    let mut again = model.compile(Sgd::new(0.01), MeanSquaredError::new(), ()).unwrap();
    fit(&mut other);
    fit(&mut again);
    assert_eq!(again.network().weights().trainable(), other.network().weights().trainable());
}

#[test]
fn frozen_layers_stay_frozen() {
    let mut model = layers().compile(Sgd::new(0.1).use_ema(true), MeanSquaredError::new(), ()).unwrap();
    model.set_trainable("dense", false).unwrap();
    fit(&mut model);
    let trained = model.get_weights();
    let mut model = model.compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap();
    assert_eq!(model.get_weights(), trained);
    assert!(!model.is_trainable("dense").unwrap());
    fit(&mut model);
    assert_eq!(model.get_weights()[0], trained[0]);
    assert_ne!(model.get_weights()[2], trained[2]);
}

#[test]
fn options_are_checked_again() {
    let model = layers().compile(Adam::new(0.1), MeanSquaredError::new(), ()).unwrap();
    let error = model.compile(Adam::new(-1.0), MeanSquaredError::new(), ()).unwrap_err();
    assert!(error.to_string().starts_with("learning_rate must be"), "{error}");
}
