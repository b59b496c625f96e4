//! The two ways to change weights: piece by piece, or one weight after the other.

use std::array;

use olifant_core::{Buffer, Float, Team, WeightSpec, Weights, Workspace, vectorised};

use super::{PIECE, decay};
use crate::{Optimizer, optimizer::MAX_SLOTS};

/// All weights, gradients and slots of one update: what [`Optimizer::update`] works on.
///
/// A rule that looks at each number by itself takes them [in pieces](Update::in_pieces), which is fastest.
/// One that looks at norms or shapes takes [each weight](Update::each_weight) as a whole.
/// In both the weights decay just before the rule sees them.
#[derive(Debug)]
pub struct Update<'a> {
    pub(super) optimizer: &'a dyn Optimizer,
    pub(super) learning_rate: Float,
    pub(super) weights: &'a mut Weights,
    pub(super) gradients: &'a [Float],
    /// Those of the optimizer's own.
    pub(super) slots: &'a mut [Buffer],
    pub(super) team: &'a Team,
    pub(super) memory: &'a mut Memory,
}

impl Update<'_> {
    /// Changes all weights, piece by piece.
    ///
    /// The rule is given weights, gradients and each slot: slices of the same piece of the flat buffers.
    /// Pieces are worked on in any order and on any thread: the rule must not depend on how the whole is cut.
    /// Between the weights lie gaps, where weight and gradient are 0: a gradient of 0 must leave a weight of 0 alone.
    /// The rule is compiled for the widest vectors of the processor if it is marked `#[inline(always)]`.
    ///
    /// # Panics
    ///
    /// The rule takes more or fewer slots than the optimizer [has](Optimizer::slots).
    #[track_caller]
    pub fn in_pieces<const SLOTS: usize>(
        self,
        rule: impl Fn(&mut [Float], &[Float], [&mut [Float]; SLOTS]) + Sync,
    ) {
        self.check::<SLOTS>();
        let Update { learning_rate, weights, gradients, team, .. } = self;
        let decay = decay::before_update(self.optimizer, learning_rate, weights, team);
        let mut slots = self.slots.iter_mut();
        let slots = array::from_fn(|_| slots.next().map(|slot| &mut **slot).unwrap_or_default());
        let [first, second, third, fourth]: [&mut [Float]; MAX_SLOTS] = slots;
        let slices = [weights.trainable_mut(), first, second, third, fourth];
        team.for_each_cut(slices, PIECE, &|range, [weights, mut slots @ ..]| {
            let gradients = &gradients[range];
            for (number, weights) in weights.chunks_mut(PIECE).enumerate() {
                let range = number * PIECE..number * PIECE + weights.len();
                if let Some(decay) = decay {
                    decay::shrink(weights, decay, learning_rate);
                }
                let mut slots = slots.iter_mut().map(|slot| &mut slot[range.clone()]);
                let slots = array::from_fn(|_| slots.next().unwrap_or_default());
                vectorised(
                    #[inline(always)]
                    || rule(weights, &gradients[range], slots),
                );
            }
        });
    }

    /// Changes one weight after the other. Weights without numbers are left out.
    ///
    /// The rule is given a weight and the slots, which are as long as the weight.
    /// The result must not depend on the number of threads: sums are taken in one order.
    ///
    /// # Panics
    ///
    /// The rule takes more or fewer slots than the optimizer [has](Optimizer::slots).
    #[track_caller]
    pub fn each_weight<const SLOTS: usize>(
        self,
        mut rule: impl FnMut(WeightUpdate<'_>, [&mut [Float]; SLOTS]),
    ) {
        self.check::<SLOTS>();
        let Update { optimizer, learning_rate, weights, gradients, slots, team, memory } = self;
        let workspace = memory.0.get_or_insert_with(|| Workspace::with_team(team.clone()));
        for (spec, weight) in weights.each_trainable_mut().filter(|(_, weight)| !weight.is_empty()) {
            if let Some(decay) = optimizer.weight_decay_of(spec) {
                decay::shrink_shared(weight, decay, learning_rate, team);
            }
            let mut slots = slots.iter_mut().map(|slot| &mut slot[spec.range()]);
            let slots = array::from_fn(|_| slots.next().unwrap_or_default());
            rule(WeightUpdate { spec, weight, gradient: &gradients[spec.range()], team, workspace }, slots);
        }
    }

    #[track_caller]
    fn check<const SLOTS: usize>(&self) {
        let names = self.optimizer.slots();
        assert_eq!(names.len(), SLOTS, "the optimizer's slots are {names:?}, but its rule takes {SLOTS}");
    }
}

/// A weight that is updated as a whole.
#[derive(Debug)]
pub struct WeightUpdate<'a> {
    /// Its name and its shape.
    pub spec: &'a WeightSpec,
    /// Its numbers, to be changed.
    pub weight: &'a mut [Float],
    /// The gradient of each.
    pub gradient: &'a [Float],
    /// The threads to share the work with.
    pub team: &'a Team,
    /// Memory for what the rule computes on a tape. It stays from step to step.
    pub workspace: &'a mut Workspace,
}

/// Memory that stays from step to step. It holds nothing between them, so a clone begins with none.
#[derive(Debug, Default)]
pub(super) struct Memory(Option<Workspace>);

impl Clone for Memory {
    fn clone(&self) -> Memory {
        Memory::default()
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::{OptimizerOptions, OptimizerState, UpdateStep};

    /// Takes from each weight the largest of its numbers, or 1 from each number, and counts in its slot.
    #[derive(Debug, Serialize, Deserialize)]
    struct Lowering {
        options: OptimizerOptions,
        slots: usize,
        is_in_pieces: bool,
    }

    #[typetag::serde(name = "tests/lowering")]
    impl Optimizer for Lowering {
        fn slots(&self) -> &'static [&'static str] {
            &["first", "second"][..self.slots]
        }

        fn update(&self, _: &UpdateStep, update: Update<'_>) {
            if self.is_in_pieces {
                return update.in_pieces(|weights, gradients, [count]| {
                    weights.iter_mut().zip(gradients).for_each(|(w, g)| *w -= g);
                    count.iter_mut().for_each(|count| *count += 1.0);
                });
            }
            update.each_weight(|update, [count]| {
                let largest = update.weight.iter().copied().fold(Float::NEG_INFINITY, Float::max);
                update.weight.iter_mut().for_each(|w| *w -= largest);
                count.fill(update.spec.shape.size() as Float);
            });
        }

        fn options(&self) -> &OptimizerOptions {
            &self.options
        }
    }

    /// Two weights, with a gradient of 1 each, after a step; and the slot of the second.
    fn step(slots: usize, is_in_pieces: bool) -> [Vec<Float>; 3] {
        let mut options = OptimizerOptions::new(0.5);
        options.weight_decay = Some(1.0);
        options.exclude_from_weight_decay = vec!["second".into()];
        let lowering = Lowering { options, slots, is_in_pieces };
        let mut weights = Weights::default();
        let [first, second] =
            [("first", 2), ("second", 1)].map(|(name, size)| weights.add(name, [size], true));
        weights.get_mut(first).copy_from_slice(&[4.0, 8.0]);
        weights.get_mut(second).fill(6.0);
        weights.add("empty", [0], true);
        let ranges = [first, second].map(|weight| weights.spec(weight).range());
        let mut gradients = vec![0.0; weights.trainable().len()];
        ranges.iter().for_each(|range| gradients[range.clone()].fill(1.0));
        let mut state = OptimizerState::new(&lowering, &weights);
        state.step(&lowering, &mut weights, &mut gradients, &Team::default());
        let [first, second] = ranges.each_ref().map(|range| weights.trainable()[range.clone()].to_vec());
        [first, second, state.slots()[0][ranges[1].clone()].to_vec()]
    }

    #[test]
    fn a_rule_sees_pieces_or_whole_weights_which_have_decayed() {
        assert_eq!(step(1, true), [vec![1.0, 3.0], vec![5.0], vec![1.0]]);
        assert_eq!(step(1, false), [vec![-2.0, 0.0], vec![0.0], vec![1.0]]);
    }

    #[test]
    #[should_panic(expected = r#"the optimizer's slots are ["first", "second"], but its rule takes 1"#)]
    fn pieces_have_as_many_slots_as_the_optimizer() {
        step(2, true);
    }

    #[test]
    #[should_panic(expected = r#"the optimizer's slots are ["first", "second"], but its rule takes 1"#)]
    fn whole_weights_have_as_many_slots_as_the_optimizer() {
        step(2, false);
    }
}
