//! The callbacks as the scripted fit sees them.

use std::fs;
use std::sync::{Arc, Mutex};

use olifant_callbacks::{
    CSVLogger, EarlyStopping, LambdaCallback, LearningRateScheduler, ModelCheckpoint, ReduceLROnPlateau,
    TerminateOnNaN,
};
use olifant_train::{Callback, CallbackError, HookResult, Logs, Plan, Training};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::scripted_fit::{float, model, weight};

pub trait Subject: Callback {
    /// The attributes that traces have, named as in Keras.
    fn attributes(&self) -> Value {
        json!({})
    }

    /// Looks at what the last hook did to the disk.
    fn after_hook(&mut self) {}

    /// The files that were saved, in order.
    fn take_saved(&mut self) -> Option<Value> {
        None
    }

    /// A printed text as Keras has it.
    fn normalise(&self, text: &str) -> String {
        text.into()
    }
}

impl Subject for CSVLogger {}
impl Subject for LambdaCallback<'_> {}
impl Subject for LearningRateScheduler<'_> {}
impl Subject for TerminateOnNaN {}

impl Subject for EarlyStopping {
    fn attributes(&self) -> Value {
        // Keras says 0 for no epoch.
        let (best_epoch, stopped_epoch) = (self.best_epoch().unwrap_or(0), self.stopped_epoch().unwrap_or(0));
        let best = self.best().map(float);
        json!({ "wait": self.wait(), "best": best, "best_epoch": best_epoch, "stopped_epoch": stopped_epoch })
    }
}

impl Subject for ReduceLROnPlateau {
    fn attributes(&self) -> Value {
        let best = self.best().map(float);
        json!({ "wait": self.wait(), "best": best, "cooldown_counter": self.cooldown_counter() })
    }
}

/// A ModelCheckpoint whose files are taken away after each hook, so that each save is seen.
pub struct Checkpoint {
    pub checkpoint: ModelCheckpoint,
    pub directory: TempDir,
    pub saved: Vec<Value>,
}

/// Keras's file name with our extension.
pub fn in_our_formats(name: &str) -> String {
    name.replace(".weights.h5", ".weights.olifant").replace(".keras", ".olifant")
}

impl Callback for Checkpoint {
    fn name(&self) -> &str {
        self.checkpoint.name()
    }

    fn check(&self, plan: &Plan<'_>) -> HookResult {
        self.checkpoint.check(plan)
    }

    fn on_train_batch_end(&mut self, training: &mut Training<'_>, logs: &Logs) -> HookResult {
        self.checkpoint.on_train_batch_end(training, logs)
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        self.checkpoint.on_epoch_end(training, logs)
    }
}

impl Subject for Checkpoint {
    fn attributes(&self) -> Value {
        json!({ "best": self.checkpoint.best().map(float) })
    }

    fn after_hook(&mut self) {
        for file in fs::read_dir(self.directory.path()).unwrap() {
            let path = file.unwrap().path();
            assert_eq!(self.checkpoint.last_saved(), Some(&*path));
            let mut loaded = model(0.0);
            loaded.load_weights(&path).unwrap();
            fs::remove_file(&path).unwrap();
            let path = self.normalise(path.to_str().unwrap());
            self.saved.push(json!({ "path": path, "weight": f64::from(weight(&loaded)) }));
        }
    }

    fn take_saved(&mut self) -> Option<Value> {
        Some(std::mem::take(&mut self.saved).into())
    }

    fn normalise(&self, text: &str) -> String {
        let directory = format!("{}/", self.directory.path().display());
        text.replace(&directory, "").replace(".weights.olifant", ".weights.h5").replace(".olifant", ".keras")
    }
}

/// Keeps the events that a LambdaCallback was called at.
#[derive(Default)]
pub struct Lambda(Arc<Mutex<Vec<Value>>>);

impl Lambda {
    pub fn events(&self) -> Value {
        self.0.lock().unwrap().clone().into()
    }

    pub fn with_hooks(&self, hooks: &[Value]) -> LambdaCallback<'static> {
        hooks.iter().fold(LambdaCallback::new(), |lambda, hook| {
            let hook = hook.as_str().unwrap().to_owned();
            let events = Arc::clone(&self.0);
            let push = move |event: Value| events.lock().unwrap().push(event);
            match &*hook {
                "on_train_begin" => lambda.on_train_begin(move |_| push(json!([hook, {}]))),
                "on_train_end" => lambda.on_train_end(move |_, logs| push(json!([hook, object(logs)]))),
                "on_epoch_begin" => lambda.on_epoch_begin(move |t| push(json!([hook, t.epoch(), {}]))),
                "on_epoch_end" => lambda.on_epoch_end(move |t, logs| {
                    push(json!([hook, t.epoch(), object(logs)]));
                    Ok::<(), CallbackError>(())
                }),
                "on_train_batch_begin" => {
                    lambda.on_train_batch_begin(move |t| push(json!([hook, t.batch(), {}])))
                }
                "on_train_batch_end" => {
                    lambda.on_train_batch_end(move |t, logs| push(json!([hook, t.batch(), object(logs)])))
                }
                "on_batch_begin" => lambda.on_batch_begin(move |t| push(json!([hook, t.batch(), {}]))),
                "on_batch_end" => {
                    lambda.on_batch_end(move |t, logs| push(json!([hook, t.batch(), object(logs)])))
                }
                other => panic!("unknown hook {other}"),
            }
        })
    }
}

fn object(logs: &Logs) -> Value {
    Value::Object(logs.iter().map(|(name, value)| (name.to_string(), float(value))).collect())
}
