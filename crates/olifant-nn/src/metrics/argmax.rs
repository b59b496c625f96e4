//! Which class each row of scores is for.

use ndarray::{Array1, ArrayBase, Data, Dimension};
use olifant_core::Element;

use super::ranking::first_maximum;
use crate::BuildError;

/// The class with the highest score of each row: what a classifier answers, as `Accuracy` counts it.
///
/// The classes are the last axis; with more than two axes there is an answer for each time step or place, row by row.
/// Of equal scores the first wins.
///
/// # Errors
///
/// A row is for no class: it is empty, or one of its scores is NaN.
///
/// # Examples
///
/// ```
/// use ndarray::array;
/// use olifant_nn::metrics::{argmax, confusion_matrix};
///
/// let scores = array![[0.1, 0.7, 0.2], [0.5, 0.1, 0.4]]; // of `model.predict`
/// let answers = argmax(&scores)?;
/// assert_eq!(answers, array![1, 0]);
/// let matrix = confusion_matrix(&array![1, 2], &answers, Some(3), None)?;
/// assert_eq!((matrix[[1, 1]], matrix[[2, 0]]), (1.0, 1.0));
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
pub fn argmax<S: Data<Elem: Element>, D: Dimension>(
    scores: &ArrayBase<S, D>,
) -> Result<Array1<usize>, BuildError> {
    let mut row = Vec::new();
    let class = |(number, scores): (usize, ndarray::ArrayView1<'_, S::Elem>)| {
        row.clear();
        row.extend(scores.iter().map(|score| score.to_float()));
        first_maximum(&row).ok_or_else(|| {
            let reason = if row.is_empty() { "is empty" } else { "has a NaN" };
            BuildError::Other(format!("row {number} of the scores {reason}, so that it is for no class"))
        })
    };
    scores.rows().into_iter().enumerate().map(class).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Axis, array};

    use super::*;

    #[test]
    fn the_highest_of_each_row_wins_and_of_equal_ones_the_first() {
        let scores = array![[0.1f32, 0.7, 0.2], [0.5, 0.1, 0.5], [-3.0, -2.0, -1.0]];
        assert_eq!(argmax(&scores).unwrap(), array![1, 0, 2]);
        assert_eq!(argmax(&scores.into_dyn()).unwrap(), array![1, 0, 2]);
        assert_eq!(argmax(&array![[0u8, 9], [9, 0]].reversed_axes()).unwrap(), array![1, 0]);
    }

    #[test]
    fn each_time_step_has_an_answer() {
        let scores = array![[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]];
        assert_eq!(argmax(&scores).unwrap(), array![0, 1, 1, 1]);
        assert_eq!(argmax(&scores.index_axis(Axis(0), 0)).unwrap(), array![0, 1]);
    }

    #[test]
    fn a_row_without_a_class_is_named() {
        let message = |scores: Array2<f32>| argmax(&scores).unwrap_err().to_string();
        assert_eq!(
            message(array![[0.0, 1.0], [f32::NAN, 1.0]]),
            "row 1 of the scores has a NaN, so that it is for no class"
        );
        assert_eq!(
            message(Array2::zeros((2, 0))),
            "row 0 of the scores is empty, so that it is for no class"
        );
        assert_eq!(argmax(&Array2::<f32>::zeros((0, 3))).unwrap().len(), 0);
    }
}
