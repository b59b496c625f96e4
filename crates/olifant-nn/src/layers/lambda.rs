//! A function as a layer.

use std::{fmt, sync::Arc};

use olifant_core::{Mode, Shape, Tape, Var, Weights, Workspace};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use crate::{BuildError, Layer, WeightBuilder, with_batch};

/// Applies a function without weights, for what takes one line.
///
/// A model with such a layer can be trained, and its weights be saved, but not the model itself:
/// a function cannot be written to a file. For that, write a type that implements [`Layer`].
///
/// # Shapes
///
/// The function is given `[batch, …]` and returns `[batch, …]`. It is called once when the model is built, to see its shape.
///
/// # Errors
///
/// When built: the function's result has another first axis than its argument.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Sequential, layers::Lambda};
///
/// let network = Sequential::new([4]).add(Lambda::new(|x| x.square().sum_keepdims(1))).build(0)?;
/// assert_eq!(network.output().axes(), [1]);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Lambda {
    function: Arc<dyn for<'t> Fn(Var<'t>) -> Var<'t> + Send + Sync>,
}

/// What saving or loading such a layer says.
const NOT_A_FILE: &str = "a Lambda cannot be written to a file: write a type that implements the trait Layer, or save the weights only";

/// How many samples the function is tried with: not 1, which other axes often are.
const SAMPLES: usize = 2;

impl Lambda {
    /// The layer that applies this function.
    pub fn new(function: impl for<'t> Fn(Var<'t>) -> Var<'t> + Send + Sync + 'static) -> Lambda {
        Lambda { function: Arc::new(function) }
    }
}

impl fmt::Debug for Lambda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lambda")
    }
}

impl Serialize for Lambda {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(ser::Error::custom(NOT_A_FILE))
    }
}

impl<'de> Deserialize<'de> for Lambda {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Lambda, D::Error> {
        Err(de::Error::custom(NOT_A_FILE))
    }
}

#[typetag::serde(name = "lambda")]
impl Layer for Lambda {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        let weights = Weights::default();
        let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
        let x = tape.input_with(input.with_batch(SAMPLES), |x| x.fill(0.0));
        let shape = (self.function)(x).shape();
        if shape.axes().first() == Some(&SAMPLES) {
            return Ok(shape.without_batch());
        }
        Err(BuildError::Other(format!(
            "the function must keep the batch axis in front, but makes {shape} of {SAMPLES} samples of {}",
            with_batch(input)
        )))
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        (self.function)(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sequential;

    #[test]
    fn a_function_is_applied_and_its_shape_is_seen() {
        let network =
            Sequential::new([3]).add(Lambda::new(|x| x.square().sum_keepdims(1) + 1.0)).build(0).unwrap();
        assert_eq!(network.output(), Shape::from([1]));
        let tape = Tape::record(Workspace::default(), network.weights(), Mode::Inference);
        let x = tape.input_with([1, 3], |x| x.copy_from_slice(&[1.0, 2.0, 3.0]));
        assert_eq!(network.call(x).item(), 15.0);
    }

    #[test]
    fn saving_says_what_to_do() {
        let network = Sequential::new([3]).add(Lambda::new(|x| x)).build(0).unwrap();
        let error = network.architecture().unwrap_err().to_string();
        assert!(error.contains(NOT_A_FILE), "{error}");
    }

    #[test]
    fn a_function_that_loses_the_batch_axis_is_refused() {
        let error = Sequential::new([3]).add(Lambda::new(|x| x.sum(0))).build(0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "layer 0 (lambda): the function must keep the batch axis in front, but makes [3] of 2 samples of [batch, 3]"
        );
    }
}
