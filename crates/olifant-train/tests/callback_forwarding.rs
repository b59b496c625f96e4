//! A callback behind `Box<&mut C>` gets every hook and is asked every question: none is lost on the way.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use ndarray::{Array1, Array2};
use olifant_core::TensorView;
use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
use olifant_train::{
    Callback, Compile, EvaluateOptions, FitOptions, HookResult, Logs, Model, Plan, Training,
};

/// Overrides all there is to override.
#[derive(Default)]
struct Everything(BTreeSet<&'static str>);

macro_rules! everything {
    ($($hook:ident($($Argument:ty)?))*) => {
        const HOOKS: &[&str] = &[$(stringify!($hook)),*];

        impl Callback for Everything {
            fn name(&self) -> &str {
                "everything"
            }

            fn adds_logs(&self) -> &[&'static str] {
                &["added"]
            }

            fn sets_learning_rate(&self) -> bool {
                true
            }

            fn check(&self, plan: &Plan<'_>) -> HookResult {
                plan.expect_free_learning_rate()?;
                plan.expect_epoch_log("check", "loss")
            }

            $(fn $hook(&mut self, _: &mut Training<'_>, $(_: $Argument)?) -> HookResult {
                self.0.insert(stringify!($hook));
                Ok(())
            })*
        }
    };
}

everything! {
    on_train_begin() on_train_end(&Logs) on_epoch_begin() on_epoch_end(&mut Logs)
    on_train_batch_begin() on_train_batch_end(&Logs)
    on_test_begin() on_test_end(&Logs) on_test_batch_begin() on_test_batch_end(&Logs)
    on_predict_begin() on_predict_end() on_predict_batch_begin() on_predict_batch_end(TensorView<'_>)
}

/// Relies on what another adds, or wants to set the learning rate as well.
struct After(bool);

impl Callback for After {
    fn check(&self, plan: &Plan<'_>) -> HookResult {
        if self.0 { plan.expect_free_learning_rate() } else { plan.expect_epoch_log("monitor", "added") }
    }
}

fn model() -> Model {
    Sequential::new([2]).add(Dense::new(1)).compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap()
}

#[test]
fn every_hook_arrives_through_a_box_of_a_reference() {
    let (x, y) = (Array2::<f32>::ones((4, 2)), Array1::<f32>::ones(4));
    let mut everything = Everything::default();
    let boxed: Box<&mut dyn Callback> = Box::new(&mut everything);
    let mut model = model();
    model.fit(&x, &y, FitOptions::new().validation_split(0.5).verbose(0).callback(boxed)).unwrap();
    let boxed = Box::new(&mut everything);
    model.predict_with(&x, EvaluateOptions::new().verbose(0).callback(boxed)).unwrap();
    assert_eq!(everything.0, HOOKS.iter().copied().collect());
}

#[test]
fn every_question_arrives_through_a_box_of_a_reference() {
    let (x, y) = (Array2::<f32>::ones((4, 2)), Array1::<f32>::ones(4));
    let mut everything = Everything::default();
    let mut fit = |needs_learning_rate| {
        let boxed: Box<&mut dyn Callback> = Box::new(&mut everything);
        let options = FitOptions::new().verbose(0).callback(boxed).callback(After(needs_learning_rate));
        model().fit(&x, &y, options).map(drop)
    };
    fit(false).unwrap();
    assert_eq!(
        fit(true).unwrap_err().to_string(),
        "callback After: the learning rate is set by callback everything already: use only one of them"
    );
    let mut twice = Everything::default();
    let both: [Box<&mut dyn Callback>; 2] = [Box::new(&mut everything), Box::new(&mut twice)];
    let error = model().fit(&x, &y, both).unwrap_err().to_string();
    assert!(error.starts_with("callback everything: the learning rate is set by"), "{error}");
}
