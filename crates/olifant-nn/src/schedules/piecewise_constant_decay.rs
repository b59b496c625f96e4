//! A learning rate that is changed at given steps.

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{BuildError, Schedule, schedule::check_rate};

/// The `i`-th value, from the step after the `i`-th boundary to the next boundary.
///
/// A boundary itself still belongs to the piece before it, as in Keras.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Schedule, schedules::PiecewiseConstantDecay};
///
/// let schedule = PiecewiseConstantDecay::new([1000, 5000], [0.1, 0.01, 0.001]);
/// assert_eq!(schedule.learning_rate(1000), 0.1);
/// assert_eq!(schedule.learning_rate(1001), 0.01);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PiecewiseConstantDecay {
    boundaries: Vec<u64>,
    values: Vec<Float>,
}

impl PiecewiseConstantDecay {
    /// Growing boundaries, and one value more than boundaries.
    pub fn new(boundaries: impl Into<Vec<u64>>, values: impl Into<Vec<Float>>) -> PiecewiseConstantDecay {
        PiecewiseConstantDecay { boundaries: boundaries.into(), values: values.into() }
    }
}

#[typetag::serde(name = "piecewise_constant_decay")]
impl Schedule for PiecewiseConstantDecay {
    fn learning_rate(&self, step: u64) -> Float {
        let piece = self.boundaries.partition_point(|&boundary| boundary < step);
        // After `check` there is a value for each piece.
        self.values.get(piece).copied().unwrap_or_default()
    }

    fn check(&self) -> Result<(), BuildError> {
        let (expected, given) = (self.boundaries.len() + 1, self.values.len());
        if expected != given {
            let expected = format!("{expected} numbers, one more than boundaries");
            return Err(BuildError::option("values", expected, format!("{given} numbers")));
        }
        if !self.boundaries.is_sorted_by(|a, b| a < b) {
            let given = format!("{:?}", self.boundaries);
            return Err(BuildError::option("boundaries", "growing", given));
        }
        self.values.iter().try_for_each(|&value| check_rate("values", value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |boundaries: &[u64], values: &[Float]| {
            PiecewiseConstantDecay::new(boundaries, values).check().unwrap_err().to_string()
        };
        assert_eq!(
            message(&[1, 2], &[0.1, 0.2]),
            "values must be 3 numbers, one more than boundaries, but is 2 numbers"
        );
        assert_eq!(message(&[2, 2], &[0.1, 0.2, 0.3]), "boundaries must be growing, but is [2, 2]");
        assert_eq!(message(&[2], &[0.1, -0.2]), "values must be a number from 0, but is -0.2");
    }
}
