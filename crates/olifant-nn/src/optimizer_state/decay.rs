//! Weights that shrink a little before each update.

use olifant_core::{Float, Team, Weights, vectorised};

use crate::OptimizerOptions;

/// Shrinks the weights one by one if some are excluded, and else leaves it to the update, which passes over all.
///
/// Returns the decay that is left to the update.
pub(super) fn before_update(
    options: &OptimizerOptions,
    learning_rate: Float,
    weights: &mut Weights,
    team: &Team,
) -> Option<Float> {
    let decay = options.weight_decay?;
    if options.exclude_from_weight_decay.is_empty() {
        return Some(decay);
    }
    for (spec, numbers) in weights.each_trainable_mut() {
        if options.decays(&spec.name) {
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
    use super::*;
    use crate::{OptimizerState, optimizers::Sgd};

    #[test]
    fn excluded_weights_do_not_decay() {
        let decayed = |sgd: Sgd| {
            let mut weights = Weights::default();
            for name in ["dense/kernel", "dense/bias", "head/kernel"] {
                let weight = weights.add(name, [2], true);
                weights.get_mut(weight).fill(8.0);
            }
            let mut gradients = vec![0.0; weights.trainable().len()];
            let mut state = OptimizerState::new(&sgd, &weights);
            state.step(&sgd, &mut weights, &mut gradients, &Team::default());
            Vec::from_iter(weights.iter().map(|(weight, _)| weights.get(weight).data[0]))
        };
        let sgd = || Sgd::new(0.5).weight_decay(0.5);
        assert_eq!(decayed(sgd()), [6.0, 6.0, 6.0]);
        assert_eq!(decayed(sgd().exclude_from_weight_decay(["bias"])), [6.0, 8.0, 6.0]);
        assert_eq!(decayed(sgd().exclude_from_weight_decay(["dense/", "bias"])), [8.0, 8.0, 6.0]);
        assert_eq!(decayed(Sgd::new(0.5).exclude_from_weight_decay(["bias"])), [8.0; 3]);
    }
}
