//! Numbers of categories as vectors.

use olifant_core::{Axes, Float, MAX_RANK, Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, with_batch};

/// How numbers of categories come out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputMode {
    /// As they are.
    Int,
    /// A vector for each, with a single 1.
    OneHot,
    /// A vector for each sample, with a 1 for each category that occurs along the last axis.
    #[default]
    MultiHot,
    /// A vector for each sample, with how often each category occurs along the last axis.
    Count,
}

impl OutputMode {
    /// The shape of the outputs for samples of numbers below `depth`.
    pub(super) fn output_shape(self, input: &Shape, depth: usize) -> Result<Shape, BuildError> {
        let axes = input.axes();
        let kept = match (self, axes) {
            (OutputMode::Int, _) => return Ok(*input),
            (OutputMode::OneHot, [before @ .., 1]) => before,
            (OutputMode::OneHot, _) => axes,
            (OutputMode::MultiHot | OutputMode::Count, [before @ .., _]) => before,
            (OutputMode::MultiHot | OutputMode::Count, []) => {
                let (expected, given) = ("[batch, numbers]".to_string(), with_batch(input));
                return Err(BuildError::InputShape { expected, given, remedy: "; or use one_hot" });
            }
        };
        let mut sizes = [depth; MAX_RANK + 1];
        sizes[..kept.len()].copy_from_slice(kept);
        Ok(Shape::new(&sizes[..=kept.len()])?)
    }

    /// Encodes whole numbers below `depth`; others leave no trace.
    pub(super) fn encode<'t>(self, numbers: Var<'t>, depth: usize) -> Var<'t> {
        if self == OutputMode::Int {
            return numbers;
        }
        let shape = numbers.shape();
        // Without an axis behind that of the batch, each sample is one number.
        let last = if shape.rank() > 1 { shape[shape.rank() - 1] } else { 1 };
        let rows = shape.size() / last.max(1);
        let categories = numbers.tape().input_with([depth], |slot| {
            slot.iter_mut().enumerate().for_each(|(category, slot)| *slot = category as Float);
        });
        let one_hot = numbers.reshape([rows, last, 1]).equal(categories);
        let encoded = match self {
            OutputMode::MultiHot => one_hot.max(Axes::from(1)),
            OutputMode::Count => one_hot.sum(Axes::from(1)),
            OutputMode::Int | OutputMode::OneHot => one_hot,
        };
        let sample = shape.without_batch();
        let output = self.output_shape(&sample, depth).expect("the shape was checked when built");
        encoded.reshape(output.with_batch(shape[0]))
    }
}
