//! Several gradients for one update.

use olifant_core::{Float, Team, vectorised};

use super::{OptimizerState, PIECE};

/// The slot's name, as Keras calls it.
pub(super) const SLOT: &str = "gradient_accumulator";

impl OptimizerState {
    /// Whether the gradients are to be used now. Then they are the mean of all since the last update.
    pub(super) fn accumulate(&mut self, gradients: &mut [Float], team: &Team) -> bool {
        let Some(slot) = self.accumulator else { return true };
        let steps = self.accumulation_steps;
        let is_complete = (self.calls + 1).is_multiple_of(steps);
        team.for_each_cut([gradients, &mut self.slots[slot]], PIECE, &|_, [gradients, sums]| {
            vectorised(
                #[inline(always)]
                || {
                    if is_complete {
                        take_mean(gradients, sums, steps as Float)
                    } else {
                        add(gradients, sums)
                    }
                },
            );
        });
        is_complete
    }
}

/// Divides the gradients by the factor that the loss was multiplied by.
pub(super) fn unscale(gradients: &mut [Float], factor: Float, team: &Team) {
    team.for_each_rows(gradients, 1, 1, &|_, gradients: &mut [Float]| {
        vectorised(
            #[inline(always)]
            || gradients.iter_mut().for_each(|g| *g /= factor),
        );
    });
}

#[inline(always)]
fn add(gradients: &[Float], sums: &mut [Float]) {
    sums.iter_mut().zip(gradients).for_each(|(sum, g)| *sum += g);
}

#[inline(always)]
fn take_mean(gradients: &mut [Float], sums: &mut [Float], steps: Float) {
    for (g, sum) in gradients.iter_mut().zip(sums) {
        *g = (*g + *sum) / steps;
        *sum = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use olifant_core::Weights;

    use super::*;
    use crate::optimizers::Sgd;

    #[test]
    fn only_every_so_many_steps_the_weights_move() {
        let sgd = Sgd::new(1.0).gradient_accumulation_steps(3).weight_decay(0.5);
        let mut weights = Weights::default();
        let w = weights.add("w", [1], true);
        weights.get_mut(w)[0] = 8.0;
        let mut state = OptimizerState::new(&sgd, &weights);
        assert_eq!(state.slot_names(), ["gradient_accumulator"]);
        let mut after = Vec::new();
        for gradient in [1.0, 2.0, 6.0, 0.0, 0.0, 3.0, 5.0] {
            let mut gradients = vec![0.0; weights.trainable().len()];
            gradients[0] = gradient;
            state.step(&sgd, &mut weights, &mut gradients, &Team::default());
            after.push((weights.get(w).data[0], state.iterations(), state.slots()[0][0]));
        }
        // 8 decays to 4, minus the mean 3; 1 decays to 0.5, minus the mean 1.
        let expected = [
            (8.0, 0, 1.0),
            (8.0, 0, 3.0),
            (1.0, 1, 0.0),
            (1.0, 1, 0.0),
            (1.0, 1, 0.0),
            (-0.5, 2, 0.0),
            (-0.5, 2, 5.0),
        ];
        assert_eq!(after, expected);
        assert_eq!(state.calls(), 7);
    }

    #[test]
    fn gradients_are_divided_by_the_loss_scale() {
        let sgd = Sgd::new(1.0).loss_scale_factor(4.0).clipvalue(2.0);
        let mut weights = Weights::default();
        weights.add("w", [2], true);
        let mut state = OptimizerState::new(&sgd, &weights);
        let mut gradients = vec![0.0; weights.trainable().len()];
        gradients[..2].copy_from_slice(&[-6.0, 20.0]);
        state.step(&sgd, &mut weights, &mut gradients, &Team::default());
        assert_eq!(weights.trainable()[..2], [1.5, -2.0], "and only then clipped");
    }
}
