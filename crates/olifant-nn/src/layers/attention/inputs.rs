//! The inputs of attention: query, value, and perhaps a key.

use olifant_core::{Shape, Var, VarList};

use crate::{BuildError, with_batch};

/// The shapes of query, value and key; without a key, the value is its own.
pub(super) fn shapes(inputs: &[Shape]) -> Result<[Shape; 3], BuildError> {
    let [query, value, key] = match *inputs {
        [query, value] => [query, value, value],
        [query, value, key] => [query, value, key],
        _ => {
            let expected = "[query, value] or [query, value, key]".to_string();
            return Err(BuildError::Inputs { expected, given: inputs.len() });
        }
    };
    for shape in [query, value, key] {
        if shape.rank() != 2 || shape[1] == 0 {
            let (expected, given) = ("[batch, time, features]".to_string(), with_batch(&shape));
            return Err(BuildError::InputShape { expected, given, remedy: "" });
        }
    }
    if value[0] != key[0] {
        return Err(BuildError::Other(format!(
            "expects a key for each value, but was given values {} and keys {}",
            with_batch(&value),
            with_batch(&key)
        )));
    }
    Ok([query, value, key])
}

/// As [`shapes`], for layers that compare query and key feature by feature.
pub(super) fn comparable_shapes(inputs: &[Shape]) -> Result<[Shape; 3], BuildError> {
    let [query, value, key] = shapes(inputs)?;
    if query[1] != key[1] {
        return Err(BuildError::Other(format!(
            "expects queries and keys with as many features, but was given queries {} and keys {}",
            with_batch(&query),
            with_batch(&key)
        )));
    }
    Ok([query, value, key])
}

/// Query, value and key, as the first `count` inputs give them; a single one is all three.
pub(super) fn values<'t>(inputs: &VarList<'t>, count: usize) -> [Var<'t>; 3] {
    [0, 1, 2].map(|number| inputs.get(number.min(count - 1)))
}
