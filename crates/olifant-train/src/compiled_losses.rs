//! The losses of a model, and how much each of them counts.

use olifant_core::Float;
use olifant_nn::{BuildError, Loss, Network};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;

/// The losses of a model, one for each output or one for all, and how much that of each output counts.
///
/// In files it is the only loss alone if it counts 1, else a list of losses and one of weights.
#[derive(Debug)]
pub(crate) struct CompiledLosses {
    losses: Vec<Box<dyn Loss>>,
    /// One for each output; none if all count 1.
    weights: Vec<Float>,
}

impl CompiledLosses {
    /// Losses that count 1.
    pub(crate) fn new(losses: Vec<Box<dyn Loss>>) -> CompiledLosses {
        CompiledLosses { losses, weights: Vec::new() }
    }

    /// The same with other weights, of which there must be one for each output.
    pub(crate) fn with_weights(
        self,
        weights: &[Float],
        network: &Network,
    ) -> Result<CompiledLosses, BuildError> {
        let outputs = network.outputs().len();
        if weights.len() != outputs {
            let expected = format!("one number for each output, of which this model has {outputs}");
            return Err(BuildError::option("loss_weights", expected, format!("{} numbers", weights.len())));
        }
        if let Some(weight) = weights.iter().find(|weight| !weight.is_finite()) {
            return Err(BuildError::option("loss_weights", "finite", weight));
        }
        let counts = weights.iter().any(|&weight| weight != 1.0);
        Ok(CompiledLosses { weights: if counts { weights.to_vec() } else { Vec::new() }, ..self })
    }

    /// Whether there is one for each output or one for all, and all options are in their ranges.
    pub(crate) fn check(&self, network: &Network) -> Result<(), BuildError> {
        let outputs = network.outputs();
        if self.losses.len() != 1 && self.losses.len() != outputs.len() {
            let names: Vec<&str> = outputs.map(|(name, _)| name).collect();
            let expected = match names.len() {
                1 => "one loss".to_owned(),
                count => format!("one loss for all outputs, or {count} ({})", names.join(", ")),
            };
            return Err(BuildError::option("loss", expected, format!("a list of {}", self.losses.len())));
        }
        self.losses.iter().try_for_each(|loss| loss.check_options())
    }

    /// The loss of an output.
    pub(crate) fn of_output(&self, output: usize) -> &dyn Loss {
        &*self.losses[if self.losses.len() == 1 { 0 } else { output }]
    }

    /// All losses, in the order of the outputs, or the one that serves them all.
    pub(crate) fn all(&self) -> &[Box<dyn Loss>] {
        &self.losses
    }

    /// How much the loss of an output counts.
    pub(crate) fn weight(&self, output: usize) -> Float {
        self.weights.get(output).copied().unwrap_or(1.0)
    }

    /// How much each loss counts, unless all count 1.
    pub(crate) fn weights(&self) -> Option<&[Float]> {
        (!self.weights.is_empty()).then_some(&self.weights)
    }
}

/// What the losses are called in the logs: `loss`, and if there are several outputs that of each, `<output>_loss`.
pub(crate) fn loss_names(network: &Network) -> Vec<String> {
    let outputs = network.outputs();
    let is_alone = outputs.len() == 1;
    let of_outputs = outputs.filter(|_| !is_alone).map(|(output, _)| format!("{output}_loss"));
    std::iter::once("loss".to_owned()).chain(of_outputs).collect()
}

/// What is written if there are several losses, or weights.
#[derive(Serialize)]
struct Lists<'a> {
    losses: &'a [Box<dyn Loss>],
    loss_weights: &'a [Float],
}

impl Serialize for CompiledLosses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (&self.losses[..], &self.weights[..]) {
            ([loss], []) => loss.serialize(serializer),
            (losses, loss_weights) => Lists { losses, loss_weights }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for CompiledLosses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<CompiledLosses, D::Error> {
        #[derive(Deserialize)]
        struct Lists {
            losses: Vec<Box<dyn Loss>>,
            loss_weights: Vec<Float>,
        }
        let json = Value::deserialize(deserializer)?;
        // A loss says by `loss` which one it is.
        if json.get("losses").is_some() && json.get("loss").is_none() {
            let lists: Lists = serde_json::from_value(json).map_err(D::Error::custom)?;
            return Ok(CompiledLosses { losses: lists.losses, weights: lists.loss_weights });
        }
        let loss = serde_json::from_value(json).map_err(D::Error::custom)?;
        Ok(CompiledLosses::new(vec![loss]))
    }
}

#[cfg(test)]
mod tests {
    use olifant_nn::{CallOn, Functional, Input, IntoLosses, Sequential, layers::Dense, losses::Huber};

    use super::*;

    fn huber() -> CompiledLosses {
        CompiledLosses::new(Huber::new().delta(0.3).into_losses())
    }

    fn one_output() -> Network {
        Sequential::new([1]).add(Dense::new(1)).build(0).unwrap()
    }

    fn two_outputs() -> Network {
        let x = Input::new([1]);
        Functional::new(&x, [&Dense::new(1).on(&x), &Dense::new(2).on(&x)]).build(0).unwrap()
    }

    #[test]
    fn several_losses_and_weights_make_lists_in_files() {
        let words = |losses: &CompiledLosses| serde_json::to_string(losses).unwrap();
        let alone = words(&huber());
        assert_eq!(alone, serde_json::to_string(huber().of_output(0)).unwrap());
        let weighted = words(&huber().with_weights(&[0.1], &one_output()).unwrap());
        assert_eq!(weighted, format!(r#"{{"losses":[{alone}],"loss_weights":[0.1]}}"#));
        let two =
            words(&CompiledLosses::new([Huber::new().delta(0.3), Huber::new().delta(0.3)].into_losses()));
        assert_eq!(two, format!(r#"{{"losses":[{alone},{alone}],"loss_weights":[]}}"#));
        for json in [alone, weighted, two] {
            assert_eq!(words(&serde_json::from_str(&json).unwrap()), json);
        }
    }

    #[test]
    fn a_loss_that_nobody_knows_is_named() {
        for json in [r#"{"loss":"my/loss"}"#, r#"{"losses":[{"loss":"my/loss"}],"loss_weights":[2.0]}"#] {
            let error = serde_json::from_str::<CompiledLosses>(json).unwrap_err().to_string();
            assert!(error.contains("unknown variant `my/loss`"), "{error}");
        }
    }

    #[test]
    fn there_is_one_finite_weight_for_each_output() {
        let error = |weights: &[Float]| huber().with_weights(weights, &one_output()).unwrap_err().to_string();
        let expected = "loss_weights must be one number for each output, of which this model has 1, but is";
        assert_eq!(error(&[1.0, 2.0]), format!("{expected} 2 numbers"));
        assert_eq!(error(&[]), format!("{expected} 0 numbers"));
        assert_eq!(error(&[Float::NAN]), "loss_weights must be finite, but is NaN");
        let weighted = huber().with_weights(&[1.0, 2.0], &two_outputs()).unwrap();
        assert_eq!((weighted.weight(0), weighted.weight(1)), (1.0, 2.0));
    }

    #[test]
    fn there_is_one_loss_for_each_output_or_one_for_all() {
        let three = || CompiledLosses::new([Huber::new(), Huber::new(), Huber::new()].into_losses());
        let error = |network: &Network| three().check(network).unwrap_err().to_string();
        assert_eq!(error(&one_output()), "loss must be one loss, but is a list of 3");
        assert_eq!(
            error(&two_outputs()),
            "loss must be one loss for all outputs, or 2 (dense, dense_1), but is a list of 3"
        );
        assert!(huber().check(&two_outputs()).is_ok());
    }
}
