//! A callback can read the gradients of the step that was made.

#![allow(clippy::unwrap_used)]

use ndarray::array;
use olifant_nn::{
    Initializer, Named, Optimizer, Regularizer, Sequential, layers::Dense, losses::MeanSquaredError,
    optimizers::Sgd,
};
use olifant_train::{Callback, Compile, FitOptions, HookResult, Logs, Model, Training};

/// Of which weight, its shape, its numbers.
type Gradient = (String, Vec<usize>, Vec<f32>);

/// Writes down each gradient, and what the weights are after the step.
#[derive(Default)]
struct Recorder {
    steps: Vec<Vec<Gradient>>,
    weights: Vec<Vec<f32>>,
}

impl Callback for Recorder {
    fn on_train_batch_end(&mut self, training: &mut Training<'_>, _: &Logs) -> HookResult {
        let model = training.model();
        let own = |(name, gradient): (&str, olifant_core::TensorView<'_>)| {
            (name.to_string(), gradient.shape.axes().to_vec(), gradient.data.to_vec())
        };
        self.steps.push(model.gradients().map(own).collect());
        self.weights.push(weights_of(model));
        Ok(())
    }
}

fn weights_of(model: &Model) -> Vec<f32> {
    let weights = model.network().weights();
    weights.iter().flat_map(|(weight, _)| weights.get(weight).data.to_vec()).collect()
}

/// y = x·(1, −1) + 0.5, so for x = (1, 2), y = 1 the error is −1.5.
fn model(optimizer: impl Optimizer, regularizer: Option<Regularizer>) -> Model {
    let mut dense = Dense::new(1).bias_initializer(Initializer::Constant(0.5));
    if let Some(regularizer) = regularizer {
        dense = dense.kernel_regularizer(regularizer);
    }
    let network = Sequential::new([2]).add(dense.named("line")).seed(1);
    let mut model = network.compile(optimizer, MeanSquaredError::new(), ()).unwrap();
    let kernel = model.network().weights().find("line/kernel").unwrap();
    model.weights_mut().get_mut(kernel).copy_from_slice(&[1.0, -1.0]);
    model
}

fn record(mut model: Model, epochs: usize) -> Recorder {
    let mut recorder = Recorder::default();
    assert_eq!(model.gradients().count(), 0, "there was no step yet");
    let options = FitOptions::new().epochs(epochs).verbose(0).callback(&mut recorder);
    model.fit(array![[1.0, 2.0]], array![1.0], options).unwrap();
    recorder
}

fn gradients(kernel: [f32; 2], bias: f32) -> Vec<Gradient> {
    vec![("line/kernel".into(), vec![2, 1], kernel.into()), ("line/bias".into(), vec![1], vec![bias])]
}

#[test]
fn they_are_those_of_the_batch_that_has_ended() {
    // ∂loss/∂kernel = 2·error·x, ∂loss/∂bias = 2·error; a step of 0.25 against them.
    let recorder = record(model(Sgd::new(0.25), None), 2);
    assert_eq!(recorder.steps[0], gradients([-3.0, -6.0], -3.0));
    assert_eq!(recorder.weights[0], [1.75, 0.5, 1.25]);
    // Now the error is 1.75 + 1 + 1.25 − 1 = 3.
    assert_eq!(recorder.steps[1], gradients([6.0, 12.0], 6.0));
}

#[test]
fn they_are_clipped_and_have_the_penalties_of_regularizers() {
    let recorder = record(model(Sgd::new(0.25).clipvalue(4.0).momentum(0.9), None), 1);
    assert_eq!(recorder.steps[0], gradients([-3.0, -4.0], -3.0));
    // 0.5·w² more in the loss: w more in the gradient.
    let recorder = record(model(Sgd::new(0.25), Some(Regularizer::l2(0.5))), 1);
    assert_eq!(recorder.steps[0], gradients([-2.0, -7.0], -3.0));
}

#[test]
fn freezing_a_layer_forgets_gradients_whose_places_have_changed() {
    let layers = Sequential::new([2]).add(Dense::new(3).named("first")).add(Dense::new(1).named("last"));
    let mut model = layers.compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap();
    model.train_on_batch(array![[1.0, 2.0]], array![1.0]).unwrap();
    assert_eq!(model.gradients().count(), 4);
    model.set_trainable("first", false).unwrap();
    assert_eq!(model.gradients().count(), 0);
    model.train_on_batch(array![[1.0, 2.0]], array![1.0]).unwrap();
    assert!(model.gradients().map(|(name, _)| name).eq(["last/kernel", "last/bias"]));
}
