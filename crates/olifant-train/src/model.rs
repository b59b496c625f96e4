//! A network with everything it takes to train it.

mod averages;
mod compile;
mod freezing;
mod learning;
mod weights;

use std::sync::{Mutex, PoisonError};

use olifant_core::{
    Axes, Float, MAX_RANK, Mode, RandomKey, Shape, Tape, Team, Tensor, TensorView, Weights, Workspace,
};
use olifant_nn::{
    BuildError, Loss, Metric, MetricBatch, Network, Objective, Optimizer, OptimizerState, Summary,
};

pub use compile::Compile;

use crate::{
    FitError, batches::Batch, compiled_loss::CompiledLoss, metric_list::MetricList, running::Running,
};

/// A network, its weights, and how they are trained: optimizer, loss, metrics.
///
/// [`Compile::compile`] makes one, [`Model::load`] reads one back.
/// A model can be shared between threads: [`Model::predict`] and [`Model::evaluate`] only read it.
#[derive(Debug)]
pub struct Model {
    network: Network,
    optimizer: Box<dyn Optimizer>,
    optimizer_state: OptimizerState,
    loss: CompiledLoss,
    metrics: MetricList,
    seed: u64,
    /// Whether the seed was drawn, so that an interrupted run, which had another, may bring its own.
    seed_is_drawn: bool,
    /// The threads of all steps.
    team: Team,
    /// The memory of training steps.
    workspace: Workspace,
    /// The memory of predictions: as many workspaces as there were predictions at the same time.
    idle: Mutex<Vec<Workspace>>,
}

impl Model {
    pub(crate) fn new(
        network: Network,
        seed: u64,
        optimizer: Box<dyn Optimizer>,
        loss: CompiledLoss,
        metrics: MetricList,
    ) -> Result<Model, BuildError> {
        optimizer.check()?;
        optimizer.options().check_names(network.weights())?;
        loss.loss.check_options()?;
        metrics.check_options()?;
        let team = Team::default();
        Ok(Model {
            optimizer_state: OptimizerState::new(&*optimizer, network.weights()),
            network,
            optimizer,
            loss,
            metrics,
            seed,
            seed_is_drawn: false,
            workspace: Workspace::with_team(team.clone()),
            team,
            idle: Mutex::default(),
        })
    }

    /// The layers and their weights.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The numbers of the weights, to be changed.
    pub fn weights_mut(&mut self) -> &mut Weights {
        self.network.weights_mut()
    }

    /// The rule that changes the weights.
    pub fn optimizer(&self) -> &dyn Optimizer {
        &*self.optimizer
    }

    /// What the optimizer remembers from step to step.
    pub fn optimizer_state(&self) -> &OptimizerState {
        &self.optimizer_state
    }

    /// What the optimizer remembers from step to step, to be changed.
    pub(crate) fn optimizer_state_mut(&mut self) -> &mut OptimizerState {
        &mut self.optimizer_state
    }

    /// The gradients of the last training step, by the name of their weight, in the order of the weights:
    /// what the hook `on_train_batch_end` sees are those of its batch. Before the first step there are none.
    ///
    /// They are what the optimizer's rule was given: ∂loss/∂weight with the penalties of regularizers, clipped if
    /// the optimizer clips; before weight decay, momentum and learning rate.
    /// While gradients are accumulated they are those of the batch alone. A layer that is frozen or thawed makes them forgotten.
    pub fn gradients(&self) -> impl Iterator<Item = (&str, TensorView<'_>)> {
        let gradients = self.workspace.gradients();
        let trained = self.network.weights().iter().filter(|(_, spec)| spec.trainable);
        trained.filter_map(|(_, spec)| {
            let data = gradients.get(spec.range())?;
            Some((&*spec.name, TensorView { data, shape: spec.shape }))
        })
    }

    /// The loss.
    pub fn loss(&self) -> &dyn Loss {
        &*self.loss.loss
    }

    /// The loss with its weight.
    pub(crate) fn compiled_loss(&self) -> &CompiledLoss {
        &self.loss
    }

    /// The metrics, and behind them those that weigh samples.
    pub fn metrics(&self) -> &[Box<dyn Metric>] {
        self.metrics.all()
    }

    /// The metrics with their names.
    pub(crate) fn metric_list(&self) -> &MetricList {
        &self.metrics
    }

    /// The number that all randomness of the model follows from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The seed, unless it was drawn.
    pub(crate) fn given_seed(&self) -> Option<u64> {
        (!self.seed_is_drawn).then_some(self.seed)
    }

    /// Takes the weights, what the optimizer remembers, and a seed that nobody gave from another model of the same kind.
    pub(crate) fn adopt(&mut self, other: Model) {
        // A callback may have frozen a layer, which gives the weights other places.
        self.network.freeze_like(&other.network);
        let (weights, others) = (self.network.weights_mut(), other.network.weights());
        weights.trainable_mut().copy_from_slice(others.trainable());
        weights.state_mut().copy_from_slice(others.state());
        self.optimizer_state = other.optimizer_state;
        self.forget_gradients();
        if self.seed_is_drawn {
            self.seed = other.seed;
        }
    }

    /// The threads that compute the steps.
    pub(crate) fn team(&self) -> &Team {
        &self.team
    }

    /// The table of layers that `println!` shows, in Keras's layout.
    pub fn summary(&self) -> Summary {
        let slots: usize = self.optimizer_state.slots().len() * self.network.weights().trainable_parameters();
        // Keras counts the iteration counter, and the learning rate unless it is a schedule.
        let counters = if self.has_schedule() { 1 } else { 2 };
        self.network.summary().optimizer_parameters(slots + counters)
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> Float {
        self.optimizer_state.learning_rate(&*self.optimizer)
    }

    /// Sets the learning rate.
    ///
    /// # Errors
    ///
    /// The optimizer was made with a schedule, or the number is negative or not finite.
    pub fn set_learning_rate(&mut self, learning_rate: Float) -> Result<(), FitError> {
        if self.has_schedule() {
            let expected = "set by nobody else, as the optimizer was made with a schedule";
            return Err(FitError::option("learning_rate", expected, learning_rate));
        }
        if !(learning_rate.is_finite() && learning_rate >= 0.0) {
            return Err(FitError::option("learning_rate", "a number from 0", learning_rate));
        }
        self.optimizer_state.set_learning_rate(learning_rate);
        Ok(())
    }

    /// Whether the learning rate follows a schedule, which callbacks cannot change.
    pub fn has_schedule(&self) -> bool {
        matches!(self.optimizer.options().learning_rate, olifant_nn::LearningRate::Schedule(_))
    }

    /// The names in the logs of a batch: `loss` and the metrics, in the order of the alphabet.
    pub fn log_names(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = self.metrics.names().iter().map(String::as_str).chain(["loss"]).collect();
        names.sort_unstable();
        names.into_iter()
    }

    /// Which way a name in the logs improves, if the model knows: `loss`, or one of its metrics, with or without `val_`.
    pub fn objective(&self, name: &str) -> Option<Objective> {
        let name = name.strip_prefix("val_").unwrap_or(name);
        if name == "loss" {
            return Some(Objective::Minimize);
        }
        self.metrics.objective(name)
    }

    /// Sums for an epoch or an evaluation, all zero.
    pub(crate) fn running(&self) -> Running {
        Running::new(&self.metrics)
    }

    /// One step: forward, backward, update. Loss and metrics, from before the update, are added to `running`.
    ///
    /// `key` is what the step's dropout follows from.
    pub(crate) fn train_step(
        &mut self,
        batch: &mut Batch,
        key: RandomKey,
        running: &mut Running,
    ) -> Result<(), FitError> {
        self.update(key, |model, tape| model.measure(tape, batch, running, true))
    }

    /// Adds loss and metrics of a batch to `running`, without learning.
    pub(crate) fn test_step(&self, batch: &mut Batch, running: &mut Running) -> Result<(), FitError> {
        self.with_idle_workspace(|workspace| {
            let tape = Tape::record(workspace, self.network.weights(), Mode::Inference);
            let result = self.measure(&tape, batch, running, false);
            (tape.finish(), result)
        })
    }

    /// Computes predictions and lets `read` look at them. `x` is taken; an arbitrary tensor is left in its place.
    pub(crate) fn predict_step<R>(&self, x: &mut Tensor, read: impl FnOnce(TensorView<'_>) -> R) -> R {
        self.with_idle_workspace(|workspace| {
            let tape = Tape::record(workspace, self.network.weights(), Mode::Inference);
            let result = self.network.call(tape.input_swap(x)).with_value(read);
            (tape.finish(), result)
        })
    }

    /// Records the loss of a batch, sends it back if asked, and adds loss and metrics to `running`.
    fn measure(
        &self,
        tape: &Tape<'_>,
        batch: &mut Batch,
        running: &mut Running,
        backward: bool,
    ) -> Result<(), FitError> {
        let samples = batch.samples();
        let x = tape.input_swap(&mut batch.x);
        let y_true = tape.input_swap(&mut batch.y);
        let y_pred = self.network.call(x);
        let mut losses = self.loss.loss.call(y_true, y_pred);
        if let Some(weights) = &batch.sample_weight {
            losses = losses * tape.input(stretched(weights.view(), losses.shape())?);
        }
        let mut loss = losses.mean(Axes::All);
        if self.loss.weight != 1.0 {
            loss = loss * self.loss.weight;
        }
        if let Some(penalty) = self.network.penalty(loss.tape()) {
            loss = loss + penalty;
        }
        if backward {
            self.send_back(tape, loss);
        }
        y_true.with_value(|y_true| {
            y_pred.with_value(|y_pred| {
                let sample_weight = batch.sample_weight.as_ref().map(Tensor::data);
                let batch = MetricBatch { y_true, y_pred, sample_weight };
                running.add(loss.item(), samples, &self.metrics, &batch);
            });
        });
        Ok(())
    }

    /// Lends out memory for a prediction, and keeps it for the next.
    fn with_idle_workspace<R>(&self, work: impl FnOnce(Workspace) -> (Workspace, R)) -> R {
        let take = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let workspace = take().pop().unwrap_or_else(|| Workspace::with_team(self.team.clone()));
        let (workspace, result) = work(workspace);
        take().push(workspace);
        result
    }
}

/// Weights of samples with as many axes as the losses: `[batch]` becomes `[batch, 1]` for losses of `[batch, time]`.
fn stretched(weights: TensorView<'_>, losses: Shape) -> Result<TensorView<'_>, FitError> {
    let given = weights.shape.axes();
    let kept = given.iter().rposition(|&axis| axis != 1).map_or(0, |last| last + 1);
    if losses.axes().starts_with(&given[..kept]) {
        let mut axes = [1; MAX_RANK];
        axes[..kept].copy_from_slice(&given[..kept]);
        return Ok(TensorView { data: weights.data, shape: Shape::new(&axes[..losses.rank()])? });
    }
    Err(FitError::SampleWeight { given: weights.shape, expected: losses })
}
