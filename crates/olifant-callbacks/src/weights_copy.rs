//! A copy of all weights of a model.

use olifant_core::{Float, Weight, Weights};
use olifant_train::CallbackError;
use serde::{Deserialize, Serialize};

/// A copy of all weights of a model, whose memory is kept from one copy to the next.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct WeightsCopy {
    /// The weights in their order, wherever they lie: layers may be frozen in between.
    numbers: Vec<Float>,
}

impl WeightsCopy {
    /// Copies the weights.
    pub(crate) fn take(&mut self, weights: &Weights) {
        self.numbers.clear();
        for (weight, _) in weights.iter() {
            self.numbers.extend_from_slice(weights.get(weight).data);
        }
    }

    /// Puts the copy back.
    ///
    /// # Errors
    ///
    /// These are not the weights that were copied.
    pub(crate) fn put(&self, weights: &mut Weights) -> Result<(), CallbackError> {
        if self.numbers.len() != weights.trainable_parameters() + weights.state_parameters() {
            let reason =
                "the best weights cannot be restored: the model was replaced by another during training";
            return Err(CallbackError::new(reason));
        }
        let handles: Vec<Weight> = weights.iter().map(|(weight, _)| weight).collect();
        let mut rest = &self.numbers[..];
        for weight in handles {
            let place = weights.get_mut(weight);
            let (numbers, others) = rest.split_at(place.len());
            place.copy_from_slice(numbers);
            rest = others;
        }
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
    fn a_layer_may_be_frozen_in_between() {
        let (mut copy, mut target) = (WeightsCopy::default(), weights(2.0));
        let mean = target.find("mean").unwrap();
        target.get_mut(mean).fill(3.0);
        copy.take(&target);
        target.set_trainable(|weight| weight == mean);
        target.trainable_mut().fill(0.0);
        target.state_mut().fill(0.0);
        copy.put(&mut target).unwrap();
        assert_eq!((target.trainable()[0], target.state()[0]), (3.0, 2.0));
    }

    #[test]
    fn the_second_copy_allocates_nothing() {
        let mut copy = WeightsCopy::default();
        copy.take(&weights(1.0));
        let memory = copy.numbers.as_ptr();
        copy.take(&weights(2.0));
        assert_eq!(copy.numbers.as_ptr(), memory);
        assert_eq!(copy.numbers[0], 2.0);
    }

    #[test]
    fn other_weights_are_left_alone() {
        let mut copy = WeightsCopy::default();
        copy.take(&Weights::default());
        assert!(copy.put(&mut weights(1.0)).is_err());
    }
}
