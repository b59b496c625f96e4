//! Cutting data into batches, in order or shuffled.

mod facts;
mod sample_list;

use std::{collections::HashMap, io, ops::Range, sync::Arc};

use olifant_core::{Float, RandomKey, Team, Tensor, TensorView};
use olifant_nn::TargetError;
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use self::sample_list::{check_lengths, named, targets};
pub(crate) use self::{
    facts::STREAM,
    sample_list::{SampleList, array_name, inputs, read_all},
};
use crate::{
    Arrays, FitError, Model, Shuffle,
    class_weight::weigh_classes,
    read_ahead::{Reader, with_reader},
};

/// How many samples make a batch unless something else is asked for, as in Keras.
pub(crate) const BATCH_SIZE: usize = 32;

/// Keras's warning when more steps are asked for than there are batches.
pub(crate) const OUT_OF_DATA: &str = "Your input ran out of data; interrupting epoch. \
    Make sure that your dataset or generator can generate at least `steps_per_epoch * epochs` batches.";

/// One batch in memory. It keeps its buffers from batch to batch.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// One tensor for each input of the model.
    pub(crate) x: Vec<Tensor>,
    /// One tensor for each output.
    pub(crate) y: Vec<Tensor>,
    /// How much each sample counts, if they do not count alike.
    pub(crate) sample_weight: Option<Tensor>,
}

impl Batch {
    /// How many samples there are.
    pub(crate) fn samples(&self) -> usize {
        self.x.first().and_then(|x| x.shape().axes().first().copied()).unwrap_or(0)
    }
}

/// Data for training or evaluation: which samples, and in which order they come.
#[derive(Clone)]
pub(crate) struct Batches<'a> {
    x: Vec<SampleList<'a>>,
    y: Vec<SampleList<'a>>,
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
        let batch_size = batch_size.unwrap_or(default_batch_size(model));
        if batch_size == 0 {
            return Err(FitError::option("batch_size", "at least 1", batch_size));
        }
        let (x, y) = (inputs(model, x)?, targets(model, y)?);
        let sample_weight =
            sample_weight.map(|weights| SampleList::only("sample_weight", weights)).transpose()?;
        let samples = x[0].len;
        if samples == 0 {
            return Err(FitError::Empty { array: array_name("x", 0, x.len()) });
        }
        let sample_weights = named("sample_weight", sample_weight.as_slice());
        check_lengths(&[named("x", &x), named("y", &y), sample_weights].concat())?;
        let is_stream = x.iter().chain(&y).any(SampleList::is_stream);
        if sample_weight.is_some() && is_stream {
            return Err(FitError::option("sample_weight", "unset with a stream", "set"));
        }
        let mut order = Vec::new();
        order.try_reserve_exact(samples).map_err(io::Error::from)?;
        order.extend(0..samples);
        let order = Arc::new(order);
        let output = model.network().output();
        let y_holds_scores = y[0].shape == output && output.last_axis() != Ok(1);
        let batches =
            Batches { x, y, sample_weight, class_weight: None, y_holds_scores, order, key: None, batch_size };
        if batches.in_memory() {
            batches.check_values(model)?;
        }
        Ok(batches)
    }

    /// How much each class counts.
    ///
    /// # Errors
    ///
    /// There are several outputs, so that nobody can tell whose classes are meant.
    pub(crate) fn class_weight(
        mut self,
        class_weight: &'a HashMap<usize, f32>,
    ) -> Result<Batches<'a>, FitError> {
        if !class_weight.is_empty() && self.y.len() > 1 {
            let expected = "unset for a model with several outputs: give sample_weight";
            return Err(FitError::option("class_weight", expected, "set"));
        }
        self.class_weight = (!class_weight.is_empty()).then_some(class_weight);
        Ok(self)
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
        let batch_size = batch_size.unwrap_or(self.batch_size);
        let validation = Batches { order, batch_size, class_weight: None, ..self.clone() };
        Ok((self, validation))
    }

    /// The same samples in so many batches, unless it was said how large a batch is.
    pub(crate) fn with_steps(mut self, batch_size: Option<usize>, steps: Option<usize>) -> Batches<'a> {
        if let (None, Some(steps)) = (batch_size, steps) {
            self.batch_size = self.samples().div_ceil(steps);
        }
        self
    }

    /// The same, if all batches are of the size that stateful layers take, and weights of samples fit the loss.
    ///
    /// # Errors
    ///
    /// One is of another size; the error names the layer. The weights have another shape than the loss.
    pub(crate) fn checked_for(self, model: &Model) -> Result<Batches<'a>, FitError> {
        check_batch_size(model, self.samples(), self.batch_size)?;
        if self.sample_weight.is_some() {
            // Only the loss knows its shape: a batch without learning tells whether the weights fit it.
            let mut batch = Batch::default();
            self.read(0, model, &mut batch)?;
            model.drop_states(model.test_step(&mut batch, &mut model.running())?);
        }
        Ok(self)
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
        self.x.iter().chain(&self.y).chain(&self.sample_weight).all(SampleList::in_memory)
    }

    /// Whether samples come once, in their order.
    pub(crate) fn is_stream(&self) -> bool {
        self.x.iter().chain(&self.y).any(SampleList::is_stream)
    }

    fn rows(&self, number: usize) -> Range<usize> {
        let first = number * self.batch_size;
        first..(first + self.batch_size).min(self.order.len())
    }

    /// Fills a batch; what comes from a file is looked at for numbers that are not finite.
    fn gather(&self, number: usize, team: Option<&Team>, batch: &mut Batch) -> Result<(), FitError> {
        let rows = &self.order[self.rows(number)];
        read_all(&self.x, rows, &mut batch.x, team)?;
        read_all(&self.y, rows, &mut batch.y, team)?;
        if let Some(weights) = self.sample_weight {
            weights.read(rows, batch.sample_weight.get_or_insert_default(), team)?;
        } else if let Some(class_weight) = self.class_weight {
            let weights = batch.sample_weight.get_or_insert_default();
            weigh_classes(&batch.y[0], self.y_holds_scores, class_weight, weights);
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

/// How many samples make a batch unless something else is asked for: what stateful layers take, or Keras's 32.
pub(crate) fn default_batch_size(model: &Model) -> usize {
    model.network().batch_size().unwrap_or(BATCH_SIZE)
}

/// Whether all batches are of the size that stateful layers take.
pub(crate) fn check_batch_size(model: &Model, samples: usize, batch_size: usize) -> Result<(), FitError> {
    let stateful = model.network().layers().find_map(|(name, layer, _)| Some((name, layer.batch_size()?)));
    match stateful {
        Some((layer, expected)) if batch_size != expected || !samples.is_multiple_of(expected) => {
            Err(FitError::BatchSize { layer: layer.to_owned(), expected, batch_size, samples })
        }
        _ => Ok(()),
    }
}

/// Whether inputs and weights of samples are finite numbers.
///
/// `rows` says where in the data the samples of the batch stand.
fn check_inputs(batch: &Batch, rows: &[usize]) -> Result<(), FitError> {
    check_all_finite("x", &batch.x, rows)?;
    check_all_finite("sample_weight", batch.sample_weight.as_slice(), rows)
}

/// Whether inputs suit the layers that read them, and targets are finite numbers and suit the losses and the metrics.
fn check_targets(model: &Model, batch: &Batch, rows: &[usize]) -> Result<(), FitError> {
    check_numbers(model, &batch.x, rows)?;
    for (number, (y, (_, shape))) in batch.y.iter().zip(model.network().outputs()).enumerate() {
        let y_pred = shape.with_batch(rows.len());
        model.compiled_losses().of_output(number).check(y.view(), y_pred).map_err(|mut error| {
            if let TargetError::Value { row, .. } = &mut error {
                *row = rows.get(*row).copied().unwrap_or(*row);
            }
            error
        })?;
        model.metric_list().check(number, y.shape(), y_pred)?;
    }
    check_all_finite("y", &batch.y, rows)
}

/// Whether the layers that read the inputs can work with these numbers: ids within a vocabulary.
pub(crate) fn check_numbers(model: &Model, x: &[Tensor], rows: &[usize]) -> Result<(), FitError> {
    let views: Vec<TensorView<'_>> = x.iter().map(Tensor::view).collect();
    Ok(model.network().check_numbers(&views).map_err(|error| error.in_rows(rows))?)
}

/// The first value in several tensors that is not a finite number.
fn check_all_finite(array: &'static str, tensors: &[Tensor], rows: &[usize]) -> Result<(), FitError> {
    let mut numbered = tensors.iter().enumerate();
    numbered.try_for_each(|(number, tensor)| {
        check_finite(|| array_name(array, number, tensors.len()), tensor, rows)
    })
}

/// The first value that is not a finite number, by row.
fn check_finite(array: impl Fn() -> String, tensor: &Tensor, rows: &[usize]) -> Result<(), FitError> {
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
            Err(FitError::NotFinite { array: array(), row, value: values[position] })
        }
    }
}
