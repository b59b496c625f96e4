//! Weights that shrink a little before each update.

use olifant_core::{Float, Team, Weights, vectorised};

use crate::Optimizer;

/// Shrinks the weights one by one if they decay differently, and else leaves it to the update, which passes over all.
///
/// Returns the decay that is left to the update.
pub(super) fn before_update(
    optimizer: &dyn Optimizer,
    learning_rate: Float,
    weights: &mut Weights,
    team: &Team,
) -> Option<Float> {
    let decays = || {
        let trained = weights.iter().filter(|(_, spec)| spec.trainable);
        trained.map(|(_, spec)| optimizer.weight_decay_of(spec))
    };
    let common = decays().next()?;
    if decays().all(|decay| decay == common) {
        return common;
    }
    for (spec, numbers) in weights.each_trainable_mut() {
        if let Some(decay) = optimizer.weight_decay_of(spec) {
            shrink_shared(numbers, decay, learning_rate, team);
        }
    }
    None
}

/// The same as [`shrink`], shared among threads.
pub(super) fn shrink_shared(weights: &mut [Float], decay: Float, learning_rate: Float, team: &Team) {
    team.for_each_rows(weights, 1, 1, &|_, weights: &mut [Float]| shrink(weights, decay, learning_rate));
}

/// w ← w − w · decay · learning_rate
pub(super) fn shrink(weights: &mut [Float], decay: Float, learning_rate: Float) {
    vectorised(
        #[inline(always)]
        || weights.iter_mut().for_each(|w| *w -= *w * decay * learning_rate),
    );
}

#[cfg(test)]
mod tests {
    use olifant_core::WeightSpec;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::{OptimizerOptions, OptimizerState, Update, UpdateStep, optimizers::Sgd};

    /// Lets kernels decay, those of the head half as much, and does nothing else.
    #[derive(Debug, Serialize, Deserialize)]
    struct Decaying {
        options: OptimizerOptions,
    }

    #[typetag::serde(name = "tests/decaying")]
    impl Optimizer for Decaying {
        fn update(&self, _: &UpdateStep, update: Update<'_>) {
            update.in_pieces(|_, _, []| {});
        }

        fn weight_decay_of(&self, spec: &WeightSpec) -> Option<Float> {
            let decay = if spec.name.starts_with("head/") { 0.25 } else { 0.5 };
            spec.name.ends_with("/kernel").then_some(decay)
        }

        fn options(&self) -> &OptimizerOptions {
            &self.options
        }
    }

    /// The first number of three weights that were 8, after a step without gradients.
    fn decayed(optimizer: &dyn Optimizer) -> Vec<Float> {
        let mut weights = Weights::default();
        for name in ["dense/kernel", "dense/bias", "head/kernel"] {
            let weight = weights.add(name, [2], true);
            weights.get_mut(weight).fill(8.0);
        }
        let mut gradients = vec![0.0; weights.trainable().len()];
        let mut state = OptimizerState::new(optimizer, &weights);
        state.step(optimizer, &mut weights, &mut gradients, &Team::default());
        Vec::from_iter(weights.iter().map(|(weight, _)| weights.get(weight).data[0]))
    }

    #[test]
    fn excluded_weights_do_not_decay() {
        let sgd = || Sgd::new(0.5).weight_decay(0.5);
        assert_eq!(decayed(&sgd()), [6.0, 6.0, 6.0]);
        assert_eq!(decayed(&sgd().exclude_from_weight_decay(["bias"])), [6.0, 8.0, 6.0]);
        assert_eq!(decayed(&sgd().exclude_from_weight_decay(["dense/", "bias"])), [8.0, 8.0, 6.0]);
        assert_eq!(decayed(&Sgd::new(0.5).exclude_from_weight_decay(["bias"])), [8.0; 3]);
    }

    #[test]
    fn an_optimizer_may_say_how_much_each_weight_decays() {
        assert_eq!(decayed(&Decaying { options: OptimizerOptions::new(0.5) }), [6.0, 8.0, 7.0]);
    }
}
