//! The first step of an optimizer, for tests.

use olifant_core::{Float, Team, Weights};

use crate::{Optimizer, OptimizerState};

/// The numbers of one weight, and of its slots, after one step.
pub(super) fn first_step<const N: usize>(
    optimizer: &dyn Optimizer,
    numbers: &[Float],
    gradient: &[Float],
) -> [Vec<Float>; N] {
    let mut weights = Weights::default();
    let weight = weights.add("w", [numbers.len()], true);
    weights.get_mut(weight).copy_from_slice(numbers);
    let range = weights.spec(weight).range();
    let mut gradients = vec![0.0; weights.trainable().len()];
    gradients[range.clone()].copy_from_slice(gradient);
    let mut state = OptimizerState::new(optimizer, &weights);
    state.step(optimizer, &mut weights, &mut gradients, &Team::default());
    let mut parts =
        [weights.get(weight).data].into_iter().chain(state.slots().iter().map(|slot| &slot[range.clone()]));
    std::array::from_fn(|_| parts.next().expect("a weight and as many slots as the test asks for").to_vec())
}
