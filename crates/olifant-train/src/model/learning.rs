//! One step of learning, from whatever loss is recorded.

use std::sync::PoisonError;

use olifant_core::{Float, Mode, Purpose, RandomKey, Tape, Var, Workspace};
use olifant_nn::Network;

use crate::{FitError, Model};

impl Model {
    /// One step of a hand-written training loop: records a loss, sends it back, and lets the optimizer change the weights.
    ///
    /// `record` is given a tape and the network, and returns the loss, a single number, which is also the result.
    /// It may read from the recorded values whatever else is of interest, such as metrics.
    /// Regularizers, and what layers add to the loss, are the business of the loop: see [`Network::penalty`].
    ///
    /// Dropout follows from the model's seed and the number of the step, as in [`fit`](Model::fit).
    ///
    /// # Panics
    ///
    /// The loss is no single number, or shapes do not fit while it is recorded.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Axes, Tensor};
    /// use olifant_nn::{Loss, Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
    /// use olifant_train::Compile;
    ///
    /// let mut model =
    ///     Sequential::new([1]).add(Dense::new(1)).seed(1).compile(Sgd::new(0.1), MeanSquaredError::new(), ())?;
    /// let x = Tensor::from_array(&ndarray::array![[0.0], [1.0]])?;
    /// let y = Tensor::from_array(&ndarray::array![[1.0], [3.0]])?;
    /// let mut step = || {
    ///     model.learn(|tape, network| {
    ///         let y_pred = network.call(tape.input(x.view()));
    ///         MeanSquaredError::new().call(tape.input(y.view()), y_pred).mean(Axes::All)
    ///     })
    /// };
    /// let first = step();
    /// assert!(step() < first);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn learn(&mut self, record: impl for<'t> FnOnce(&'t Tape<'_>, &Network) -> Var<'t>) -> Float {
        let key = RandomKey::from_seed(self.seed);
        let loss = self.update(key, |model, tape| {
            let loss = record(tape, &model.network);
            model.send_back(tape, loss);
            Ok(loss.item())
        });
        loss.expect("recording a loss does not fail, it panics")
    }

    /// Sends a loss back, as many times larger as the optimizer will divide its gradients by.
    pub(super) fn send_back<'t>(&self, tape: &'t Tape<'_>, loss: Var<'t>) {
        let scale = self.optimizer.options().loss_scale_factor;
        tape.backward(scale.map_or(loss, |scale| loss * scale));
    }

    /// Drops the gradients of the last step, whose weights lie elsewhere now.
    pub(super) fn forget_gradients(&mut self) {
        self.workspace = Workspace::with_team(self.team.clone());
    }

    /// Records something that is sent back, and changes the weights along its gradients.
    pub(super) fn update<R>(
        &mut self,
        key: RandomKey,
        record: impl FnOnce(&Model, &Tape<'_>) -> Result<R, FitError>,
    ) -> Result<R, FitError> {
        self.put_weights_back();
        let key = key.purpose(Purpose::Step).derive(self.optimizer_state.calls());
        let empty = Workspace::with_team(self.team.clone());
        let workspace = std::mem::replace(&mut self.workspace, empty);
        let tape = Tape::record(workspace, self.network.weights(), Mode::Training(key));
        let result = record(self, &tape);
        self.workspace = tape.finish();
        let result = result?;
        let weights = self.network.weights_mut();
        self.optimizer_state.step(&*self.optimizer, weights, self.workspace.gradients_mut(), &self.team);
        self.workspace.commit(weights);
        self.constrain();
        Ok(result)
    }

    /// Puts the weights back to where their constraints allow them to be: as in Keras after every step,
    /// also where gradients are only accumulated.
    fn constrain(&mut self) {
        if !self.network.has_constraints() {
            return;
        }
        // Not the memory of the step, which holds the gradients that a callback may look at.
        let idle = self.idle.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut workspace = idle.pop().unwrap_or_else(|| Workspace::with_team(self.team.clone()));
        self.network.apply_constraints(&mut workspace);
        idle.push(workspace);
    }
}
