//! What can be trained on: arrays of any kind, or anything that can fill a batch.

use std::io;

use ndarray::{ArrayBase, Axis, Data, RemoveAxis};
use olifant_core::{Element, Shape, ShapeError};

/// A list of samples that can be read in any order.
///
/// Arrays of ndarray implement it, whatever their layout, ownership and number type;
/// batches are gathered and converted row by row, never the array as a whole.
/// A data set in a file, or larger than memory, implements the same three methods.
///
/// The methods do not bear the names of ndarray's, which they would hide.
///
/// # Examples
///
/// ```
/// use std::io;
/// use olifant_core::{Shape, ShapeError};
/// use olifant_train::Samples;
///
/// /// The numbers 0, 1, 2, … and their squares, computed when they are needed.
/// struct Squares;
///
/// impl Samples for Squares {
///     fn samples(&self) -> usize {
///         1_000_000
///     }
///
///     fn sample_shape(&self) -> Result<Shape, ShapeError> {
///         Ok(Shape::from([2]))
///     }
///
///     fn gather(&self, indices: &[usize], output: &mut [f32]) -> io::Result<()> {
///         for (sample, &index) in output.chunks_exact_mut(2).zip(indices) {
///             sample.copy_from_slice(&[index as f32, (index as f32).powi(2)]);
///         }
///         Ok(())
///     }
/// }
///
/// let mut batch = [0.0; 4];
/// Squares.gather(&[3, 1], &mut batch)?;
/// assert_eq!(batch, [3.0, 9.0, 1.0, 1.0]);
/// # Ok::<(), io::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as data for a model",
    label = "expected an ndarray array, a view, or something that implements `Samples`",
    note = "an array is passed by reference: `&x`; one of another version of ndarray does not count: take it from `olifant::ndarray`"
)]
pub trait Samples: Send + Sync {
    /// How many samples there are. This and the shape are asked once, before anything is read.
    fn samples(&self) -> usize;

    /// The shape of one sample.
    ///
    /// # Errors
    ///
    /// The data has no first axis to count samples along, or too many axes.
    fn sample_shape(&self) -> Result<Shape, ShapeError>;

    /// Writes the samples of these indices one behind the other; what is not written counts as NaN.
    ///
    /// # Errors
    ///
    /// The data cannot be read.
    fn gather(&self, indices: &[usize], output: &mut [f32]) -> io::Result<()>;

    /// Whether reading everything is cheap: then all values are checked before the first step, not batch by batch.
    fn in_memory(&self) -> bool {
        false
    }

    /// Whether samples come once, in their order, as those of a [`Stream`](crate::Stream) do:
    /// then they are neither shuffled nor split, and training on them cannot be resumed.
    fn is_stream(&self) -> bool {
        false
    }
}

impl<S, D> Samples for ArrayBase<S, D>
where
    S: Data<Elem: Element> + Send + Sync,
    D: RemoveAxis,
{
    fn samples(&self) -> usize {
        self.shape().first().copied().unwrap_or(0)
    }

    fn sample_shape(&self) -> Result<Shape, ShapeError> {
        match self.shape() {
            [] => Err(ShapeError::NoAxes),
            [_, sample @ ..] => Shape::new(sample),
        }
    }

    fn gather(&self, indices: &[usize], output: &mut [f32]) -> io::Result<()> {
        let size = output.len() / indices.len().max(1);
        let contiguous = self.as_slice();
        for (position, &index) in indices.iter().enumerate() {
            let output = &mut output[position * size..][..size];
            match contiguous {
                Some(all) => convert(&all[index * size..][..size], output),
                None => convert(self.index_axis(Axis(0), index), output),
            }
        }
        Ok(())
    }

    fn in_memory(&self) -> bool {
        true
    }
}

fn convert<'a, E: Element>(from: impl IntoIterator<Item = &'a E>, to: &mut [f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = from.to_float());
}

impl<T: Samples + ?Sized> Samples for &T {
    fn samples(&self) -> usize {
        (**self).samples()
    }

    fn sample_shape(&self) -> Result<Shape, ShapeError> {
        (**self).sample_shape()
    }

    fn gather(&self, indices: &[usize], output: &mut [f32]) -> io::Result<()> {
        (**self).gather(indices, output)
    }

    fn in_memory(&self) -> bool {
        (**self).in_memory()
    }

    fn is_stream(&self) -> bool {
        (**self).is_stream()
    }
}

/// The inputs or the targets of a model: one list of samples for each of them.
pub struct Arrays<'a>(pub(crate) Vec<Box<dyn Samples + 'a>>);

/// Anything that can be the inputs or targets of a model.
///
/// One array (by reference, or a view), or for models with several inputs an array, a vector or a pair of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as data for a model",
    label = "expected an ndarray array, a view, or something that implements `Samples`",
    note = "an array is passed by reference: `&x`; one of another version of ndarray does not count: take it from `olifant::ndarray`"
)]
pub trait IntoArrays<'a> {
    /// The lists of samples.
    fn into_arrays(self) -> Arrays<'a>;
}

impl<'a> IntoArrays<'a> for Arrays<'a> {
    fn into_arrays(self) -> Arrays<'a> {
        self
    }
}

impl<'a, T: Samples + 'a> IntoArrays<'a> for T {
    fn into_arrays(self) -> Arrays<'a> {
        Arrays(vec![Box::new(self)])
    }
}

impl<'a, T: Samples + 'a, const N: usize> IntoArrays<'a> for [T; N] {
    fn into_arrays(self) -> Arrays<'a> {
        Arrays(self.into_iter().map(|samples| Box::new(samples) as Box<dyn Samples + 'a>).collect())
    }
}

impl<'a, T: Samples + 'a> IntoArrays<'a> for Vec<T> {
    fn into_arrays(self) -> Arrays<'a> {
        Arrays(self.into_iter().map(|samples| Box::new(samples) as Box<dyn Samples + 'a>).collect())
    }
}

impl<'a, A: Samples + 'a, B: Samples + 'a> IntoArrays<'a> for (A, B) {
    fn into_arrays(self) -> Arrays<'a> {
        Arrays(vec![Box::new(self.0), Box::new(self.1)])
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array, Array2, ArrayD, IxDyn, array};

    use super::*;

    fn gathered(samples: impl Samples, indices: &[usize]) -> Vec<f32> {
        let mut output = vec![f32::NAN; indices.len() * samples.sample_shape().unwrap().size()];
        samples.gather(indices, &mut output).unwrap();
        output
    }

    #[test]
    fn arrays_of_any_layout_and_type_are_gathered_row_by_row() {
        let pixels: Array2<u8> = array![[1, 2, 3], [4, 5, 6], [7, 8, 9]];
        assert_eq!(gathered(&pixels, &[2, 0]), [7.0, 8.0, 9.0, 1.0, 2.0, 3.0]);
        assert_eq!(gathered(pixels.t(), &[1]), [2.0, 5.0, 8.0]);
        let mut reversed = pixels.view();
        reversed.invert_axis(Axis(0));
        assert_eq!(gathered(reversed.slice_axis(Axis(1), (..2).into()), &[0]), [7.0, 8.0]);
        assert_eq!(gathered(Array::from(vec![true, false]), &[0, 1]), [1.0, 0.0]);
        assert_eq!(gathered(array![1.5f64, -2.0].into_dyn(), &[1]), [-2.0]);
    }

    #[test]
    fn an_array_without_axes_has_no_samples() {
        let scalar = ArrayD::<f32>::zeros(IxDyn(&[]));
        assert_eq!((scalar.samples(), scalar.sample_shape()), (0, Err(ShapeError::NoAxes)));
    }
}
