//! Samples, and what they said when they were asked first.

use std::sync::{Mutex, PoisonError};

use olifant_core::{Float, Shape, Team, Tensor};

use crate::{Arrays, FitError, Model, Samples};

/// What copying a number costs, counted in additions: it comes from memory, not from a cache.
const COPY_COST: usize = 4;

/// Samples, and what they said when they were asked first: whatever they answer later, the shapes stay those that were checked.
#[derive(Clone, Copy)]
pub(crate) struct SampleList<'a> {
    samples: &'a dyn Samples,
    pub(crate) len: usize,
    /// The shape of one sample.
    pub(crate) shape: Shape,
}

impl<'a> SampleList<'a> {
    fn new(samples: &'a dyn Samples) -> Result<SampleList<'a>, FitError> {
        Ok(SampleList { samples, len: samples.samples(), shape: samples.sample_shape()? })
    }

    /// The only list of samples.
    pub(crate) fn only(what: &'static str, arrays: &'a Arrays<'a>) -> Result<SampleList<'a>, FitError> {
        match &arrays.0[..] {
            [only] => SampleList::new(&**only),
            _ => Err(FitError::Arrays { what, expected: "one array".into(), given: arrays.0.len() }),
        }
    }

    /// Whether reading is cheap.
    pub(crate) fn in_memory(&self) -> bool {
        self.samples.in_memory()
    }

    /// Whether samples come once, in their order.
    pub(crate) fn is_stream(&self) -> bool {
        self.samples.is_stream()
    }

    /// Reads some samples into a tensor with a batch axis.
    ///
    /// What is in memory is read by all threads of a team.
    pub(crate) fn read(
        &self,
        indices: &[usize],
        tensor: &mut Tensor,
        team: Option<&Team>,
    ) -> Result<(), FitError> {
        tensor.resize(self.shape.with_batch(indices.len()));
        let (true, Some(team)) = (self.samples.in_memory(), team) else {
            // The buffer holds an earlier batch, which must not pass for what a reader forgot to write.
            tensor.data_mut().fill(Float::NAN);
            return Ok(self.samples.gather(indices, tensor.data_mut())?);
        };
        let (size, failure) = (self.shape.size(), Mutex::new(None));
        team.for_each_rows(tensor.data_mut(), size, size * COPY_COST, &|first, rows| {
            if let Err(error) = self.samples.gather(&indices[first..first + rows.len() / size], rows) {
                let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
                // The first in the batch, whichever thread was faster.
                if failure.as_ref().is_none_or(|(row, _)| first < *row) {
                    *failure = Some((first, error));
                }
            }
        });
        match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some((_, error)) => Err(error.into()),
        }
    }
}

/// What the model is given: one list of samples for each input, of the shape it takes, and all of the same length.
pub(crate) fn inputs<'a>(model: &Model, x: &'a Arrays<'a>) -> Result<Vec<SampleList<'a>>, FitError> {
    let lists = lists("x", x, model.network().inputs().map(|(name, _)| name))?;
    let shapes: Vec<Shape> = lists.iter().map(|list| list.shape).collect();
    model.network().check_inputs(&shapes)?;
    check_lengths(&named("x", &lists))?;
    Ok(lists)
}

/// What the model is to say: one list of samples for each output.
pub(super) fn targets<'a>(model: &Model, y: &'a Arrays<'a>) -> Result<Vec<SampleList<'a>>, FitError> {
    lists("y", y, model.network().outputs().map(|(name, _)| name))
}

/// As many lists of samples as there are names.
fn lists<'a, 'n>(
    what: &'static str,
    arrays: &'a Arrays<'a>,
    names: impl ExactSizeIterator<Item = &'n str>,
) -> Result<Vec<SampleList<'a>>, FitError> {
    if arrays.0.len() == names.len() {
        return arrays.0.iter().map(|samples| SampleList::new(&**samples)).collect();
    }
    let expected = match names.len() {
        1 => "one array".to_owned(),
        count => format!("{count} arrays ({})", names.collect::<Vec<_>>().join(", ")),
    };
    Err(FitError::Arrays { what, expected, given: arrays.0.len() })
}

/// What the arrays are called, and how many samples each has.
pub(super) fn named(array: &str, lists: &[SampleList<'_>]) -> Vec<(String, usize)> {
    let names = (0..lists.len()).map(|number| array_name(array, number, lists.len()));
    names.zip(lists.iter().map(|list| list.len)).collect()
}

/// Whether all arrays have as many samples as the first.
pub(super) fn check_lengths(arrays: &[(String, usize)]) -> Result<(), FitError> {
    let Some((first, first_samples)) = arrays.first() else { return Ok(()) };
    match arrays.iter().find(|(_, samples)| samples != first_samples) {
        None => Ok(()),
        Some((second, second_samples)) => Err(FitError::Lengths {
            first: first.clone(),
            first_samples: *first_samples,
            second: second.clone(),
            second_samples: *second_samples,
        }),
    }
}

/// What one of several arrays is called: `x`, or `x[1]`.
pub(crate) fn array_name(array: &str, number: usize, count: usize) -> String {
    if count == 1 { array.to_owned() } else { format!("{array}[{number}]") }
}

/// Reads some samples of each list.
pub(crate) fn read_all(
    lists: &[SampleList<'_>],
    indices: &[usize],
    tensors: &mut Vec<Tensor>,
    team: Option<&Team>,
) -> Result<(), FitError> {
    tensors.resize_with(lists.len(), Tensor::default);
    lists.iter().zip(tensors).try_for_each(|(list, tensor)| list.read(indices, tensor, team))
}
