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
/// Labels, predictions or weights are not equally many; a number is no class: not whole, below 0, or from `num_classes` on;
/// the matrix does not fit into memory.
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
    let num_classes = match (num_classes, largest) {
        (Some(num_classes), Some(class)) if class >= num_classes => {
            let message = format!("there is a class {class}, but num_classes is {num_classes}");
            return Err(BuildError::Other(message));
        }
        (Some(num_classes), _) => num_classes,
        (None, largest) => largest.map_or(0, |class| class.saturating_add(1)),
    };
    let mut matrix = zeros(num_classes).ok_or_else(|| {
        BuildError::Other(format!(
            "a matrix of {num_classes} × {num_classes} numbers does not fit into the memory of this machine: \
             number the classes from 0 without gaps"
        ))
    })?;
    for (sample, place) in labels.into_iter().zip(predictions).enumerate() {
        matrix[place] += weights.map_or(1.0, |weights| weights[sample]);
    }
    Ok(matrix)
}

/// A square matrix of zeros, if there is memory for it.
fn zeros(num_classes: usize) -> Option<Array2<f64>> {
    let size = num_classes.checked_mul(num_classes)?;
    let mut numbers = Vec::new();
    numbers.try_reserve_exact(size).ok()?;
    numbers.resize(size, 0.0);
    Array2::from_shape_vec((num_classes, num_classes), numbers).ok()
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
    fn a_matrix_that_does_not_fit_into_memory_is_refused() {
        for largest in [1e8, 3.1e9, 18_446_744_073_709_551_616.0] {
            let error = confusion_matrix(&array![0.0, largest], &array![0.0, 1.0], None, None).unwrap_err();
            let message = error.to_string();
            assert!(message.contains("does not fit into the memory of this machine"), "{message}");
        }
        let classes = array![0.0, 18_446_744_073_709_551_616.0];
        let error = confusion_matrix(&classes, &classes, Some(usize::MAX), None).unwrap_err().to_string();
        assert!(error.starts_with("there is a class 18446744073709551615, but num_classes is "), "{error}");
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
