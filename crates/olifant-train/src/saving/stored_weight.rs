//! Weights as a file has them, and how they find their places in a model.

use std::{borrow::Cow, collections::HashMap, path::Path};

use olifant_core::{Weight, Weights};
use olifant_nn::OptimizerState;

use super::numbers::Numbers;
use crate::LoadError;

/// A weight in a file.
#[derive(Debug)]
pub(super) struct StoredWeight<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) shape: Vec<usize>,
    pub(super) numbers: Numbers<'a>,
    /// What the optimizer remembers of it, if the file has that.
    pub(super) slots: Vec<Numbers<'a>>,
}

/// Copies all weights by name, or none of them.
pub(super) fn restore(
    path: &Path,
    stored: &[StoredWeight<'_>],
    weights: &mut Weights,
) -> Result<(), LoadError> {
    let pairs = pair(path, stored, weights)?;
    for (weight, stored) in pairs {
        stored.numbers.copy_to(weights.get_mut(weight));
    }
    Ok(())
}

/// Copies what the optimizer remembers of each weight; the weights themselves have been compared.
pub(super) fn restore_slots(
    path: &Path,
    stored: &[StoredWeight<'_>],
    weights: &Weights,
    state: &mut OptimizerState,
) -> Result<(), LoadError> {
    for (weight, stored) in pair(path, stored, weights)? {
        let spec = weights.spec(weight);
        let expected = if spec.trainable { state.slots().len() } else { 0 };
        if stored.slots.len() != expected {
            let (name, given) = (&spec.name, stored.slots.len());
            let reason = format!("the optimizer keeps {expected} numbers for each of `{name}`, not {given}");
            return Err(LoadError::damaged(path, reason));
        }
        for (slot, numbers) in state.slots_mut().iter_mut().zip(&stored.slots) {
            numbers.copy_to(&mut slot[spec.range()]);
        }
    }
    Ok(())
}

/// Finds the stored weight for each weight of a model. Nothing may be left over on either side.
fn pair<'a, 'b>(
    path: &Path,
    stored: &'b [StoredWeight<'a>],
    weights: &Weights,
) -> Result<Vec<(Weight, &'b StoredWeight<'a>)>, LoadError> {
    let mut by_name: HashMap<&str, &StoredWeight<'_>> = HashMap::with_capacity(stored.len());
    for weight in stored {
        if by_name.insert(&weight.name, weight).is_some() {
            return Err(LoadError::damaged(path, format!("it holds `{}` twice", weight.name)));
        }
    }
    // In the order of the file, so that the first that differs is named.
    let left_over = || stored.iter().find(|stored| weights.find(&stored.name).is_none());
    let differ = |difference| Err(LoadError::WeightNames { path: path.to_owned(), difference });
    let mut pairs = Vec::with_capacity(stored.len());
    for (weight, spec) in weights.iter() {
        let Some(&found) = by_name.get(&*spec.name) else {
            let instead = match left_over() {
                Some(other) => format!("it has `{}` {:?}, which the model has not", other.name, other.shape),
                None => format!("it has only {} of the model's {}", stored.len(), weights.len()),
            };
            return differ(format!("the file has no `{}` {}; {instead}", spec.name, spec.shape));
        };
        if found.shape != spec.shape.axes() {
            return Err(LoadError::WeightShape {
                path: path.to_owned(),
                name: spec.name.clone(),
                expected: spec.shape.axes().to_vec(),
                given: found.shape.clone(),
            });
        }
        pairs.push((weight, found));
    }
    match left_over() {
        Some(other) => differ(format!("the file has `{}` {:?}, the model has not", other.name, other.shape)),
        None => Ok(pairs),
    }
}
