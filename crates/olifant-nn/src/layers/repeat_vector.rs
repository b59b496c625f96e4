//! The same vector again and again.

use olifant_core::{Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Layer, WeightBuilder, with_batch};

/// Repeats each sample `n` times along a new axis, for example for each time step of a decoder.
///
/// # Shapes
///
/// Inputs `[batch, features]`, outputs `[batch, n, features]`.
///
/// # Errors
///
/// When built: `n` is 0, inputs of another rank.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RepeatVector {
    n: usize,
}

impl RepeatVector {
    /// How often each sample is repeated.
    pub fn new(n: usize) -> RepeatVector {
        RepeatVector { n }
    }
}

#[typetag::serde(name = "repeat_vector")]
impl Layer for RepeatVector {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        BuildError::check_option("n", "at least 1", self.n, self.n > 0)?;
        let &[features] = input.axes() else {
            let (expected, given) = ("[batch, features]".to_string(), with_batch(input));
            return Err(BuildError::InputShape { expected, given, remedy: "; flatten the samples first" });
        };
        Ok(Shape::new(&[self.n, features])?)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        let ones = x.tape().input_with([1, self.n, 1], |ones| ones.fill(1.0));
        x.reshape([x.shape()[0], 1, x.shape()[1]]) * ones
    }
}
