//! Measuring a model on data it is not trained on.

use std::io::Write;

use crate::{
    Arrays, Callback, CallbackList, FitError, IntoArrays, Logs, Model, Params, Progress, Training, Verbose,
    batches::{Batch, Batches, OUT_OF_DATA},
    running::Running,
};

/// The options of [`Model::evaluate_with`] and [`Model::predict_with`], under Keras's names.
///
/// # Defaults
///
/// `batch_size` 32, or with `steps` s alone ⌈samples / s⌉; all `steps`; `verbose` auto; no `sample_weight`; no callbacks.
pub struct EvaluateOptions<'a> {
    pub(crate) batch_size: Option<usize>,
    pub(crate) steps: Option<usize>,
    pub(crate) sample_weight: Option<Arrays<'a>>,
    pub(crate) verbose: Verbose,
    pub(crate) output: Option<Box<dyn Write + Send + 'a>>,
    pub(crate) callbacks: Vec<Box<dyn Callback + 'a>>,
}

impl Default for EvaluateOptions<'_> {
    fn default() -> Self {
        EvaluateOptions {
            batch_size: None,
            steps: None,
            sample_weight: None,
            verbose: Verbose::Auto,
            output: None,
            callbacks: Vec::new(),
        }
    }
}

impl<'a> EvaluateOptions<'a> {
    /// The defaults.
    pub fn new() -> EvaluateOptions<'a> {
        EvaluateOptions::default()
    }

    /// How many samples are computed at a time.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = Some(batch_size);
        self
    }

    /// How many batches are computed, from the first on; should there be fewer, that is the end, with a warning.
    pub fn steps(mut self, steps: usize) -> Self {
        self.steps = Some(steps);
        self
    }

    /// How much each sample, or each of its time steps, counts in the loss and in the metrics that weigh.
    /// Predictions take no notice of it.
    pub fn sample_weight(mut self, sample_weight: impl IntoArrays<'a>) -> Self {
        self.sample_weight = Some(sample_weight.into_arrays());
        self
    }

    /// What is printed.
    pub fn verbose(mut self, verbose: impl Into<Verbose>) -> Self {
        self.verbose = verbose.into();
        self
    }

    /// Where it is printed, if not to standard output.
    pub fn output(mut self, output: impl Write + Send + 'a) -> Self {
        self.output = Some(Box::new(output));
        self
    }

    /// One more callback, lent or given away.
    ///
    /// If one stops, the batch that is running is the last: the result is that of the batches so far.
    pub fn callback(mut self, callback: impl Callback + 'a) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Whether all options are in their ranges.
    pub(crate) fn check(&self) -> Result<(), FitError> {
        let counts = [("batch_size", self.batch_size), ("steps", self.steps)];
        match counts.into_iter().find(|(_, count)| *count == Some(0)) {
            Some((option, _)) => Err(FitError::option(option, "at least 1", 0)),
            None => Ok(()),
        }
    }
}

impl Model {
    /// Loss and metrics on inputs `x` and targets `y`, by name: `logs["loss"]`, `logs["accuracy"]`.
    ///
    /// The model is only read, so several threads may evaluate at once. Nothing is printed.
    /// [`Model::evaluate_with`] has options, and suits models with stateful layers, which each batch changes.
    ///
    /// # Errors
    ///
    /// Data or targets do not suit the model; a layer is stateful.
    pub fn evaluate<'a>(&self, x: impl IntoArrays<'a>, y: impl IntoArrays<'a>) -> Result<Logs, FitError> {
        let (x, y) = (x.into_arrays(), y.into_arrays());
        let batches = Batches::new(self, &x, &y, None, None)?.checked_for(self)?;
        self.check_stateless("evaluate_with")?;
        let (mut batch, mut running) = (Batch::default(), self.running());
        batches.with_reader(batches.len(), |reader| {
            (0..batches.len()).try_for_each(|number| {
                reader.read(number, self, &mut batch)?;
                self.drop_states(self.test_step(&mut batch, &mut running)?);
                Ok::<(), FitError>(())
            })
        })?;
        Ok(running.logs(self.metrics()).clone())
    }

    /// As [`Model::evaluate`], with options: batch size, weights, progress, callbacks.
    ///
    /// # Errors
    ///
    /// Data or targets do not suit the model, or a callback failed.
    pub fn evaluate_with<'a>(
        &mut self,
        x: impl IntoArrays<'a>,
        y: impl IntoArrays<'a>,
        options: EvaluateOptions<'a>,
    ) -> Result<Logs, FitError> {
        let (x, y) = (x.into_arrays(), y.into_arrays());
        options.check()?;
        let batches = Batches::new(self, &x, &y, options.sample_weight.as_ref(), options.batch_size)?
            .with_steps(options.batch_size, options.steps)
            .checked_for(self)?;
        let mut callbacks = CallbackList::new(options.callbacks);
        let (samples, batch_size) = (batches.samples(), batches.batch_size());
        let mut evaluation = Evaluation::new(self, batches, options.steps, false);
        let steps = evaluation.steps;
        let params = Params::of_pass(samples, batch_size, steps, options.verbose, self.seed());
        let progress = Progress::to_user(options.output, options.verbose);
        let mut training = Training::with_progress(self, params, progress);
        training.progress.begin(Some(steps));
        let logs = evaluation.run(&mut training, &mut callbacks)?;
        training.progress.end(&logs);
        Ok(logs)
    }
}

/// Measuring a model on some data, with hooks.
pub(crate) struct Evaluation<'a> {
    pub(crate) batches: Batches<'a>,
    pub(crate) steps: usize,
    /// Whether it is the validation of `fit`, which shows no progress of its own
    /// and which no callback cuts short, as it is training that they stop.
    is_validation: bool,
    batch: Batch,
    running: Running,
}

impl<'a> Evaluation<'a> {
    /// An evaluation of all batches, or of so many.
    pub(crate) fn new(
        model: &Model,
        batches: Batches<'a>,
        steps: Option<usize>,
        is_validation: bool,
    ) -> Evaluation<'a> {
        let (batch, running) = (Batch::default(), model.running());
        Evaluation { steps: steps.unwrap_or(batches.len()), batches, is_validation, batch, running }
    }

    pub(crate) fn run(
        &mut self,
        training: &mut Training<'_>,
        callbacks: &mut CallbackList<'_>,
    ) -> Result<Logs, FitError> {
        let Evaluation { batches, steps, is_validation, batch, running } = self;
        running.reset();
        callbacks.on_test_begin(training)?;
        batches.with_reader(*steps, |reader| {
            for number in 0..*steps {
                if number == batches.len() {
                    training.message(OUT_OF_DATA);
                    break;
                }
                training.batch = number;
                callbacks.on_test_batch_begin(training)?;
                reader.read(number, training.model, batch)?;
                let states = training.model.test_step(batch, running)?;
                training.model.keep(states);
                let logs = running.logs(training.model.metrics());
                callbacks.on_test_batch_end(training, logs)?;
                if *is_validation {
                    continue;
                }
                training.progress.update(number + 1, logs);
                if training.is_stopping() {
                    break;
                }
            }
            Ok::<(), FitError>(())
        })?;
        let logs = running.logs(training.model.metrics()).clone();
        callbacks.on_test_end(training, &logs)?;
        Ok(logs)
    }
}
