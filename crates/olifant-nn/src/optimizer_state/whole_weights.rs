//! Updating one weight after the other, for rules that look at each as a whole.

use olifant_core::{Float, Team, Weights, Workspace};

use super::{OptimizerState, decay};
use crate::{Optimizer, UpdateStep, WeightUpdate, optimizer::MAX_SLOTS};

/// Memory that stays from step to step. It holds nothing between them, so a clone begins with none.
#[derive(Debug, Default)]
pub(super) struct Memory(Option<Workspace>);

impl Clone for Memory {
    fn clone(&self) -> Memory {
        Memory::default()
    }
}

impl OptimizerState {
    /// Each weight decays, then comes the rule.
    pub(super) fn update_whole_weights(
        &mut self,
        optimizer: &dyn Optimizer,
        step: &UpdateStep,
        weights: &mut Weights,
        gradients: &[Float],
        team: &Team,
    ) {
        let workspace = self.memory.0.get_or_insert_with(|| Workspace::with_team(team.clone()));
        let own = optimizer.slots().len();
        for (spec, weight) in weights.each_trainable_mut().filter(|(_, weight)| !weight.is_empty()) {
            if let Some(decay) = optimizer.weight_decay_of(spec) {
                decay::shrink_shared(weight, decay, step.learning_rate, team);
            }
            let mut slots = self.slots[..own].iter_mut().map(|slot| &mut slot[spec.range()]);
            let mut slots: [&mut [Float]; MAX_SLOTS] =
                std::array::from_fn(|_| slots.next().unwrap_or_default());
            let gradient = &gradients[spec.range()];
            let update = WeightUpdate { spec, weight, gradient, team, workspace };
            optimizer.update_weight(step, update, &mut slots[..own]);
        }
    }
}
