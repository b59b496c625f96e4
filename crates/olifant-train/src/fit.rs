//! The training loop.

use std::ops::ControlFlow;

use olifant_core::{Purpose, RandomKey};

use crate::{
    Arrays, CallbackList, Ending, FitError, FitOptions, History, IntoArrays, IntoFitOptions, Logs, Model,
    Params, Plan, Progress, Training,
    batches::{Batch, Batches},
    running::Running,
};

impl Model {
    /// Trains the model on inputs `x` and targets `y`.
    ///
    /// The last argument is [`FitOptions`], or just callbacks: `()`, one of them, a tuple, an array or a vector,
    /// lent (`&mut early_stopping`, which is still yours afterwards) or given away.
    ///
    /// The same seed gives the same bits, on any number of threads.
    ///
    /// # Errors
    ///
    /// Data, targets or options do not suit the model; a callback cannot work, or failed.
    /// Everything that can be known beforehand is checked before the first step.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::array;
    /// use olifant_nn::{Activation, Sequential, layers::Dense, losses::BinaryCrossentropy, optimizers::Adam};
    /// use olifant_train::{Compile, FitOptions, Verbose};
    ///
    /// let (x, y) = (array![[0., 0.], [0., 1.], [1., 0.], [1., 1.]], array![0, 1, 1, 0]);
    /// let mut model = Sequential::new([2])
    ///     .add(Dense::new(8).activation(Activation::Tanh))
    ///     .add(Dense::new(1).activation(Activation::Sigmoid))
    ///     .seed(1)
    ///     .compile(Adam::new(0.1), BinaryCrossentropy::new(), ())?;
    /// let history = model.fit(&x, &y, FitOptions::new().epochs(100).verbose(Verbose::Silent))?;
    /// assert!(history["loss"][99] < 0.1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fit<'a>(
        &mut self,
        x: impl IntoArrays<'a>,
        y: impl IntoArrays<'a>,
        options: impl IntoFitOptions<'a>,
    ) -> Result<History, FitError> {
        let (x, y, options) = (x.into_arrays(), y.into_arrays(), options.into_fit_options());
        self.fit_arrays(&x, &y, options)
    }

    fn fit_arrays(
        &mut self,
        x: &Arrays<'_>,
        y: &Arrays<'_>,
        options: FitOptions<'_>,
    ) -> Result<History, FitError> {
        let FitOptions { epochs, initial_epoch, batch_size, shuffle, validation_freq, verbose, .. } = options;
        options.check()?;
        let validation_batch_size = options.validation_batch_size.unwrap_or(batch_size);
        let all = Batches::new(self, x, y, options.sample_weight.as_ref(), batch_size)?;
        let (train, validation) = match (&options.validation_data, options.validation_split) {
            (Some((x, y)), _) => {
                let weights = options.validation_sample_weight.as_ref();
                (all, Some(Batches::new(self, x, y, weights, validation_batch_size)?))
            }
            (None, Some(share)) => all
                .split(share, validation_batch_size)
                .map(|(train, validation)| (train, Some(validation)))?,
            (None, None) => (all, None),
        };
        let train = train.class_weight(&options.class_weight);
        let seed = options.seed.unwrap_or(self.seed());
        let params = Params {
            verbose,
            epochs,
            initial_epoch,
            steps: Some(train.len()),
            batch_size,
            samples: train.samples(),
            validation_samples: validation.as_ref().map_or(0, Batches::samples),
            seed,
        };
        let mut callbacks = CallbackList::new(options.callbacks);
        callbacks.check(Plan::new(self, &params))?;
        let progress = Progress::to_user(options.output, verbose);
        let mut run = Run {
            running: self.running(),
            validation_running: self.running(),
            training: Training::with_progress(self, params, progress),
            train,
            validation,
            batch: Batch::default(),
            shuffle,
            validation_freq,
            key: RandomKey::from_seed(seed),
        };
        run.run(&mut callbacks)?;
        Ok(run.training.history)
    }
}

/// One call of `fit`.
struct Run<'a> {
    training: Training<'a>,
    train: Batches<'a>,
    validation: Option<Batches<'a>>,
    batch: Batch,
    running: Running,
    validation_running: Running,
    shuffle: bool,
    validation_freq: usize,
    key: RandomKey,
}

impl Run<'_> {
    /// All epochs, and `on_train_end` however they ended.
    fn run(&mut self, callbacks: &mut CallbackList<'_>) -> Result<(), FitError> {
        let result = self.epochs(callbacks);
        match &result {
            Ok(_) => self.training.end(),
            Err(error) => self.training.ending = Some(Ending::Failed(error.to_string())),
        }
        let logs = result.as_ref().map_or_else(|_| Logs::new(), Logs::clone);
        let ended = callbacks.on_train_end(&mut self.training, &logs);
        result.and(ended)
    }

    /// Returns the logs of the last epoch, without what callbacks added.
    fn epochs(&mut self, callbacks: &mut CallbackList<'_>) -> Result<Logs, FitError> {
        let mut logs = Logs::new();
        callbacks.on_train_begin(&mut self.training)?;
        for epoch in self.training.params().initial_epoch..self.training.params().epochs {
            logs = self.epoch(epoch, callbacks)?;
            if self.training.is_stopping() {
                break;
            }
        }
        Ok(logs)
    }

    fn epoch(&mut self, epoch: usize, callbacks: &mut CallbackList<'_>) -> Result<Logs, FitError> {
        self.training.begin_epoch(epoch);
        self.running.reset();
        callbacks.on_epoch_begin(&mut self.training)?;
        self.training.progress.begin_epoch(epoch, self.training.params().epochs, Some(self.train.len()));
        if self.shuffle {
            self.train.shuffle(self.key.purpose(Purpose::Shuffle).derive(epoch as u64));
        }
        for number in 0..self.train.len() {
            if self.train_batch(number, callbacks)?.is_break() {
                break;
            }
        }
        let mut logs = self.running.logs(self.training.model.metrics()).clone();
        if (epoch + 1).is_multiple_of(self.validation_freq)
            && let Some(validation) = &self.validation
        {
            let running = &mut self.validation_running;
            let validation_logs = crate::evaluate::run(
                &mut self.training,
                callbacks,
                validation,
                &mut self.batch,
                running,
                false,
            )?;
            logs.extend_prefixed("val_", &validation_logs);
            logs.sort();
        }
        let trained = logs.clone();
        callbacks.on_epoch_end(&mut self.training, &mut logs)?;
        self.training.end_epoch(&logs);
        self.training.progress.end(&logs);
        Ok(trained)
    }

    fn train_batch(
        &mut self,
        number: usize,
        callbacks: &mut CallbackList<'_>,
    ) -> Result<ControlFlow<()>, FitError> {
        self.training.begin_batch(number);
        callbacks.on_train_batch_begin(&mut self.training)?;
        self.train.read(number, self.training.model, &mut self.batch)?;
        self.training.model.train_step(&mut self.batch, self.key, &mut self.running)?;
        let logs = self.running.logs(self.training.model.metrics());
        callbacks.on_train_batch_end(&mut self.training, logs)?;
        self.training.progress.update(number + 1, logs);
        Ok(if self.training.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}
