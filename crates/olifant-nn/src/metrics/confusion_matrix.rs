//! What was taken for what.

use ndarray::{Array2, ArrayBase, ArrayView1, Data, Ix1};
use olifant_core::Element;

use super::ranking::class_index;
use crate::BuildError;

/// How often each class was predicted for each: row i, column j counts the samples of class i that were taken for j.
///
/// `num_classes` is one more than the largest class there is, if it is not given.
/// With `weights`, each sample counts as much as its weight.
///
/// # Errors
///
/// Labels, predictions or weights are not equally many; a number is no class: not whole, below 0, or from `num_classes` on.
///
/// # Examples
///
/// ```
/// use ndarray::array;
/// use olifant_nn::metrics::confusion_matrix;
///
/// let (labels, predictions) = (array![1, 2, 4], array![2, 2, 4]);
/// let matrix = confusion_matrix(&labels, &predictions, None, None)?;
/// assert_eq!(matrix.dim(), (5, 5));
/// assert_eq!((matrix[[1, 2]], matrix[[2, 2]], matrix[[4, 4]]), (1.0, 1.0, 1.0));
/// assert_eq!(matrix.sum(), 3.0);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
pub fn confusion_matrix<L: Data<Elem: Element>, P: Data<Elem: Element>>(
    labels: &ArrayBase<L, Ix1>,
    predictions: &ArrayBase<P, Ix1>,
    num_classes: Option<usize>,
    weights: Option<ArrayView1<'_, f64>>,
) -> Result<Array2<f64>, BuildError> {
    let samples = labels.len();
    for (what, count) in
        [("predictions", predictions.len()), ("weights", weights.map_or(samples, |w| w.len()))]
    {
        if count != samples {
            return Err(BuildError::Other(format!("there are {samples} labels, but {count} {what}")));
        }
    }
    let (labels, predictions) = (classes("labels", labels)?, classes("predictions", predictions)?);
    let largest = labels.iter().chain(&predictions).copied().max();
    let needed = largest.map_or(0, |class| class + 1);
    let num_classes = num_classes.unwrap_or(needed);
    if needed > num_classes {
        let class = needed - 1;
        return Err(BuildError::Other(format!("there is a class {class}, but num_classes is {num_classes}")));
    }
    let mut matrix = Array2::zeros((num_classes, num_classes));
    for (sample, place) in labels.into_iter().zip(predictions).enumerate() {
        matrix[place] += weights.map_or(1.0, |weights| weights[sample]);
    }
    Ok(matrix)
}

/// The numbers of an array as classes.
fn classes<D: Data<Elem: Element>>(
    what: &str,
    numbers: &ArrayBase<D, Ix1>,
) -> Result<Vec<usize>, BuildError> {
    let class = |(row, number): (usize, &D::Elem)| {
        let number = number.to_float();
        class_index(number).ok_or_else(|| {
            BuildError::Other(format!(
                "row {row} of the {what} is {number}, but classes are whole numbers from 0"
            ))
        })
    };
    numbers.iter().enumerate().map(class).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, array};

    use super::*;

    #[test]
    fn rows_are_labels_and_columns_predictions() {
        let (labels, predictions) = (array![0u8, 0, 1, 2, 2, 2], array![0.0f32, 1.0, 1.0, 0.0, 2.0, 2.0]);
        let matrix = confusion_matrix(&labels, &predictions, None, None).unwrap();
        assert_eq!(matrix, array![[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 2.0]]);
    }

    #[test]
    fn samples_count_as_much_as_their_weights() {
        let weights = array![0.5, 2.0, 4.0];
        let matrix =
            confusion_matrix(&array![0, 1, 1], &array![0, 0, 0], Some(2), Some(weights.view())).unwrap();
        assert_eq!(matrix, array![[0.5, 0.0], [6.0, 0.0]]);
    }

    #[test]
    fn there_may_be_more_classes_than_occur_or_none() {
        assert_eq!(confusion_matrix(&array![0], &array![0], Some(3), None).unwrap().dim(), (3, 3));
        let nothing = Array1::<u8>::zeros(0);
        assert_eq!(confusion_matrix(&nothing, &nothing, None, None).unwrap().dim(), (0, 0));
    }

    #[test]
    fn what_is_no_class_is_refused() {
        let message = |labels: Array1<f32>, predictions: Array1<f32>, num_classes| {
            confusion_matrix(&labels, &predictions, num_classes, None).unwrap_err().to_string()
        };
        assert_eq!(message(array![0.0, 1.0], array![1.0], None), "there are 2 labels, but 1 predictions");
        let rest = "but classes are whole numbers from 0";
        assert_eq!(
            message(array![0.0, -1.0], array![0.0, 0.0], None),
            format!("row 1 of the labels is -1, {rest}")
        );
        assert_eq!(
            message(array![0.0], array![0.5], None),
            format!("row 0 of the predictions is 0.5, {rest}")
        );
        assert_eq!(message(array![0.0], array![3.0], Some(3)), "there is a class 3, but num_classes is 3");
        let weights = array![1.0];
        let error = confusion_matrix(&array![0, 1], &array![0, 1], None, Some(weights.view())).unwrap_err();
        assert_eq!(error.to_string(), "there are 2 labels, but 1 weights");
    }
}
