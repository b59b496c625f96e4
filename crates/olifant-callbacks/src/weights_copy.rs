//! A copy of all weights of a model.

use olifant_core::{Float, Weights};
use olifant_train::CallbackError;
use serde::{Deserialize, Serialize};

/// A copy of all weights of a model, whose memory is kept from one copy to the next.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct WeightsCopy {
    trainable: Vec<Float>,
    state: Vec<Float>,
}

impl WeightsCopy {
    /// Copies the weights.
    pub(crate) fn take(&mut self, weights: &Weights) {
        for (copy, original) in
            [(&mut self.trainable, weights.trainable()), (&mut self.state, weights.state())]
        {
            copy.clear();
            copy.extend_from_slice(original);
        }
    }

    /// Puts the copy back.
    ///
    /// # Errors
    ///
    /// These are not the weights that were copied.
    pub(crate) fn put(&self, weights: &mut Weights) -> Result<(), CallbackError> {
        if (self.trainable.len(), self.state.len()) != (weights.trainable().len(), weights.state().len()) {
            let reason =
                "the best weights cannot be restored: the model was replaced by another during training";
            return Err(CallbackError::new(reason));
        }
        weights.trainable_mut().copy_from_slice(&self.trainable);
        weights.state_mut().copy_from_slice(&self.state);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(value: Float) -> Weights {
        let mut weights = Weights::default();
        for (name, trainable) in [("kernel", true), ("mean", false)] {
            let weight = weights.add(name, [3], trainable);
            weights.get_mut(weight).fill(value);
        }
        weights
    }

    #[test]
    fn a_copy_has_trained_and_other_weights() {
        let (mut copy, mut target) = (WeightsCopy::default(), weights(2.0));
        copy.take(&weights(1.0));
        copy.put(&mut target).unwrap();
        assert_eq!((&target.trainable()[..3], &target.state()[..3]), (&[1.0; 3][..], &[1.0; 3][..]));
    }

    #[test]
    fn the_second_copy_allocates_nothing() {
        let mut copy = WeightsCopy::default();
        copy.take(&weights(1.0));
        let memory = copy.trainable.as_ptr();
        copy.take(&weights(2.0));
        assert_eq!(copy.trainable.as_ptr(), memory);
        assert_eq!(copy.trainable[0], 2.0);
    }

    #[test]
    fn other_weights_are_left_alone() {
        let mut copy = WeightsCopy::default();
        copy.take(&Weights::default());
        assert!(copy.put(&mut weights(1.0)).is_err());
    }
}
