//! Cutting data into batches, in order or shuffled.

mod facts;

use std::{
    collections::HashMap,
    io,
    ops::Range,
    sync::{Mutex, PoisonError},
};

use olifant_core::{Float, RandomKey, Shape, Team, Tensor};
use olifant_nn::TargetError;
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::{Arrays, FitError, Model, Samples, Shuffle, class_weight::weigh_classes};

/// What copying a number costs, counted in additions: it comes from memory, not from a cache.
const COPY_COST: usize = 4;

/// How many samples make a batch unless something else is asked for, as in Keras.
pub(crate) const BATCH_SIZE: usize = 32;

/// Keras's warning when more steps are asked for than there are batches.
pub(crate) const OUT_OF_DATA: &str = "Your input ran out of data; interrupting epoch. \
    Make sure that your dataset or generator can generate at least `steps_per_epoch * epochs` batches.";

/// One batch in memory. It keeps its buffers from batch to batch.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) x: Tensor,
    pub(crate) y: Tensor,
    /// How much each sample counts, if they do not count alike.
    pub(crate) sample_weight: Option<Tensor>,
}

impl Batch {
    /// How many samples there are.
    pub(crate) fn samples(&self) -> usize {
        self.x.shape().axes().first().copied().unwrap_or(0)
    }
}

/// Data for training or evaluation: which samples, and in which order they come.
pub(crate) struct Batches<'a> {
    x: SampleList<'a>,
    y: SampleList<'a>,
    sample_weight: Option<SampleList<'a>>,
    class_weight: Option<&'a HashMap<usize, f32>>,
    /// Whether the last axis of `y` has a number for each class.
    y_holds_scores: bool,
    order: Vec<usize>,
    /// What the order follows from, if the samples are shuffled.
    key: Option<RandomKey>,
    batch_size: usize,
}

impl<'a> Batches<'a> {
    /// All samples of some arrays, in order.
    ///
    /// Lengths and shapes are checked, and the values too if they are in memory.
    pub(crate) fn new(
        model: &Model,
        x: &'a Arrays<'a>,
        y: &'a Arrays<'a>,
        sample_weight: Option<&'a Arrays<'a>>,
        batch_size: Option<usize>,
    ) -> Result<Batches<'a>, FitError> {
        let batch_size = batch_size.unwrap_or(BATCH_SIZE);
        if batch_size == 0 {
            return Err(FitError::option("batch_size", "at least 1", batch_size));
        }
        let (x, y) = (only("x", x)?, only("y", y)?);
        let sample_weight = sample_weight.map(|weights| only("sample_weight", weights)).transpose()?;
        let samples = x.len;
        if samples == 0 {
            return Err(FitError::Empty { array: "x" });
        }
        let others = [("y", Some(y)), ("sample_weight", sample_weight)];
        for (array, other) in others.into_iter().filter_map(|(array, other)| Some((array, other?))) {
            if other.len != samples {
                return Err(FitError::Lengths {
                    first: "x",
                    first_samples: samples,
                    second: array,
                    second_samples: other.len,
                });
            }
        }
        model.network().check_input(x.shape)?;
        let mut order = Vec::new();
        order.try_reserve_exact(samples).map_err(io::Error::from)?;
        order.extend(0..samples);
        let output = model.network().output();
        let y_holds_scores = y.shape == output && output.last_axis() != Ok(1);
        let batches =
            Batches { x, y, sample_weight, class_weight: None, y_holds_scores, order, key: None, batch_size };
        if batches.in_memory() {
            batches.check_values(model)?;
        }
        if sample_weight.is_some() {
            // Only the loss knows its shape: a batch without learning tells whether the weights fit it.
            let mut batch = Batch::default();
            batches.read(0, model, &mut batch)?;
            model.test_step(&mut batch, &mut model.running())?;
        }
        Ok(batches)
    }

    /// How much each class counts.
    pub(crate) fn class_weight(mut self, class_weight: &'a HashMap<usize, f32>) -> Batches<'a> {
        self.class_weight = (!class_weight.is_empty()).then_some(class_weight);
        self
    }

    /// Separates a share of the samples at the end, which come in batches of another size.
    pub(crate) fn split(
        mut self,
        share: f64,
        batch_size: Option<usize>,
    ) -> Result<(Batches<'a>, Batches<'a>), FitError> {
        let samples = self.order.len();
        if !(share > 0.0 && share < 1.0) {
            return Err(FitError::option("validation_split", "between 0 and 1, both excluded", share));
        }
        let at = (samples as f64 * (1.0 - share)).floor() as usize;
        if at == 0 || at == samples {
            let expected =
                format!("such that {samples} samples leave some for training and some for validation");
            return Err(FitError::option("validation_split", expected, share));
        }
        let order = self.order.split_off(at);
        let batch_size = batch_size.unwrap_or(BATCH_SIZE);
        let validation = Batches { order, batch_size, class_weight: None, ..self };
        Ok((self, validation))
    }

    /// The same samples in so many batches, unless it was said how large a batch is.
    pub(crate) fn with_steps(mut self, batch_size: Option<usize>, steps: Option<usize>) -> Batches<'a> {
        if let (None, Some(steps)) = (batch_size, steps) {
            self.batch_size = self.samples().div_ceil(steps);
        }
        self
    }

    /// How many samples make a batch.
    pub(crate) fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// How many batches there are.
    pub(crate) fn len(&self) -> usize {
        self.order.len().div_ceil(self.batch_size)
    }

    /// How many samples there are.
    pub(crate) fn samples(&self) -> usize {
        self.order.len()
    }

    /// Puts the samples into an order that depends on nothing but the key.
    pub(crate) fn shuffle(&mut self, shuffle: Shuffle, key: RandomKey) {
        if shuffle == Shuffle::Off || self.key.replace(key) == Some(key) {
            return;
        }
        self.order.sort_unstable();
        let mut random = ChaCha8Rng::seed_from_u64(key.value());
        match shuffle {
            Shuffle::WithinBatches => {
                self.order.chunks_mut(self.batch_size).for_each(|batch| batch.shuffle(&mut random));
            }
            _ => self.order.shuffle(&mut random),
        }
    }

    /// Reads the `number`-th batch.
    pub(crate) fn read(&self, number: usize, model: &Model, batch: &mut Batch) -> Result<(), FitError> {
        let rows = &self.order[self.rows(number)];
        self.gather(rows, batch, model.team())?;
        if self.in_memory() { Ok(()) } else { check_values(model, batch, rows) }
    }

    fn in_memory(&self) -> bool {
        [Some(self.x), Some(self.y), self.sample_weight]
            .into_iter()
            .flatten()
            .all(|list| list.samples.in_memory())
    }

    fn rows(&self, number: usize) -> Range<usize> {
        let first = number * self.batch_size;
        first..(first + self.batch_size).min(self.order.len())
    }

    fn gather(&self, indices: &[usize], batch: &mut Batch, team: &Team) -> Result<(), FitError> {
        self.x.read(indices, &mut batch.x, team)?;
        self.y.read(indices, &mut batch.y, team)?;
        if let Some(weights) = self.sample_weight {
            weights.read(indices, batch.sample_weight.get_or_insert_default(), team)?;
        } else if let Some(class_weight) = self.class_weight {
            let weights = batch.sample_weight.get_or_insert_default();
            weigh_classes(&batch.y, self.y_holds_scores, class_weight, weights);
        } else {
            batch.sample_weight = None;
        }
        Ok(())
    }

    /// Looks at all values once, so that nothing is trained on data with holes.
    fn check_values(&self, model: &Model) -> Result<(), FitError> {
        let mut batch = Batch::default();
        for number in 0..self.len() {
            let rows = &self.order[self.rows(number)];
            self.gather(rows, &mut batch, model.team())?;
            check_values(model, &batch, rows)?;
        }
        Ok(())
    }
}

/// Samples, and what they said when they were asked first: whatever they answer later, the shapes stay those that were checked.
#[derive(Clone, Copy)]
pub(crate) struct SampleList<'a> {
    samples: &'a dyn Samples,
    pub(crate) len: usize,
    /// The shape of one sample.
    pub(crate) shape: Shape,
}

impl SampleList<'_> {
    /// Reads some samples into a tensor with a batch axis.
    ///
    /// What is in memory is read by several threads.
    pub(crate) fn read(&self, indices: &[usize], tensor: &mut Tensor, team: &Team) -> Result<(), FitError> {
        tensor.resize(self.shape.with_batch(indices.len()));
        if !self.samples.in_memory() {
            // The buffer holds an earlier batch, which must not pass for what a reader forgot to write.
            tensor.data_mut().fill(Float::NAN);
            return Ok(self.samples.gather(indices, tensor.data_mut())?);
        }
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

/// The only list of samples; models with several inputs or outputs have their own ways.
pub(crate) fn only<'a>(what: &'static str, arrays: &'a Arrays<'a>) -> Result<SampleList<'a>, FitError> {
    match &arrays.0[..] {
        [only] => Ok(SampleList { samples: &**only, len: only.samples(), shape: only.sample_shape()? }),
        _ => Err(FitError::Arrays { what, expected: "one array", given: arrays.0.len() }),
    }
}

/// Whether a batch holds finite numbers only, and targets that suit the loss and the metrics.
///
/// `rows` says where in the data its samples stand.
fn check_values(model: &Model, batch: &Batch, rows: &[usize]) -> Result<(), FitError> {
    check_finite("x", &batch.x, rows)?;
    if let Some(weights) = &batch.sample_weight {
        check_finite("sample_weight", weights, rows)?;
    }
    let y_pred = model.network().output().with_batch(rows.len());
    model.loss().check(batch.y.view(), y_pred).map_err(|mut error| {
        if let TargetError::Value { row, .. } = &mut error {
            *row = rows.get(*row).copied().unwrap_or(*row);
        }
        error
    })?;
    check_finite("y", &batch.y, rows)?;
    model.metric_list().check(batch.y.shape(), y_pred)
}

/// The first value that is not a finite number, by row.
fn check_finite(array: &'static str, tensor: &Tensor, rows: &[usize]) -> Result<(), FitError> {
    let values = tensor.data();
    // Multiplying by zero leaves zero of every finite number, and the sum is quickly made.
    if values.iter().map(|value| value * 0.0).sum::<Float>() == 0.0 {
        return Ok(());
    }
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(position) => {
            let row = rows[position * rows.len() / values.len()];
            Err(FitError::NotFinite { array, row, value: values[position] })
        }
    }
}
