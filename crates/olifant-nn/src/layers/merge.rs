//! Layers that merge several inputs element by element.

use olifant_core::{Float, Shape, Var, VarList};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Layer, WeightBuilder};

/// Writes a layer with `new` that combines its inputs element by element; `$merge` is given all of them with as many axes.
macro_rules! merge_layer {
    ($(#[$documentation:meta])* $Layer:ident, $name:literal, $inputs:expr, $merge:expr) => {
        $(#[$documentation])*
        ///
        /// # Shapes
        ///
        /// Inputs `[batch, …]` whose axes are equal, or 1: those are stretched.
        /// An input with fewer axes than others gets axes of size 1 behind the batch axis.
        ///
        /// # Errors
        ///
        /// When built: too few or too many inputs, or shapes that do not fit together.
        #[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
        pub struct $Layer {}

        impl $Layer {
            /// The layer; it has no options.
            pub fn new() -> $Layer {
                $Layer {}
            }
        }

        #[typetag::serde(name = $name)]
        impl Layer for $Layer {
            $crate::layer::one_input!();

            fn build_several(&mut self, inputs: &[Shape], _: &mut WeightBuilder<'_>) -> Result<Vec<Shape>, BuildError> {
                $inputs.check(inputs.len())?;
                Ok(vec![merged_shape(inputs)?])
            }

            fn call_several<'t>(&self, inputs: &VarList<'t>) -> VarList<'t> {
                let rank = inputs.iter().map(|x| x.shape().rank()).max().unwrap_or(0);
                let count = inputs.len();
                let mut inputs_of_a_rank = inputs.iter().map(|x| with_rank(x, rank));
                let merge: fn(&mut dyn Iterator<Item = Var<'t>>, usize) -> Option<Var<'t>> = $merge;
                let merged = merge(&mut inputs_of_a_rank, count).expect("the number of inputs was checked when built");
                inputs.tape().list_of(&[merged.with_mask(any_mask(inputs))])
            }
        }
    };
}

merge_layer! {
    /// y = a + b + …
    Add, "add", Count::AtLeastOne, |inputs, _| inputs.reduce(|a, b| a + b)
}
merge_layer! {
    /// y = a − b
    Subtract, "subtract", Count::Two, |inputs, _| inputs.reduce(|a, b| a - b)
}
merge_layer! {
    /// y = a · b · …
    Multiply, "multiply", Count::AtLeastOne, |inputs, _| inputs.reduce(|a, b| a * b)
}
merge_layer! {
    /// y = (a + b + …) / n
    Average, "average", Count::AtLeastOne,
    |inputs, count| inputs.reduce(|a, b| a + b).map(|sum| sum * (1.0 / count as Float))
}
merge_layer! {
    /// y = max(a, b, …)
    Maximum, "maximum", Count::AtLeastOne, |inputs, _| inputs.reduce(|a, b| a.maximum(b))
}
merge_layer! {
    /// y = min(a, b, …)
    Minimum, "minimum", Count::AtLeastOne, |inputs, _| inputs.reduce(|a, b| a.minimum(b))
}

/// How many inputs a layer has.
enum Count {
    AtLeastOne,
    Two,
}

impl Count {
    fn check(&self, given: usize) -> Result<(), BuildError> {
        let (is_right, expected) = match self {
            Count::AtLeastOne => (given >= 1, "at least one input"),
            Count::Two => (given == 2, "exactly 2 inputs"),
        };
        if is_right { Ok(()) } else { Err(BuildError::Inputs { expected: expected.into(), given }) }
    }
}

/// The shape that samples of all inputs are stretched to.
fn merged_shape(inputs: &[Shape]) -> Result<Shape, BuildError> {
    let mut shapes = inputs.iter().skip(1);
    Ok(shapes.try_fold(inputs[0], |merged, shape| merged.broadcast(shape))?)
}

/// The same numbers with axes of size 1 behind the batch axis.
fn with_rank(x: Var<'_>, rank: usize) -> Var<'_> {
    let shape = x.shape();
    if shape.rank() == rank {
        return x;
    }
    let mut axes = [1; olifant_core::MAX_RANK];
    axes[0] = shape[0];
    axes[rank - shape.rank() + 1..rank].copy_from_slice(&shape.axes()[1..]);
    let stretched = Shape::new(&axes[..rank]).expect("it has the rank and the size of shapes that exist");
    x.reshape(stretched)
}

/// As in Keras, a time step counts if it counts in any input; an input without a mask lets all count.
fn any_mask<'t>(inputs: &VarList<'t>) -> Option<Var<'t>> {
    let mut masks = inputs.iter().map(Var::mask);
    let first = masks.next()??;
    masks.try_fold(first, |any, mask| Some(any.maximum(mask?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CallOn, Functional, Input};

    #[test]
    fn wrong_numbers_of_inputs_and_wrong_shapes_are_refused() {
        let (a, b) = (Input::new([4]), Input::new([3]));
        let error = Functional::new([&a], &Subtract::new().on(&a)).build(0).unwrap_err();
        assert_eq!(error.to_string(), "layer 0 (subtract): expects exactly 2 inputs but was given 1");
        let error = Functional::new([&a, &b], &Add::new().on([&a, &b])).build(0).unwrap_err().to_string();
        assert!(
            error.starts_with("layer 0 (add): shapes [4] and [3] cannot be broadcast together"),
            "{error}"
        );
        let nothing: [&crate::Symbol; 0] = [];
        let error = Functional::new(nothing, &Add::new().on(nothing)).build(0).unwrap_err();
        assert_eq!(error.to_string(), "layer 0 (add): expects at least one input but was given 0");
    }
}
