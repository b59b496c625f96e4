//! Keras's generators: data that comes once, batch after batch.

use std::{
    io, mem,
    sync::{Arc, Mutex, PoisonError},
};

use olifant_core::{Shape, ShapeError};

use crate::{FitError, Samples};

/// Batches from an iterator, as data for a model: Keras's generators.
///
/// For what is made on the way, or comes from a pipe or a socket. What can be read in any order, as a file can,
/// had better implement [`Samples`], for a stream cannot
///
/// - be shuffled: its samples come in their order, whatever [`FitOptions::shuffle`](crate::FitOptions::shuffle) says, as in Keras;
/// - be split: `validation_data` is another stream, or arrays;
/// - be resumed: `BackupAndRestore` refuses it, `ModelCheckpoint` keeps models without their training;
/// - be weighed by `sample_weight`; `class_weight` works.
///
/// An iterator may go on for ever, so a stream is told how many samples make a pass over the data: an epoch, unless
/// `steps_per_epoch` says otherwise. The next pass goes on drawing; so does each validation.
/// What is to come again is repeated by [`Iterator::cycle`], or by `std::iter::repeat_with(open).flatten()`.
///
/// Batches are cut anew: `batch_size` says how many samples a step has, however many came at a time.
/// The iterator runs in a thread of its own while the model computes. Training that is stopped within an epoch may
/// have drawn one batch more than it used.
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
/// use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// use olifant_train::{Compile, FitOptions, Stream};
///
/// // Numbers and their doubles, four at a time, without end.
/// let batches = (0..).map(|batch| {
///     let x = Array2::from_shape_fn((4, 1), |(row, _)| ((4 * batch + row) % 10) as f32 / 10.0);
///     let y = 2.0 * &x;
///     (x, y)
/// });
/// let stream = Stream::from_iter(batches, 320)?;
/// let mut model = Sequential::new([1]).add(Dense::new(1)).compile(Sgd::new(0.1), MeanSquaredError::new(), ())?;
/// let history = model.fit(stream.x(), stream.y(), FitOptions::new().batch_size(8).epochs(5).verbose(0))?;
/// assert!(history["loss"][4] < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Stream<'a> {
    x: StreamSamples<'a>,
    y: StreamSamples<'a>,
}

/// The inputs or the targets of a [`Stream`].
pub struct StreamSamples<'a> {
    source: Arc<Mutex<Source<'a>>>,
    /// Whether these are the targets.
    is_y: bool,
    samples: usize,
    shape: Shape,
}

impl<'a> Stream<'a> {
    /// Batches of inputs and targets, with samples along their first axes, of which so many samples make a pass.
    ///
    /// The first batch is drawn at once: it tells the shapes.
    ///
    /// # Errors
    ///
    /// There is no first batch, or its arrays have no first axis.
    /// While training: the iterator ends, or a batch is empty or of another shape.
    pub fn from_iter<X: Samples + 'a, Y: Samples + 'a, I>(
        batches: I,
        samples: usize,
    ) -> Result<Stream<'a>, FitError>
    where
        I: IntoIterator<Item = (X, Y)>,
        I::IntoIter: Send + 'a,
    {
        let mut batches = batches.into_iter().map(|(x, y)| Pair { x: Box::new(x), y: Box::new(y) });
        let first = batches.next().ok_or(FitError::Empty { array: "x".into() })?;
        let shapes = [first.x.sample_shape()?, first.y.sample_shape()?];
        let source = Source {
            batches: Box::new(batches),
            shapes,
            batch: Some(first),
            used: 0,
            next: 0,
            drawn: Vec::new(),
            targets: Vec::new(),
        };
        let source = Arc::new(Mutex::new(source));
        let [x, y] = [false, true].map(|is_y| {
            let shape = shapes[usize::from(is_y)];
            StreamSamples { source: Arc::clone(&source), is_y, samples, shape }
        });
        Ok(Stream { x, y })
    }

    /// The inputs.
    pub fn x(&self) -> &StreamSamples<'a> {
        &self.x
    }

    /// The targets, which are read behind the inputs they belong to.
    pub fn y(&self) -> &StreamSamples<'a> {
        &self.y
    }
}

impl Samples for StreamSamples<'_> {
    fn samples(&self) -> usize {
        self.samples
    }

    fn sample_shape(&self) -> Result<Shape, ShapeError> {
        Ok(self.shape)
    }

    fn gather(&self, indices: &[usize], output: &mut [f32]) -> io::Result<()> {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_y { source.targets(indices, output) } else { source.draw(indices, output) }
    }

    fn is_stream(&self) -> bool {
        true
    }
}

/// A batch from the iterator.
struct Pair<'a> {
    x: Box<dyn Samples + 'a>,
    y: Box<dyn Samples + 'a>,
}

/// What is drawn from, and where it stands.
struct Source<'a> {
    batches: Box<dyn Iterator<Item = Pair<'a>> + Send + 'a>,
    /// The shapes of an input and of a target.
    shapes: [Shape; 2],
    /// The batch that was drawn last, and how many of its samples are used.
    batch: Option<Pair<'a>>,
    used: usize,
    /// The sample of this pass that comes next.
    next: usize,
    /// Which samples were read last, and their targets.
    drawn: Vec<usize>,
    targets: Vec<f32>,
}

impl Source<'_> {
    /// Reads the inputs that come next, and keeps their targets.
    fn draw(&mut self, indices: &[usize], x: &mut [f32]) -> io::Result<()> {
        let Some(&first) = indices.first() else { return Ok(()) };
        if first == 0 {
            self.next = 0;
        }
        if let Some((index, next)) = indices.iter().zip(self.next..).find(|(index, next)| **index != *next) {
            return Err(out_of_order(*index, next));
        }
        let [x_size, y_size] = self.shapes.map(|shape| shape.size());
        self.drawn.clear();
        let mut y = mem::take(&mut self.targets);
        y.clear();
        // What a batch does not write counts as NaN.
        y.resize(indices.len() * y_size, f32::NAN);
        let mut done = 0;
        while done < indices.len() {
            let (batch, used) = self.batch()?;
            let rows: Vec<usize> = (used..batch.x.samples()).take(indices.len() - done).collect();
            batch.x.gather(&rows, &mut x[done * x_size..][..rows.len() * x_size])?;
            batch.y.gather(&rows, &mut y[done * y_size..][..rows.len() * y_size])?;
            (self.used, done) = (used + rows.len(), done + rows.len());
        }
        self.next += done;
        self.targets = y;
        self.drawn.extend_from_slice(indices);
        Ok(())
    }

    /// A batch of which some samples are left, and how many are used.
    fn batch(&mut self) -> io::Result<(&Pair<'_>, usize)> {
        if self.batch.as_ref().is_none_or(|batch| self.used >= batch.x.samples()) {
            (self.batch, self.used) = (self.batches.next(), 0);
        }
        let batch = self.batch.as_ref().ok_or_else(|| ended(self.next))?;
        check(batch, self.shapes)?;
        Ok((batch, self.used))
    }

    /// The targets of the inputs that were read last.
    fn targets(&self, indices: &[usize], y: &mut [f32]) -> io::Result<()> {
        if self.drawn != indices {
            return Err(invalid(
                "the targets of a stream are read behind its inputs: give `fit` both its x and its y",
            ));
        }
        y.copy_from_slice(&self.targets);
        Ok(())
    }
}

/// Whether a batch is as the first.
fn check(batch: &Pair<'_>, [x_shape, y_shape]: [Shape; 2]) -> io::Result<()> {
    let (x_samples, y_samples) = (batch.x.samples(), batch.y.samples());
    if x_samples == 0 || x_samples != y_samples {
        return Err(invalid(&format!(
            "a batch of the stream has {x_samples} inputs and {y_samples} targets: give at least one, and each its target"
        )));
    }
    for (what, list, expected) in [("inputs", &batch.x, x_shape), ("targets", &batch.y, y_shape)] {
        let given = list.sample_shape().map_err(io::Error::other)?;
        if given != expected {
            return Err(invalid(&format!(
                "a batch of the stream has {what} of shape {given}, but the first had {expected}"
            )));
        }
    }
    Ok(())
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

fn out_of_order(index: usize, next: usize) -> io::Error {
    invalid(&format!(
        "sample {index} of a stream was asked for, but {next} comes next: a stream cannot be shuffled (`shuffle(false)`), \
         split, or resumed in the middle"
    ))
}

fn ended(next: usize) -> io::Error {
    let reason = format!(
        "the stream ended behind sample {next} of a pass: say how many samples it gives, or repeat it with `cycle`"
    );
    io::Error::new(io::ErrorKind::UnexpectedEof, reason)
}
