//! Cutting data into batches, in order or shuffled.

mod facts;

pub(crate) use facts::STREAM;

use std::{
    collections::HashMap,
    io,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use olifant_core::{Float, RandomKey, Shape, Team, Tensor};
use olifant_nn::TargetError;
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::{
    Arrays, FitError, Model, Samples, Shuffle,
    class_weight::weigh_classes,
    read_ahead::{Reader, with_reader},
};

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
#[derive(Clone)]
pub(crate) struct Batches<'a> {
    x: SampleList<'a>,
    y: SampleList<'a>,
    sample_weight: Option<SampleList<'a>>,
    class_weight: Option<&'a HashMap<usize, f32>>,
    /// Whether the last axis of `y` has a number for each class.
    y_holds_scores: bool,
    /// Shared with the thread that reads ahead, if there is one.
    order: Arc<Vec<usize>>,
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
        if sample_weight.is_some() && (x.is_stream() || y.is_stream()) {
            return Err(FitError::option("sample_weight", "unset with a stream", "set"));
        }
        model.network().check_inputs(&[x.shape])?;
        let mut order = Vec::new();
        order.try_reserve_exact(samples).map_err(io::Error::from)?;
        order.extend(0..samples);
        let order = Arc::new(order);
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
        if self.is_stream() {
            return Err(FitError::option(
                "validation_split",
                "unset with a stream: give validation_data",
                share,
            ));
        }
        if !(share > 0.0 && share < 1.0) {
            return Err(FitError::option("validation_split", "between 0 and 1, both excluded", share));
        }
        let at = (samples as f64 * (1.0 - share)).floor() as usize;
        if at == 0 || at == samples {
            let expected =
                format!("such that {samples} samples leave some for training and some for validation");
            return Err(FitError::option("validation_split", expected, share));
        }
        let order = Arc::new(Arc::make_mut(&mut self.order).split_off(at));
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
        if shuffle == Shuffle::Off || self.is_stream() || self.key.replace(key) == Some(key) {
            return;
        }
        let order = Arc::make_mut(&mut self.order);
        order.sort_unstable();
        let mut random = ChaCha8Rng::seed_from_u64(key.value());
        match shuffle {
            Shuffle::WithinBatches => {
                order.chunks_mut(self.batch_size).for_each(|batch| batch.shuffle(&mut random));
            }
            _ => order.shuffle(&mut random),
        }
    }

    /// Calls `pass` with a reader of the batches before `end`. What is not in memory is read ahead.
    pub(crate) fn with_reader<R>(&self, end: usize, pass: impl FnOnce(&mut BatchReader<'_>) -> R) -> R {
        let gather = |number: usize, team: Option<&Team>, batch: &mut Batch| self.gather(number, team, batch);
        with_reader(&gather, end.min(self.len()), !self.in_memory(), |reader| {
            pass(&mut BatchReader { batches: self, reader })
        })
    }

    /// Reads the `number`-th batch.
    pub(crate) fn read(&self, number: usize, model: &Model, batch: &mut Batch) -> Result<(), FitError> {
        self.gather(number, Some(model.team()), batch)?;
        self.check_targets(number, model, batch)
    }

    fn in_memory(&self) -> bool {
        [Some(self.x), Some(self.y), self.sample_weight]
            .into_iter()
            .flatten()
            .all(|list| list.samples.in_memory())
    }

    /// Whether samples come once, in their order.
    pub(crate) fn is_stream(&self) -> bool {
        self.x.is_stream() || self.y.is_stream()
    }

    fn rows(&self, number: usize) -> Range<usize> {
        let first = number * self.batch_size;
        first..(first + self.batch_size).min(self.order.len())
    }

    /// Fills a batch; what comes from a file is looked at for numbers that are not finite.
    fn gather(&self, number: usize, team: Option<&Team>, batch: &mut Batch) -> Result<(), FitError> {
        let rows = &self.order[self.rows(number)];
        self.x.read(rows, &mut batch.x, team)?;
        self.y.read(rows, &mut batch.y, team)?;
        if let Some(weights) = self.sample_weight {
            weights.read(rows, batch.sample_weight.get_or_insert_default(), team)?;
        } else if let Some(class_weight) = self.class_weight {
            let weights = batch.sample_weight.get_or_insert_default();
            weigh_classes(&batch.y, self.y_holds_scores, class_weight, weights);
        } else {
            batch.sample_weight = None;
        }
        if self.in_memory() { Ok(()) } else { check_inputs(batch, rows) }
    }

    /// Whether the targets of a batch suit the loss and the metrics; what is in memory was checked before.
    fn check_targets(&self, number: usize, model: &Model, batch: &Batch) -> Result<(), FitError> {
        if self.in_memory() {
            return Ok(());
        }
        check_targets(model, batch, &self.order[self.rows(number)])
    }

    /// Looks at all values once, so that nothing is trained on data with holes.
    fn check_values(&self, model: &Model) -> Result<(), FitError> {
        let mut batch = Batch::default();
        for number in 0..self.len() {
            let rows = &self.order[self.rows(number)];
            self.gather(number, Some(model.team()), &mut batch)?;
            check_inputs(&batch, rows)?;
            check_targets(model, &batch, rows)?;
        }
        Ok(())
    }
}

/// Reads batches one after the other, ahead of time where that pays.
pub(crate) struct BatchReader<'r> {
    batches: &'r Batches<'r>,
    reader: Reader<'r, Batch>,
}

impl BatchReader<'_> {
    /// Reads the `number`-th batch.
    pub(crate) fn read(&mut self, number: usize, model: &Model, batch: &mut Batch) -> Result<(), FitError> {
        self.reader.read(number, model.team(), batch)?;
        self.batches.check_targets(number, model, batch)
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
    /// Whether reading is cheap.
    pub(crate) fn in_memory(&self) -> bool {
        self.samples.in_memory()
    }

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

/// The only list of samples; models with several inputs or outputs have their own ways.
pub(crate) fn only<'a>(what: &'static str, arrays: &'a Arrays<'a>) -> Result<SampleList<'a>, FitError> {
    match &arrays.0[..] {
        [only] => Ok(SampleList { samples: &**only, len: only.samples(), shape: only.sample_shape()? }),
        _ => Err(FitError::Arrays { what, expected: "one array", given: arrays.0.len() }),
    }
}

/// Whether inputs and weights of samples are finite numbers.
///
/// `rows` says where in the data the samples of the batch stand.
fn check_inputs(batch: &Batch, rows: &[usize]) -> Result<(), FitError> {
    check_finite("x", &batch.x, rows)?;
    batch.sample_weight.as_ref().map_or(Ok(()), |weights| check_finite("sample_weight", weights, rows))
}

/// Whether targets are finite numbers and suit the loss and the metrics.
fn check_targets(model: &Model, batch: &Batch, rows: &[usize]) -> Result<(), FitError> {
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
    // Multiplying by zero leaves zero of every finite number. Sixteen sums that do not wait for each other are made on
    // vectors: each batch from a file is looked at.
    let (blocks, rest) = values.as_chunks::<16>();
    let mut sums = [0.0; 16];
    for block in blocks {
        sums.iter_mut().zip(block).for_each(|(sum, value)| *sum += value * 0.0);
    }
    if sums.iter().chain(rest).map(|value| value * 0.0).sum::<Float>() == 0.0 {
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
