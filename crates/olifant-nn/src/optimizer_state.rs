//! What an optimizer remembers from step to step, and the step itself.

mod accumulation;
mod average;
mod decay;
mod update;

use olifant_core::{Buffer, Float, Team, Weights};

use self::update::Memory;
pub use self::update::{Update, WeightUpdate};
use crate::{LearningRate, Optimizer, UpdateStep, optimizer::MAX_SLOTS};

/// How many numbers an update rule is given at once: all of its slices together stay in the second-level cache.
const PIECE: usize = 4096;

/// What an optimizer remembers: the number of steps made, the learning rate, and its slots.
///
/// Each slot has the layout of [`Weights::trainable`].
/// First come those of the optimizer's own, then those that its options ask for:
/// `average` with [`use_ema`](crate::OptimizerOptions::use_ema),
/// `gradient_accumulator` with [`gradient_accumulation_steps`](crate::OptimizerOptions::gradient_accumulation_steps).
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
    /// How often there were gradients.
    calls: u64,
    /// How many of them make one update.
    accumulation_steps: u64,
    learning_rate: Float,
    slots: Vec<Buffer>,
    slot_names: Vec<&'static str>,
    /// Which slots hold the averages and the accumulated gradients.
    average: Option<usize>,
    accumulator: Option<usize>,
    /// Whether the averages are in the place of the weights, and the weights in the slot of the averages.
    is_swapped: bool,
    /// The memory of rules that need whole weights.
    memory: Memory,
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
        let options = optimizer.options();
        let mut state = OptimizerState {
            calls: 0,
            accumulation_steps: options.gradient_accumulation_steps.unwrap_or(1).max(1),
            learning_rate: options.learning_rate.at(0),
            slots: Vec::new(),
            slot_names: Vec::new(),
            average: None,
            accumulator: None,
            is_swapped: false,
            memory: Memory::default(),
        };
        for (number, name) in optimizer.slots().iter().enumerate() {
            state.add_slot(name, optimizer.initial_value(number), weights);
        }
        state.average = options.use_ema.then(|| state.add_slot(average::SLOT, 0.0, weights));
        let accumulates = options.gradient_accumulation_steps.is_some();
        state.accumulator = accumulates.then(|| state.add_slot(accumulation::SLOT, 0.0, weights));
        state
    }

    /// Changes the weights by one step along the gradients, which have the layout of [`Weights::trainable`].
    ///
    /// In Keras's order: gradients are divided by the loss scale and accumulated; their mean is clipped,
    /// weights decay, the optimizer's rule updates them, the averages follow, the step is counted.
    /// Whoever computes the gradients has multiplied the loss by the loss scale, and not while averages were swapped in.
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
        self.check(optimizer, weights, gradients);
        if self.is_swapped {
            self.swap_average(weights);
        }
        if self.calls == 0 {
            self.begin_as_weights(optimizer, weights);
        }
        let options = optimizer.options();
        if let Some(factor) = options.loss_scale_factor {
            accumulation::unscale(gradients, factor, team);
        }
        if self.accumulate(gradients, team) {
            options.clip(weights, gradients);
            self.update(optimizer, weights, gradients, team);
        }
        self.follow(options, weights, team);
        self.calls += 1;
    }

    /// How many updates were made: Keras's `iterations`.
    pub fn iterations(&self) -> u64 {
        self.calls / self.accumulation_steps
    }

    /// How many steps were made: as many as updates, unless gradients are accumulated.
    ///
    /// This is what schedules go by, as in Keras.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Continues counting steps from here: for a state that is restored.
    pub fn set_calls(&mut self, calls: u64) {
        self.calls = calls;
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self, optimizer: &dyn Optimizer) -> Float {
        match &optimizer.options().learning_rate {
            LearningRate::Constant(_) => self.learning_rate,
            schedule => schedule.at(self.calls),
        }
    }

    /// Changes the learning rate. If the optimizer has a schedule, this has no effect.
    pub fn set_learning_rate(&mut self, learning_rate: Float) {
        self.learning_rate = learning_rate;
    }

    /// The slots: those in the order of [`Optimizer::slots`], then those that options ask for.
    pub fn slots(&self) -> &[Buffer] {
        &self.slots
    }

    /// The slots, to be changed: for a state that is restored. Their lengths must stay.
    pub fn slots_mut(&mut self) -> &mut [Buffer] {
        &mut self.slots
    }

    /// The names of all slots, in their order.
    ///
    /// While averages and weights have changed places, the slot `average` is called `weights`: that is what it holds.
    pub fn slot_names(&self) -> &[&'static str] {
        &self.slot_names
    }

    /// Follows weights of which others are trained than before: those that were, and are, keep what is known of them.
    ///
    /// `before` and `after` are the same weights, before and after [`Weights::set_trainable`].
    /// For a weight that was frozen the slots begin anew, its average with the weight itself.
    pub fn rearrange(&mut self, optimizer: &dyn Optimizer, before: &Weights, after: &Weights) {
        let own = optimizer.slots().len();
        for (number, slot) in self.slots.iter_mut().enumerate() {
            let mut rearranged = Buffer::zeros(after.trainable().len());
            rearranged.fill(if number < own { optimizer.initial_value(number) } else { 0.0 });
            for (weight, spec) in after.iter().filter(|(_, spec)| spec.trainable) {
                let place = &mut rearranged[spec.range()];
                let previous = before.spec(weight);
                if previous.trainable {
                    place.copy_from_slice(&slot[previous.range()]);
                } else if self.average == Some(number) || number < own && optimizer.begins_as_weights(number)
                {
                    place.copy_from_slice(after.get(weight).data);
                }
            }
            *slot = rearranged;
        }
    }

    fn add_slot(&mut self, name: &'static str, initial_value: Float, weights: &Weights) -> usize {
        let mut slot = Buffer::zeros(weights.trainable().len());
        slot.fill(initial_value);
        self.slots.push(slot);
        self.slot_names.push(name);
        self.slots.len() - 1
    }

    /// Fills the slots that begin as copies of the weights, which a file may have brought since the state was made.
    fn begin_as_weights(&mut self, optimizer: &dyn Optimizer, weights: &Weights) {
        for number in (0..optimizer.slots().len()).filter(|&number| optimizer.begins_as_weights(number)) {
            self.slots[number].copy_from_slice(weights.trainable());
        }
    }

    fn check(&self, optimizer: &dyn Optimizer, weights: &Weights, gradients: &[Float]) {
        let len = weights.trainable().len();
        assert_eq!(gradients.len(), len, "there must be one gradient for each number of the weights");
        let extra = usize::from(self.average.is_some()) + usize::from(self.accumulator.is_some());
        assert_eq!(
            self.slots.len(),
            optimizer.slots().len() + extra,
            "the state must have been made for this optimizer"
        );
        assert!(
            self.slots.iter().all(|slot| slot.len() == len),
            "the state must have been made for these weights"
        );
    }

    /// Weights decay, then comes the rule.
    fn update(&mut self, optimizer: &dyn Optimizer, weights: &mut Weights, gradients: &[Float], team: &Team) {
        let learning_rate = self.learning_rate(optimizer);
        let step = UpdateStep { learning_rate, number: self.iterations() + 1 };
        let slots = &mut self.slots[..optimizer.slots().len()];
        let memory = &mut self.memory;
        let update = Update { optimizer, learning_rate, weights, gradients, slots, team, memory };
        optimizer.update(&step, update);
    }
}

#[cfg(test)]
mod tests {
    use olifant_core::Weight;

    use super::*;
    use crate::optimizers::{Adagrad, Adam, Sgd};

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

        // Each weight by itself is cut at other places.
        let alone = start.iter().map(|(_, spec)| {
            let mut weights = Weights::default();
            let weight = weights.add(&*spec.name, spec.shape, true);
            weights.get_mut(weight).copy_from_slice(&start.trainable()[spec.range()]);
            let mut own = vec![0.0; weights.trainable().len()];
            own[..spec.shape.size()].copy_from_slice(&gradients[spec.range()]);
            let mut state = OptimizerState::new(&adam, &weights);
            state.step(&adam, &mut weights, &mut own, &Team::default());
            (spec, weights.get(weight).data.to_vec(), state.slots()[2][..spec.shape.size()].to_vec())
        });
        let alone = Vec::from_iter(alone);

        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut cut = start.clone();
            let mut state = OptimizerState::new(&adam, &cut);
            pool.install(|| state.step(&adam, &mut cut, &mut gradients.clone(), &Team::default()));
            for (spec, weight, slot) in &alone {
                assert!(cut.trainable()[spec.range()] == weight[..], "{} on {threads} threads", spec.name);
                assert!(state.slots()[2][spec.range()] == slot[..], "{} on {threads} threads", spec.name);
            }
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
    fn weights_that_stay_trainable_keep_their_slots() {
        let adagrad = Adagrad::new(0.5).use_ema(true);
        let mut weights = weights(&[3, 3]);
        let [first, second] = ["weight_0", "weight_1"].map(|name| weights.find(name).unwrap());
        let mut state = OptimizerState::new(&adagrad, &weights);
        let mut gradients = vec![0.0; weights.trainable().len()];
        gradients.iter_mut().zip(1..).for_each(|(g, number)| *g = number as Float);
        state.step(&adagrad, &mut weights, &mut gradients, &Team::default());
        let slots = |state: &OptimizerState, weights: &Weights, weight| {
            let range = weights.spec(weight).range();
            [0, 1].map(|slot: usize| state.slots()[slot][range.clone()].to_vec())
        };
        let [accumulator, average] = slots(&state, &weights, second);

        let mut change = |trains: fn(Weight, Weight) -> bool| {
            let before = weights.clone();
            weights.set_trainable(|weight| trains(weight, first));
            state.rearrange(&adagrad, &before, &weights);
            (state.clone(), weights.clone())
        };
        let (state, weights) = change(|weight, first| weight != first);
        assert_eq!(slots(&state, &weights, second), [accumulator.clone(), average.clone()]);
        let (state, weights) = change(|_, _| true);
        assert_eq!(slots(&state, &weights, second), [accumulator, average]);
        assert_eq!(slots(&state, &weights, first), [vec![0.1; 3], weights.get(first).data.to_vec()]);
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
