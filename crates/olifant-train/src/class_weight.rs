//! How much each class counts in training.

use std::collections::HashMap;

use olifant_core::{Shape, Tensor};

use crate::{Arrays, FitError};

/// Whether weights of classes are in their range, and not given beside weights of samples.
pub(crate) fn check_class_weight(
    class_weight: &HashMap<usize, f32>,
    sample_weight: Option<&Arrays<'_>>,
) -> Result<(), FitError> {
    if let Some(weight) = class_weight.values().find(|weight| !(weight.is_finite() && **weight >= 0.0)) {
        return Err(FitError::option("class_weight", "a finite number from 0 for each class", weight));
    }
    if !class_weight.is_empty() && sample_weight.is_some() {
        return Err(FitError::option("class_weight", "unset when sample_weight is given", "set"));
    }
    Ok(())
}

/// The weight of each label's class: of each sample, or of each of its time steps.
///
/// A label is the number itself, or if `y` holds scores the place of the largest along its last axis.
pub(crate) fn weigh_classes(
    y: &Tensor,
    holds_scores: bool,
    class_weight: &HashMap<usize, f32>,
    weights: &mut Tensor,
) {
    let shape = y.shape();
    let (labels, classes) = match shape.axes() {
        [labels @ .., classes] if holds_scores => (Shape::new(labels).unwrap_or(shape), *classes),
        _ => (shape, 1),
    };
    weights.resize(labels);
    for (weight, row) in weights.data_mut().iter_mut().zip(y.data().chunks_exact(classes.max(1))) {
        let class = match row {
            // A label of −1, as some losses have, is no class that could be named.
            [number] => (number.round() >= 0.0).then(|| number.round() as usize),
            one_hot => (0..one_hot.len())
                .reduce(|best, class| if one_hot[class] > one_hot[best] { class } else { best }),
        };
        *weight = class.and_then(|class| class_weight.get(&class)).copied().unwrap_or(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The weights if class 0 counts 2 and class 2 counts 3, and their shape.
    fn weights(y: &[f32], shape: impl Into<Shape>, holds_scores: bool) -> (Vec<f32>, Shape) {
        let (mut targets, mut weights) = (Tensor::default(), Tensor::default());
        targets.resize(shape.into());
        targets.data_mut().copy_from_slice(y);
        weigh_classes(&targets, holds_scores, &HashMap::from([(0, 2.0), (2, 3.0)]), &mut weights);
        (weights.data().to_vec(), weights.shape())
    }

    #[test]
    fn a_class_is_a_number_or_the_largest_of_a_row() {
        assert_eq!(weights(&[0.0, 1.0, 2.0], [3], false), (vec![2.0, 1.0, 3.0], Shape::from([3])));
        assert_eq!(weights(&[0.0, 2.0], [2, 1], false), (vec![2.0, 3.0], Shape::from([2, 1])));
        let scores = [0.1, 0.2, 0.7, 0.5, 0.5, 0.0];
        assert_eq!(weights(&scores, [2, 3], true), (vec![3.0, 2.0], Shape::from([2])));
    }

    #[test]
    fn each_time_step_has_a_class() {
        let (labels, shape) = weights(&[0.0, 1.0, 2.0, 2.0], [2, 2], false);
        assert_eq!((labels, shape), (vec![2.0, 1.0, 3.0, 3.0], Shape::from([2, 2])));
        let scores = [0.9, 0.1, 0.0, 0.0, 1.0, 0.0];
        assert_eq!(weights(&scores, [1, 2, 3], true), (vec![2.0, 1.0], Shape::from([1, 2])));
    }

    #[test]
    fn a_label_below_zero_is_not_class_zero() {
        assert_eq!(weights(&[-1.0, 0.0], [2], false).0, [1.0, 2.0]);
    }
}
