//! Taking snapshots of a run, and going on from one.

use olifant_nn::Network;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    CallbackList, Checkpoint, FitError, Params, Snapshot, State, Training, batches::Batches,
    identity::Identity, run::Run, snapshot::Position,
};

impl Run<'_> {
    /// A moment at which no callback is in the midst of its work: snapshots are taken for those who asked.
    pub(crate) fn safe_point(&mut self, callbacks: &mut CallbackList<'_>) -> Result<(), FitError> {
        if !self.training.snapshot_requests.is_empty() {
            let snapshot = self.snapshot(callbacks)?;
            callbacks.on_snapshot(&mut self.training, &snapshot)?;
        }
        if self.training.is_interrupted {
            let (epoch, batch) = (self.position.epoch, self.position.batch);
            return Err(FitError::Interrupted { epoch, batch });
        }
        Ok(())
    }

    fn snapshot(&mut self, callbacks: &CallbackList<'_>) -> Result<Snapshot, FitError> {
        let identity = self.identity()?;
        let Training { history, stop, .. } = &self.training;
        Ok(Snapshot {
            position: self.position,
            seed: history.params().seed,
            identity,
            sums: self.running.sums(),
            history: history.clone(),
            logs: self.logs.clone(),
            stop: stop.clone(),
            callbacks: callbacks.states()?,
        })
    }

    /// Puts everything back to where a checkpoint stands, but for the callbacks, whose states are returned.
    pub(crate) fn resume(
        &mut self,
        checkpoint: Checkpoint,
        callbacks: &CallbackList<'_>,
    ) -> Result<Vec<(String, Option<State>)>, FitError> {
        let identity = self.identity()?;
        let snapshot = &checkpoint.snapshot;
        if let Some(difference) = snapshot.identity.difference(&identity) {
            return Err(checkpoint.differs(difference));
        }
        snapshot.check_callbacks(&callbacks.names()).map_err(|difference| checkpoint.differs(difference))?;
        if !self.running.restore(&snapshot.sums) {
            let [was, now] = [snapshot.sums.len(), self.running.sums().len()].map(|count| count.to_string());
            return Err(checkpoint.differs(("the number of sums of the metrics".into(), was, now)));
        }
        let Position { batch, cursor, .. } = snapshot.position;
        if batch > self.steps || cursor > self.train.len() {
            let [was, now] =
                [format!("batch {batch} of an epoch, {cursor} of the data"), self.steps.to_string()];
            return Err(checkpoint.differs(("the position".into(), was, format!("at most {now}"))));
        }
        let Checkpoint { model, snapshot, .. } = checkpoint;
        self.training.model.adopt(model);
        self.training.history.resume(snapshot.history);
        self.training.stop = snapshot.stop;
        (self.position, self.logs) = (snapshot.position, snapshot.logs);
        // `on_train_resume` sees the epoch of the event behind which the snapshot was taken.
        let Position { epoch, batch, .. } = self.position;
        self.training.begin_epoch(if batch == 0 { epoch.saturating_sub(1) } else { epoch });
        self.training.begin_batch(batch.saturating_sub(1));
        self.is_over = self.training.is_stopping() && self.position.batch == 0;
        Ok(snapshot.callbacks)
    }

    /// What must be the same when this run is resumed.
    fn identity(&mut self) -> Result<Identity, FitError> {
        if let Some(identity) = &self.identity {
            return Ok(identity.clone());
        }
        let Params { initial_epoch, batch_size, seed, .. } = *self.training.params();
        let model = &*self.training.model;
        let weighted_metrics = model.metric_list().weighted();
        let facts = |batches: &Batches<'_>| batches.facts(model);
        let identity = Identity::new(&json!({
            "architecture": architecture(model.network()),
            "frozen_layers": (!self.frozen_layers.is_empty()).then(|| self.frozen_layers.join(", ")),
            "optimizer": words(model.optimizer()),
            "loss": match model.losses() {
                [loss] => words(&**loss),
                losses => words(losses),
            },
            "loss_weights": model.compiled_losses().weights(),
            "metrics": words(model.metric_list().alike()),
            "metrics_outputs": model.metric_list().outputs(),
            "weighted_metrics": (!weighted_metrics.is_empty()).then(|| words(weighted_metrics)),
            "seed": seed,
            "initial_epoch": initial_epoch,
            "batch_size": batch_size,
            "steps_per_epoch": self.steps,
            "shuffle": format!("{:?}", self.shuffle),
            "data": facts(&self.train)?,
            "validation_data": self.validation.as_ref().map(|validation| facts(&validation.batches)).transpose()?,
            "validation_freq": format!("{:?}", self.validation_freq),
            "validation_steps": self.validation.as_ref().map(|validation| validation.steps),
        }));
        Ok(self.identity.insert(identity).clone())
    }
}

/// The layers and their options, but not whether they are frozen, which may change in the midst of a run.
fn architecture(network: &Network) -> Option<Value> {
    let mut architecture: Value = serde_json::from_str(&network.architecture().ok()?).ok()?;
    forget_freezing(&mut architecture);
    Some(architecture)
}

/// Removes what says whether layers are trained, in networks inside as well.
fn forget_freezing(architecture: &mut Value) {
    let layers = architecture.get_mut("layers").and_then(Value::as_array_mut);
    for node in layers.into_iter().flatten().filter_map(Value::as_object_mut) {
        node.remove("trainable");
        node.get_mut("layer").into_iter().for_each(forget_freezing);
    }
}

/// A part of the model as a tree. One that cannot be put into words makes saving the model fail, and says so there.
fn words(part: &(impl Serialize + ?Sized)) -> Option<Value> {
    serde_json::to_value(part).ok()
}
