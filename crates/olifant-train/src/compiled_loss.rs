//! The loss of a model, and how much it counts.

use olifant_core::Float;
use olifant_nn::{BuildError, Loss};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;

/// The loss of a model, and how much it counts.
///
/// In files it is the loss alone, or if it does not count 1, a list of it and one of its weight.
#[derive(Debug)]
pub(crate) struct CompiledLoss {
    pub(crate) loss: Box<dyn Loss>,
    pub(crate) weight: Float,
}

impl CompiledLoss {
    /// A loss that counts 1.
    pub(crate) fn new(loss: impl Loss) -> CompiledLoss {
        CompiledLoss { loss: Box::new(loss), weight: 1.0 }
    }

    /// The same with another weight, of which there must be one.
    pub(crate) fn with_weights(self, weights: &[Float]) -> Result<CompiledLoss, BuildError> {
        let &[weight] = weights else {
            let expected = "one number for each output, of which this model has 1";
            return Err(BuildError::option("loss_weights", expected, format!("{} numbers", weights.len())));
        };
        if !weight.is_finite() {
            return Err(BuildError::option("loss_weights", "finite", weight));
        }
        Ok(CompiledLoss { weight, ..self })
    }
}

/// What is written if the loss does not count 1.
#[derive(Serialize)]
struct Lists<'a> {
    losses: [&'a dyn Loss; 1],
    loss_weights: [Float; 1],
}

impl Serialize for CompiledLoss {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.weight == 1.0 {
            return self.loss.serialize(serializer);
        }
        Lists { losses: [&*self.loss], loss_weights: [self.weight] }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CompiledLoss {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<CompiledLoss, D::Error> {
        #[derive(Deserialize)]
        struct Lists {
            losses: (Box<dyn Loss>,),
            loss_weights: [Float; 1],
        }
        let json = Value::deserialize(deserializer)?;
        // A loss says by `loss` which one it is.
        if json.get("losses").is_some() && json.get("loss").is_none() {
            let lists: Lists = serde_json::from_value(json).map_err(D::Error::custom)?;
            return Ok(CompiledLoss { loss: lists.losses.0, weight: lists.loss_weights[0] });
        }
        let loss = serde_json::from_value(json).map_err(D::Error::custom)?;
        Ok(CompiledLoss { loss, weight: 1.0 })
    }
}

#[cfg(test)]
mod tests {
    use olifant_nn::losses::Huber;

    use super::*;

    #[test]
    fn a_weight_makes_lists_in_files() {
        let words = |loss: &CompiledLoss| serde_json::to_string(loss).unwrap();
        let loss = || CompiledLoss::new(Huber::new().delta(0.3));
        let alone = words(&loss());
        assert_eq!(alone, serde_json::to_string(&*loss().loss).unwrap());
        let weighted = words(&loss().with_weights(&[0.1]).unwrap());
        assert_eq!(weighted, format!(r#"{{"losses":[{alone}],"loss_weights":[0.1]}}"#));
        for json in [alone, weighted] {
            assert_eq!(words(&serde_json::from_str(&json).unwrap()), json);
        }
    }

    #[test]
    fn a_loss_that_nobody_knows_is_named() {
        for json in [r#"{"loss":"my/loss"}"#, r#"{"losses":[{"loss":"my/loss"}],"loss_weights":[2.0]}"#] {
            let error = serde_json::from_str::<CompiledLoss>(json).unwrap_err().to_string();
            assert!(error.contains("unknown variant `my/loss`"), "{error}");
        }
    }

    #[test]
    fn there_is_one_finite_weight() {
        let error = |weights: &[Float]| {
            CompiledLoss::new(Huber::new()).with_weights(weights).unwrap_err().to_string()
        };
        let expected = "loss_weights must be one number for each output, of which this model has 1, but is";
        assert_eq!(error(&[1.0, 2.0]), format!("{expected} 2 numbers"));
        assert_eq!(error(&[]), format!("{expected} 0 numbers"));
        assert_eq!(error(&[Float::NAN]), "loss_weights must be finite, but is NaN");
    }
}
