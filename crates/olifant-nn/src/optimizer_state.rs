//! What an optimizer remembers from step to step, and the step itself.

use std::array;

use olifant_core::{Buffer, Float, Team, Weights, vectorised};

use crate::{LearningRate, Optimizer, UpdateStep, optimizer::MAX_SLOTS};

/// How many numbers an update rule is given at once: all of its slices together stay in the second-level cache.
const PIECE: usize = 4096;

/// What an optimizer remembers: the number of steps made, the learning rate, and its slots.
///
/// Each slot has the layout of [`Weights::trainable`].
///
/// # Examples
///
/// ```
/// use olifant_core::{Team, Weights};
/// use olifant_nn::{OptimizerState, optimizers::Sgd};
///
/// let mut weights = Weights::default();
/// let w = weights.add("w", [2], true);
/// let sgd = Sgd::new(0.5).clipvalue(1.0);
/// let mut state = OptimizerState::new(&sgd, &weights);
///
/// let mut gradients = vec![0.0; weights.trainable().len()];
/// gradients[..2].copy_from_slice(&[0.5, -8.0]);
/// state.step(&sgd, &mut weights, &mut gradients, &Team::default());
/// assert_eq!(weights.get(w).data, [-0.25, 0.5]);
/// assert_eq!(state.iterations(), 1);
/// ```
#[derive(Clone, Debug)]
pub struct OptimizerState {
    iterations: u64,
    learning_rate: Float,
    slots: Vec<Buffer>,
}

impl OptimizerState {
    /// The state before the first step.
    ///
    /// # Panics
    ///
    /// The optimizer asks for more than [`MAX_SLOTS`] slots.
    pub fn new(optimizer: &dyn Optimizer, weights: &Weights) -> OptimizerState {
        let count = optimizer.slots().len();
        assert!(count <= MAX_SLOTS, "an optimizer has at most {MAX_SLOTS} slots, but this asks for {count}");
        let slot = |number| {
            let mut slot = Buffer::zeros(weights.trainable().len());
            slot.fill(optimizer.initial_value(number));
            slot
        };
        let learning_rate = optimizer.options().learning_rate.at(0);
        OptimizerState { iterations: 0, learning_rate, slots: (0..count).map(slot).collect() }
    }

    /// Changes the weights by one step along the gradients, which have the layout of [`Weights::trainable`].
    ///
    /// In Keras's order: gradients are clipped, weights decay, the optimizer's rule updates them, the step is counted.
    /// The gradients are used up. Nothing is allocated, and the result does not depend on the number of threads.
    ///
    /// # Panics
    ///
    /// The state was made for another optimizer or other weights, or there are more or fewer gradients.
    pub fn step(
        &mut self,
        optimizer: &dyn Optimizer,
        weights: &mut Weights,
        gradients: &mut [Float],
        team: &Team,
    ) {
        let len = weights.trainable().len();
        assert_eq!(gradients.len(), len, "there must be one gradient for each number of the weights");
        assert_eq!(
            self.slots.len(),
            optimizer.slots().len(),
            "the state must have been made for this optimizer"
        );
        assert!(
            self.slots.iter().all(|slot| slot.len() == len),
            "the state must have been made for these weights"
        );

        optimizer.options().clip(weights, gradients);
        let step = UpdateStep { learning_rate: self.learning_rate(optimizer), number: self.iterations + 1 };
        let mut slots = self.slots.iter_mut();
        let slots = array::from_fn(|_| slots.next().map(|slot| &mut **slot).unwrap_or_default());
        let [first, second, third, fourth]: [&mut [Float]; MAX_SLOTS] = slots;
        let slices = [weights.trainable_mut(), first, second, third, fourth];
        team.for_each_cut(slices, PIECE, &|range, [weights, slots @ ..]| {
            update(optimizer, &step, weights, &gradients[range], slots);
        });
        self.iterations += 1;
    }

    /// How many steps were made.
    pub fn iterations(&self) -> u64 {
        self.iterations
    }

    /// Continues counting from here: for a state that is restored.
    pub fn set_iterations(&mut self, iterations: u64) {
        self.iterations = iterations;
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self, optimizer: &dyn Optimizer) -> Float {
        match &optimizer.options().learning_rate {
            LearningRate::Constant(_) => self.learning_rate,
            schedule => schedule.at(self.iterations),
        }
    }

    /// Changes the learning rate. If the optimizer has a schedule, this has no effect.
    pub fn set_learning_rate(&mut self, learning_rate: Float) {
        self.learning_rate = learning_rate;
    }

    /// The slots, in the order of [`Optimizer::slots`].
    pub fn slots(&self) -> &[Buffer] {
        &self.slots
    }

    /// The slots, to be changed: for a state that is restored. Their lengths must stay.
    pub fn slots_mut(&mut self) -> &mut [Buffer] {
        &mut self.slots
    }
}

/// Updates one piece after the other: first the weights decay, then comes the rule.
fn update(
    optimizer: &dyn Optimizer,
    step: &UpdateStep,
    weights: &mut [Float],
    gradients: &[Float],
    mut slots: [&mut [Float]; MAX_SLOTS],
) {
    for (number, weights) in weights.chunks_mut(PIECE).enumerate() {
        let range = number * PIECE..number * PIECE + weights.len();
        if let Some(decay) = optimizer.options().weight_decay {
            vectorised(
                #[inline(always)]
                || weights.iter_mut().for_each(|w| *w -= *w * decay * step.learning_rate),
            );
        }
        let mut slots = slots.each_mut().map(|slot| slot.get_mut(range.clone()).unwrap_or_default());
        let used = &mut slots[..optimizer.slots().len()];
        optimizer.update(step, weights, &gradients[range], used);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::{Adam, Sgd};

    fn weights(sizes: &[usize]) -> Weights {
        let mut weights = Weights::default();
        for (number, &size) in sizes.iter().enumerate() {
            let weight = weights.add(format!("weight_{number}"), [size], true);
            weights.get_mut(weight).iter_mut().enumerate().for_each(|(i, w)| *w = (i as Float).sin());
        }
        weights
    }

    #[test]
    fn pieces_and_threads_do_not_change_a_bit() {
        let adam = Adam::new(0.01).amsgrad(true).weight_decay(0.1);
        let start = weights(&[5000, 3, (1 << 17) + 77]);
        let gradients: Vec<Float> = start.trainable().iter().map(|w| w * w - 0.3 * w).collect();

        let mut whole = start.clone();
        let mut slots = [vec![0.0; gradients.len()], vec![0.0; gradients.len()], vec![0.0; gradients.len()]];
        let step = UpdateStep { learning_rate: 0.01, number: 1 };
        whole.trainable_mut().iter_mut().for_each(|w| *w -= *w * 0.1 * 0.01);
        let mut parts = slots.each_mut().map(|slot| &mut slot[..]);
        adam.update(&step, whole.trainable_mut(), &gradients, &mut parts);

        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut cut = start.clone();
            let mut state = OptimizerState::new(&adam, &cut);
            pool.install(|| state.step(&adam, &mut cut, &mut gradients.clone(), &Team::default()));
            assert!(cut.trainable() == whole.trainable(), "{threads} threads");
            assert!(state.slots()[2][..] == slots[2][..], "{threads} threads");
        }
    }

    #[test]
    fn the_gaps_between_weights_stay_zero() {
        let adam = Adam::new(0.01).global_clipnorm(1.0).weight_decay(0.1);
        let mut weights = weights(&[3, 3]);
        let mut state = OptimizerState::new(&adam, &weights);
        for number in 0..3 {
            let mut gradients = vec![0.0; weights.trainable().len()];
            gradients[..3].fill(if number == 1 { Float::NAN } else { 1.0 });
            state.step(&adam, &mut weights, &mut gradients, &Team::default());
        }
        assert!(weights.get(weights.find("weight_0").unwrap()).data[0].is_nan());
        assert_eq!(weights.trainable()[3..16], [0.0; 13]);
    }

    #[test]
    fn a_learning_rate_that_is_set_holds_from_the_next_step() {
        let sgd = Sgd::new(0.5);
        let mut weights = weights(&[1]);
        let mut state = OptimizerState::new(&sgd, &weights);
        assert_eq!(state.learning_rate(&sgd), 0.5);
        state.set_learning_rate(0.25);
        let mut gradients = vec![0.0; weights.trainable().len()];
        gradients[0] = 1.0;
        state.step(&sgd, &mut weights, &mut gradients, &Team::default());
        assert_eq!(weights.trainable()[0], -0.25);
    }

    #[test]
    #[should_panic(expected = "the state must have been made for these weights")]
    fn a_state_of_other_weights_is_refused() {
        let adam = Adam::new(0.1);
        let mut state = OptimizerState::new(&adam, &weights(&[3]));
        let mut other = weights(&[300]);
        let mut gradients = vec![0.0; other.trainable().len()];
        state.step(&adam, &mut other, &mut gradients, &Team::default());
    }
}
