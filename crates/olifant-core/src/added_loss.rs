//! What is added to the loss on the way, besides what the outputs cost.

use crate::{Axes, Float, Tape, Var, VarList};

impl Tape<'_> {
    /// A tape for values alone, as for predictions: whatever is added to the loss is forgotten.
    #[must_use]
    pub fn without_losses(mut self) -> Self {
        self.wants_losses = false;
        self
    }

    /// Whether what is added to the loss counts. If not, a layer can save itself the work, see [`Tape::add_loss`].
    pub fn wants_losses(&self) -> bool {
        self.wants_losses
    }

    /// Adds a value to the loss that whoever recorded the network sends back: Keras's `add_loss`, for layers that
    /// ask something of their values besides returning them. Several numbers count as their sum.
    ///
    /// The loss of a batch is a mean over its samples: a sum over samples should be divided by their number.
    ///
    /// On a tape [`without_losses`](Tape::without_losses), such as that of `Model::predict`, nothing is added.
    /// A layer whose loss takes time to compute should ask [`Tape::wants_losses`] first.
    ///
    /// # Panics
    ///
    /// The value was recorded on another tape.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Axes, Mode, Tape, Weights, Workspace};
    ///
    /// let mut weights = Weights::default();
    /// let w = weights.add("w", [2], true);
    /// weights.get_mut(w).copy_from_slice(&[3.0, 4.0]);
    ///
    /// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    /// let y = tape.weight(w) * 2.0;
    /// tape.add_loss(0.5 * y.square());
    /// let loss = tape.added_losses().iter().fold(y.sum(Axes::All), |loss, added| loss + added);
    /// assert_eq!(loss.item(), 64.0);
    /// ```
    #[track_caller]
    pub fn add_loss(&self, loss: Var<'_>) {
        assert!(std::ptr::addr_eq(loss.tape, self), "the loss was recorded on another tape");
        if !self.wants_losses {
            return;
        }
        let loss = if loss.shape().rank() == 0 { loss } else { loss.sum(Axes::All) };
        self.workspace.borrow_mut().added_losses.push(loss.index);
    }

    /// What was added to the loss so far: single numbers.
    pub fn added_losses(&self) -> VarList<'_> {
        let mut list = self.list();
        let count = self.workspace.borrow().added_losses.len();
        for number in 0..count {
            list.push(self.added_loss(number));
        }
        list
    }

    /// Whatever `record` adds to the loss counts so many times.
    ///
    /// It is for layers that call others with parts of a sample in the place of samples, such as time steps:
    /// the number of parts makes a mean over all of them the sum of a sample's parts, in the mean over samples.
    pub fn weigh_added_losses<R>(&self, weight: Float, record: impl FnOnce() -> R) -> R {
        let before = self.workspace.borrow().added_losses.len();
        let result = record();
        let count = self.workspace.borrow().added_losses.len();
        for number in before..count {
            let weighed = self.added_loss(number) * weight;
            self.workspace.borrow_mut().added_losses[number] = weighed.index;
        }
        result
    }

    fn added_loss(&self, number: usize) -> Var<'_> {
        Var { tape: self, index: self.workspace.borrow().added_losses[number] }
    }
}
