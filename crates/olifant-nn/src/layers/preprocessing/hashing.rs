//! Ids of any size as few categories.

use std::sync::Arc;

use olifant_core::{Float, Operation, RandomKey, Shape, Var};
use serde::{Deserialize, Serialize};

use super::{OutputMode, numbering};
use crate::{BuildError, Layer, WeightBuilder};

/// Replaces numbers by one of `num_bins` categories, always the same for the same number, spread evenly.
///
/// The hash is that of [`RandomKey`]: with the number x, cut to a whole one, and the salt s,
/// `RandomKey::from_seed(s).derive(x as i64 as u64).value()` modulo the number of bins. It never changes between versions.
/// It is not Keras's, which hashes the decimal digits of a number as text; models of the two do not share ids.
///
/// # Shapes
///
/// Outputs have the shape of the inputs with [`OutputMode::Int`], the default; else as for
/// [`CategoryEncoding`](crate::layers::CategoryEncoding), with a category for each bin.
///
/// # Defaults
///
/// `salt` 0. `mask_value` none; if there is one, that number is category 0 and all others share the rest.
///
/// # Errors
///
/// When built: no bins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hashing {
    num_bins: usize,
    #[serde(default)]
    mask_value: Option<Float>,
    #[serde(default)]
    salt: u64,
    #[serde(default = "int")]
    output_mode: OutputMode,
    #[serde(skip)]
    operation: Option<Arc<dyn Operation>>,
}

fn int() -> OutputMode {
    OutputMode::Int
}

impl Hashing {
    /// The layer with so many categories.
    pub fn new(num_bins: usize) -> Hashing {
        Hashing { num_bins, mask_value: None, salt: 0, output_mode: int(), operation: None }
    }

    /// The number that category 0 is kept for.
    pub fn mask_value(mut self, mask_value: Float) -> Hashing {
        self.mask_value = Some(mask_value);
        self
    }

    /// Another salt spreads the numbers in another way.
    pub fn salt(mut self, salt: u64) -> Hashing {
        self.salt = salt;
        self
    }

    /// What comes out.
    pub fn output_mode(mut self, output_mode: OutputMode) -> Hashing {
        self.output_mode = output_mode;
        self
    }
}

#[typetag::serde(name = "hashing")]
impl Layer for Hashing {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        BuildError::check_option("num_bins", "at least 1", self.num_bins, self.num_bins > 0)?;
        let (key, mask_value) = (RandomKey::from_seed(self.salt), self.mask_value);
        // With a single bin there is nothing to keep for the mask, as in Keras.
        let first = u64::from(mask_value.is_some() && self.num_bins > 1);
        let bins = self.num_bins as u64 - first;
        let hash = move |x: Float| {
            if first == 1 && mask_value == Some(x) {
                0.0
            } else {
                (first + key.derive(x as i64 as u64).value() % bins) as Float
            }
        };
        self.operation = Some(numbering::Numbering::operation("Hashing", hash));
        self.output_mode.output_shape(input, self.num_bins)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.output_mode.encode(numbering::apply(self.operation.as_ref(), x), self.num_bins)
    }
}

#[cfg(test)]
mod tests {
    use olifant_core::{Mode, Tape, Weights, Workspace};

    use super::*;
    use crate::Sequential;

    fn hashes(layer: Hashing, x: &[Float]) -> Vec<Float> {
        let network = Sequential::new([x.len()]).add(layer).build(0).unwrap();
        let weights = Weights::default();
        let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
        let x = tape.input_with([1, x.len()], |slot| slot.copy_from_slice(x));
        network.call(x).with_value(|y| y.data.to_vec())
    }

    #[test]
    fn numbers_are_spread_evenly_and_always_alike() {
        let x: Vec<Float> = (-5000i16..5000).map(Float::from).collect();
        let y = hashes(Hashing::new(10), &x);
        for bin in 0..10u8 {
            let count = y.iter().filter(|&&y| y == Float::from(bin)).count();
            assert!((900..1100).contains(&count), "{count} in bin {bin}");
        }
        assert_eq!(y, hashes(Hashing::new(10), &x));
        assert_ne!(y, hashes(Hashing::new(10).salt(1), &x));
        // What is documented.
        let expected = RandomKey::from_seed(0).derive(-5000i64 as u64).value() % 10;
        assert_eq!(y[0], expected as Float);
    }

    #[test]
    fn the_mask_has_a_category_of_its_own() {
        let x: Vec<Float> = (0..1000u16).map(Float::from).collect();
        let y = hashes(Hashing::new(3).mask_value(7.0), &x);
        assert!(y.iter().enumerate().all(|(i, &y)| (y == 0.0) == (i == 7)));
        assert!(y.contains(&1.0) && y.contains(&2.0));
        assert_eq!(hashes(Hashing::new(1).mask_value(7.0), &[7.0, 8.0]), [0.0, 0.0]);
        let one_hot = hashes(Hashing::new(3).mask_value(7.0).output_mode(OutputMode::OneHot), &[7.0]);
        assert_eq!(one_hot, [1.0, 0.0, 0.0]);
    }
}
