//! A network with everything it takes to train it.

mod averages;
mod compile;
mod freezing;
mod learning;
mod states;
mod weights;

use std::sync::{Mutex, PoisonError};

use olifant_core::{
    Axes, Float, MAX_RANK, Mode, RandomKey, Shape, Tape, Team, Tensor, TensorView, Var, VarList, Weights,
    Workspace,
};
use olifant_nn::{
    BuildError, Loss, Metric, MetricBatch, Network, Node, Objective, Optimizer, OptimizerState, Summary,
};

pub use compile::Compile;
pub(crate) use states::States;

use crate::{
    FitError,
    batches::Batch,
    compiled_losses::{CompiledLosses, loss_names},
    metric_list::MetricList,
    running::Running,
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
    losses: CompiledLosses,
    /// What they are called in the logs.
    loss_names: Vec<String>,
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
        losses: CompiledLosses,
        metrics: MetricList,
    ) -> Result<Model, BuildError> {
        optimizer.check()?;
        optimizer.check_names(network.weights())?;
        losses.check(&network)?;
        let metrics = metrics.of_network(&network)?;
        metrics.check_options()?;
        let team = Team::default();
        Ok(Model {
            optimizer_state: OptimizerState::new(&*optimizer, network.weights()),
            loss_names: loss_names(&network),
            network,
            optimizer,
            losses,
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

    /// A layer that is the model's network with all it has learnt, for another model: transfer learning.
    ///
    /// See [`Network::into_layer`].
    ///
    /// # Examples
    ///
    /// A model that was trained and saved becomes the frozen first part of another:
    ///
    /// ```no_run
    /// use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Adam};
    /// use olifant_train::{Compile, Model};
    ///
    /// let base = Model::load("base.olifant")?.into_layer().named("base").trainable(false);
    /// let mut model = Sequential::new([4])
    ///     .add(base)
    ///     .add(Dense::new(1))
    ///     .compile(Adam::new(0.01), MeanSquaredError::new(), ())?;
    /// // Train the new layer; then, with a low learning rate, the last layer of the base as well:
    /// model.set_trainable("base/dense_1", true)?;
    /// model.set_learning_rate(1e-5)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn into_layer(mut self) -> Node {
        self.put_weights_back();
        self.network.into_layer()
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

    /// The losses, in the order of the outputs; or the one that serves all outputs.
    pub fn losses(&self) -> &[Box<dyn Loss>] {
        self.losses.all()
    }

    /// The losses with their weights.
    pub(crate) fn compiled_losses(&self) -> &CompiledLosses {
        &self.losses
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
        let mut names: Vec<&str> =
            self.metrics.names().iter().chain(&self.loss_names).map(String::as_str).collect();
        names.sort_unstable();
        names.into_iter()
    }

    /// Which way a name in the logs improves, if the model knows: `loss`, or one of its metrics, with or without `val_`.
    pub fn objective(&self, name: &str) -> Option<Objective> {
        let name = name.strip_prefix("val_").unwrap_or(name);
        if self.loss_names.iter().any(|loss| loss == name) {
            return Some(Objective::Minimize);
        }
        self.metrics.objective(name)
    }

    /// Sums for an epoch or an evaluation, all zero.
    pub(crate) fn running(&self) -> Running {
        Running::new(&self.loss_names, &self.metrics, &self.network)
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
    pub(crate) fn test_step(&self, batch: &mut Batch, running: &mut Running) -> Result<States, FitError> {
        let tape = Tape::record(self.take_idle(), self.network.weights(), Mode::Inference);
        self.measure(&tape, batch, running, false)?;
        Ok(States(tape.finish()))
    }

    /// Computes predictions and lets `read` look at those of each output, by its number.
    /// `x` is taken; arbitrary tensors are left in its place.
    pub(crate) fn predict_step(
        &self,
        x: &mut [Tensor],
        mut read: impl FnMut(usize, TensorView<'_>),
    ) -> States {
        let tape = Tape::record(self.take_idle(), self.network.weights(), Mode::Inference).without_losses();
        let outputs = self.network.call_several(&inputs(&tape, x));
        outputs.iter().enumerate().for_each(|(number, y)| y.with_value(|y| read(number, y)));
        drop(outputs);
        States(tape.finish())
    }

    /// Records the loss of a batch, sends it back if asked, and adds losses and metrics to `running`.
    fn measure(
        &self,
        tape: &Tape<'_>,
        batch: &mut Batch,
        running: &mut Running,
        backward: bool,
    ) -> Result<(), FitError> {
        let samples = batch.samples();
        let (x, y_true) = (inputs(tape, &mut batch.x), inputs(tape, &mut batch.y));
        let y_pred = self.network.call_several(&x);
        let mut total: Option<Var<'_>> = None;
        for (output, (y_true, y_pred)) in y_true.iter().zip(y_pred.iter()).enumerate() {
            let loss = self.output_loss(output, y_true, y_pred, batch.sample_weight.as_ref())?;
            running.add_output_loss(output, loss.item(), samples);
            let weight = self.losses.weight(output);
            let loss = if weight == 1.0 { loss } else { loss * weight };
            total = Some(total.map_or(loss, |total| total + loss));
        }
        let mut loss = total.expect("a network has an output");
        if let Some(penalty) = self.network.penalty(loss.tape()) {
            loss = loss + penalty;
        }
        if backward {
            self.send_back(tape, loss);
        }
        running.add_loss(loss.item(), samples);
        let sample_weight = batch.sample_weight.as_ref().map(Tensor::data);
        for (output, (y_true, y_pred)) in y_true.iter().zip(y_pred.iter()).enumerate() {
            y_true.with_value(|y_true| {
                y_pred.with_value(|y_pred| {
                    let batch = MetricBatch { y_true, y_pred, sample_weight };
                    running.add_metrics(output, &self.metrics, &batch);
                });
            });
        }
        Ok(())
    }

    /// The mean loss of one output over all samples, or over all time steps that its mask lets count.
    fn output_loss<'t>(
        &self,
        output: usize,
        y_true: Var<'t>,
        y_pred: Var<'t>,
        sample_weight: Option<&Tensor>,
    ) -> Result<Var<'t>, FitError> {
        let tape = y_pred.tape();
        let mut losses = self.losses.of_output(output).call(y_true, y_pred);
        if let Some(mask) = y_pred.mask().filter(|mask| mask.shape() == losses.shape()) {
            let counting: Float = mask.with_value(|mask| mask.data.iter().sum());
            // As in Keras, the mean is over what counts.
            losses = losses * mask * (mask.shape().size() as Float / counting.max(1.0));
        }
        if let Some(weights) = sample_weight {
            losses = losses * tape.input(stretched(weights.view(), losses.shape())?);
        }
        Ok(losses.mean(Axes::All))
    }

    /// Memory for a prediction; [`States`] bring it back.
    fn take_idle(&self) -> Workspace {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop().unwrap_or_else(|| Workspace::with_team(self.team.clone()))
    }
}

/// Takes tensors in; arbitrary ones are left in their place.
fn inputs<'t>(tape: &'t Tape<'_>, tensors: &mut [Tensor]) -> VarList<'t> {
    let mut inputs = tape.list();
    tensors.iter_mut().for_each(|tensor| inputs.push(tape.input_swap(tensor)));
    inputs
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
