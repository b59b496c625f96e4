//! A callback that fails or panics ends training, and takes nothing with it.

#![allow(clippy::unwrap_used)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use ndarray::{Array1, Array2};
use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Adam};
use olifant_train::{
    Callback, CallbackError, Compile, Ending, FitOptions, HookResult, Logs, Model, Training,
};

fn model() -> Model {
    let layers = Sequential::new([2]).add(Dense::new(1)).seed(0);
    layers.compile(Adam::new(0.1), MeanSquaredError::new(), ()).unwrap()
}

fn data() -> (Array2<f32>, Array1<f32>) {
    (Array2::from_shape_fn((8, 2), |(i, j)| (i + j) as f32 / 8.0), Array1::ones(8))
}

fn options<'a>() -> FitOptions<'a> {
    FitOptions::new().epochs(3).batch_size(4).verbose(0)
}

/// Fails in the second epoch, or panics, and when training has ended fails again.
struct Bad {
    panics: bool,
}

impl Callback for Bad {
    fn on_epoch_end(&mut self, training: &mut Training<'_>, _: &mut Logs) -> HookResult {
        match training.epoch() {
            1 if self.panics => panic!("a mistake in a callback"),
            1 => Err(CallbackError::new("the disk is full")),
            _ => Ok(()),
        }
    }

    fn on_train_end(&mut self, _: &mut Training<'_>, _: &Logs) -> HookResult {
        Err(CallbackError::new("the disk is still full"))
    }
}

#[derive(Default)]
struct Watch {
    endings: Vec<Option<Ending>>,
}

impl Callback for Watch {
    fn on_train_end(&mut self, training: &mut Training<'_>, _: &Logs) -> HookResult {
        self.endings.push(training.ending().cloned());
        Ok(())
    }
}

#[test]
fn all_learn_that_training_failed_and_the_first_reason_is_reported() {
    let (x, y) = data();
    let (mut before, mut after) = (Watch::default(), Watch::default());
    let mut bad = Bad { panics: false };
    let error =
        model().fit(&x, &y, options().callbacks([&mut before as &mut dyn Callback, &mut bad, &mut after]));
    let text = "callback Bad: the disk is full";
    assert_eq!(error.unwrap_err().to_string(), text);
    for watch in [before, after] {
        assert_eq!(watch.endings, [Some(Ending::Failed(text.to_string()))]);
    }
}

#[test]
fn weights_and_optimizer_stand_where_the_last_step_left_them() {
    let (x, y) = data();
    let mut unbroken = model();
    unbroken.fit(&x, &y, options()).unwrap();
    for panics in [false, true] {
        let mut model = model();
        let outcome =
            catch_unwind(AssertUnwindSafe(|| model.fit(&x, &y, options().callback(Bad { panics }))));
        assert_eq!(outcome.is_err(), panics);
        // Two of the three epochs were run: the third makes the same model as if nothing had happened.
        assert_eq!(model.optimizer_state().iterations(), 4);
        model.fit(&x, &y, options().initial_epoch(2)).unwrap();
        assert_eq!(model.network().weights().trainable(), unbroken.network().weights().trainable());
        assert_eq!(model.predict(&x).unwrap(), unbroken.predict(&x).unwrap());
    }
}
