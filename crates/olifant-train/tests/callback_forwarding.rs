//! A callback behind `Box<&mut C>` gets every hook and is asked every question: none is lost on the way.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use ndarray::{Array1, Array2};
use olifant_core::TensorView;
use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
use olifant_train::{
    Callback, CallbackError, Checkpoint, Compile, EvaluateOptions, FitOptions, HookResult, Logs, Model, Plan,
    Snapshot, State, Training,
};

/// Overrides all there is to override.
struct Everything {
    calls: BTreeSet<&'static str>,
    /// Whether it claims to know of an interrupted run.
    asks: bool,
}

impl Everything {
    fn new(asks: bool) -> Everything {
        Everything { calls: BTreeSet::new(), asks }
    }
}

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

            fn state(&self) -> Result<Option<State>, CallbackError> {
                State::new("state").map(Some)
            }

            fn restore_state(&mut self, state: &State) -> HookResult {
                self.calls.insert("restore_state");
                assert_eq!(state.get::<String>()?, "state");
                Ok(())
            }

            fn on_train_resume(&mut self, _: &mut Training<'_>, state: Option<&State>) -> HookResult {
                self.calls.insert("on_train_resume");
                state.map_or(Ok(()), |state| self.restore_state(state))
            }

            fn resume(&mut self) -> Result<Option<Checkpoint>, CallbackError> {
                if self.asks { Err(CallbackError::new("asked for an interrupted run")) } else { Ok(None) }
            }

            fn on_snapshot(&mut self, _: &mut Training<'_>, _: &Snapshot) -> HookResult {
                self.calls.insert("on_snapshot");
                Ok(())
            }

            $(fn $hook(&mut self, training: &mut Training<'_>, $(_: $Argument)?) -> HookResult {
                self.calls.insert(stringify!($hook));
                if stringify!($hook) == "on_epoch_end" {
                    training.request_snapshot();
                }
                Ok(())
            })*
        }
    };
}

everything! {
    on_train_begin() on_train_end(&Logs) on_epoch_begin() on_epoch_end(&mut Logs)
    on_train_batch_begin() on_train_batch_end(&Logs)
    on_test_begin() on_test_end(&Logs) on_test_batch_begin() on_test_batch_end(&Logs)
    on_predict_begin() on_predict_end() on_predict_batch_begin() on_predict_batch_end(&[TensorView<'_>])
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

/// Keeps each snapshot in a file.
struct Keeper<'a>(&'a std::path::Path);

impl Callback for Keeper<'_> {
    fn on_epoch_end(&mut self, training: &mut Training<'_>, _: &mut Logs) -> HookResult {
        training.request_snapshot();
        Ok(())
    }

    fn on_snapshot(&mut self, training: &mut Training<'_>, snapshot: &Snapshot) -> HookResult {
        Ok(snapshot.save(training.model(), self.0)?)
    }
}

#[test]
fn every_hook_arrives_through_a_box_of_a_reference() {
    let (x, y) = (Array2::<f32>::ones((4, 2)), Array1::<f32>::ones(4));
    let file = tempfile::tempdir().unwrap();
    let path = file.path().join("run.olifant");
    let mut everything = Everything::new(true);
    let mut model = model();
    let mut fit = |everything: &mut Everything, resumes: bool| {
        let boxed: Box<&mut dyn Callback> = Box::new(everything);
        let options =
            FitOptions::new().validation_split(0.5).verbose(0).callback(boxed).callback(Keeper(&path));
        let options = if resumes { options.resume_from(&path) } else { options };
        model.fit(&x, &y, options).map(drop)
    };
    assert_eq!(
        fit(&mut everything, false).unwrap_err().to_string(),
        "callback everything: asked for an interrupted run"
    );
    everything.asks = false;
    fit(&mut everything, false).unwrap();
    fit(&mut everything, true).unwrap();
    let boxed = Box::new(&mut everything);
    model.predict_with(&x, EvaluateOptions::new().verbose(0).callback(boxed)).unwrap();
    let state = ["restore_state", "on_train_resume", "on_snapshot"];
    assert_eq!(everything.calls, HOOKS.iter().copied().chain(state).collect());
}

#[test]
fn every_question_arrives_through_a_box_of_a_reference() {
    let (x, y) = (Array2::<f32>::ones((4, 2)), Array1::<f32>::ones(4));
    let mut everything = Everything::new(false);
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
    let mut twice = Everything::new(false);
    let both: [Box<&mut dyn Callback>; 2] = [Box::new(&mut everything), Box::new(&mut twice)];
    let error = model().fit(&x, &y, both).unwrap_err().to_string();
    assert!(error.starts_with("callback everything: the learning rate is set by"), "{error}");
}
