//! The moving average of the weights.

use olifant_core::{Float, Team, Weights, vectorised};

use super::{OptimizerState, PIECE};
use crate::OptimizerOptions;

/// The slot's name, as Keras calls it.
pub(super) const SLOT: &str = "average";
/// Its name while it holds the weights.
const SWAPPED_SLOT: &str = "weights";

impl OptimizerState {
    /// Makes the averages the weights, if the optimizer keeps any: what `fit` does at its end.
    ///
    /// Before the first step there are none, and the weights are left alone.
    pub fn finalize_weights(&mut self, weights: &mut Weights) {
        let Some(slot) = self.average.filter(|_| self.calls > 0) else { return };
        if self.is_swapped {
            self.slots[slot].copy_from_slice(weights.trainable());
            self.set_swapped(slot, false);
        } else {
            weights.trainable_mut().copy_from_slice(&self.slots[slot]);
        }
    }

    /// Lets averages and weights change places. The next step changes them back by itself.
    ///
    /// Before the first step the averages are the weights. Without averages nothing happens.
    pub fn swap_average(&mut self, weights: &mut Weights) {
        let Some(slot) = self.average else { return };
        if self.calls == 0 {
            self.slots[slot].copy_from_slice(weights.trainable());
        }
        weights.trainable_mut().swap_with_slice(&mut self.slots[slot]);
        self.set_swapped(slot, !self.is_swapped);
    }

    /// Whether the averages are in the place of the weights.
    pub fn is_swapped(&self) -> bool {
        self.is_swapped
    }

    /// Takes over whether averages and weights have changed places: for a state that is restored.
    ///
    /// Returns whether the names are those that [`slot_names`](OptimizerState::slot_names) may have.
    #[must_use]
    pub fn restore_slot_names(&mut self, names: &[&str]) -> bool {
        if self.slot_names == names {
            return true;
        }
        let Some(slot) = self.average else { return false };
        self.set_swapped(slot, !self.is_swapped);
        let fits = self.slot_names == names;
        if !fits {
            self.set_swapped(slot, !self.is_swapped);
        }
        fits
    }

    /// Moves the averages towards the weights, and the weights to the averages if it is time to.
    ///
    /// As in Keras, all steps up to the first update, and the updates that are due, are counted in updates.
    pub(super) fn follow(&mut self, options: &OptimizerOptions, weights: &mut Weights, team: &Team) {
        let Some(slot) = self.average else { return };
        let iterations = self.iterations();
        let momentum = if iterations == 0 { 0.0 } else { options.ema_momentum };
        let frequency = options.ema_overwrite_frequency;
        let overwrites = frequency.is_some_and(|frequency| (iterations + 1).is_multiple_of(frequency));
        let slices = [weights.trainable_mut(), &mut self.slots[slot]];
        team.for_each_cut(slices, PIECE, &|_, [weights, averages]| {
            vectorised(
                #[inline(always)]
                || blend(averages, weights, momentum),
            );
            if overwrites {
                weights.copy_from_slice(averages);
            }
        });
    }

    fn set_swapped(&mut self, slot: usize, is_swapped: bool) {
        self.is_swapped = is_swapped;
        self.slot_names[slot] = if is_swapped { SWAPPED_SLOT } else { SLOT };
    }
}

/// a ← m·a + (1 − m)·w
#[inline(always)]
fn blend(averages: &mut [Float], weights: &[Float], momentum: Float) {
    for (a, w) in averages.iter_mut().zip(weights) {
        *a = momentum * *a + (1.0 - momentum) * w;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::Sgd;

    /// One weight that grows by 1 in each step.
    struct Subject {
        sgd: Sgd,
        weights: Weights,
        state: OptimizerState,
    }

    impl Subject {
        fn new(sgd: Sgd) -> Subject {
            let mut weights = Weights::default();
            weights.add("w", [1], true);
            let state = OptimizerState::new(&sgd, &weights);
            Subject { sgd, weights, state }
        }

        fn step(&mut self) {
            let mut gradients = vec![0.0; self.weights.trainable().len()];
            gradients[0] = -1.0;
            self.state.step(&self.sgd, &mut self.weights, &mut gradients, &Team::default());
        }

        fn swap(&mut self) {
            self.state.swap_average(&mut self.weights);
        }

        /// The weight and its average.
        fn numbers(&self) -> (Float, Float) {
            (self.weights.trainable()[0], self.state.slots()[0][0])
        }
    }

    fn averaging() -> Sgd {
        Sgd::new(1.0).use_ema(true).ema_momentum(0.5)
    }

    #[test]
    fn the_average_begins_with_the_first_weights_and_follows() {
        let mut subject = Subject::new(averaging());
        let mut seen = Vec::new();
        for _ in 0..4 {
            subject.step();
            seen.push(subject.numbers());
        }
        assert_eq!(seen, [(1.0, 1.0), (2.0, 1.5), (3.0, 2.25), (4.0, 3.125)]);
        subject.state.finalize_weights(&mut subject.weights);
        assert_eq!(subject.numbers(), (3.125, 3.125));
    }

    #[test]
    fn every_so_many_updates_the_average_becomes_the_weights() {
        let mut subject = Subject::new(averaging().ema_overwrite_frequency(2));
        let mut seen = Vec::new();
        for _ in 0..4 {
            subject.step();
            seen.push(subject.numbers());
        }
        assert_eq!(seen, [(1.0, 1.0), (1.5, 1.5), (2.5, 2.0), (2.75, 2.75)]);
    }

    #[test]
    fn a_step_swaps_back_first() {
        let (mut subject, mut undisturbed) = (Subject::new(averaging()), Subject::new(averaging()));
        for _ in 0..3 {
            subject.step();
            undisturbed.step();
        }
        subject.swap();
        assert_eq!((subject.numbers(), subject.state.is_swapped()), ((2.25, 3.0), true));
        assert_eq!(subject.state.slot_names(), ["weights"]);
        subject.step();
        undisturbed.step();
        assert_eq!((subject.numbers(), subject.state.is_swapped()), (undisturbed.numbers(), false));
        assert_eq!(subject.state.slot_names(), ["average"]);
    }

    #[test]
    fn the_end_while_swapped_is_the_same_end() {
        let mut subject = Subject::new(averaging());
        subject.step();
        subject.step();
        subject.swap();
        subject.state.finalize_weights(&mut subject.weights);
        assert_eq!((subject.numbers(), subject.state.is_swapped()), ((1.5, 1.5), false));
    }

    #[test]
    fn before_the_first_step_the_weights_are_their_averages() {
        let mut subject = Subject::new(averaging());
        subject.weights.trainable_mut()[0] = 7.0;
        subject.state.finalize_weights(&mut subject.weights);
        assert_eq!(subject.numbers(), (7.0, 0.0));
        subject.swap();
        assert_eq!(subject.numbers(), (7.0, 7.0));
    }

    #[test]
    fn without_averages_nothing_is_swapped() {
        let mut subject = Subject::new(Sgd::new(1.0).momentum(0.5));
        subject.step();
        let before = subject.numbers();
        subject.swap();
        subject.state.finalize_weights(&mut subject.weights);
        assert_eq!((subject.numbers(), subject.state.is_swapped()), (before, false));
    }

    #[test]
    fn names_tell_whether_the_slots_are_swapped() {
        let mut state = Subject::new(averaging().momentum(0.5)).state;
        assert!(state.restore_slot_names(&["momentum", "weights"]) && state.is_swapped());
        assert!(!state.restore_slot_names(&["momentum"]) && state.is_swapped());
        assert!(state.restore_slot_names(&["momentum", "average"]) && !state.is_swapped());
        let mut state = Subject::new(Sgd::new(1.0)).state;
        assert!(state.restore_slot_names(&[]) && !state.restore_slot_names(&["average"]));
    }
}
