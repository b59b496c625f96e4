//! The training loop.

use olifant_core::{Purpose, RandomKey};

use crate::{
    CallbackList, Checkpoint, Ending, FitError, FitOptions, Logs, Shuffle, Training, ValidationFreq,
    batches::{Batch, BatchReader, Batches, OUT_OF_DATA},
    evaluate::Evaluation,
    fit::Data,
    identity::Identity,
    running::Running,
    snapshot::Position,
};

/// One call of `fit`.
pub(crate) struct Run<'a> {
    pub(crate) training: Training<'a>,
    pub(crate) train: Batches<'a>,
    pub(crate) validation: Option<Evaluation<'a>>,
    batch: Batch,
    pub(crate) running: Running,
    pub(crate) shuffle: Shuffle,
    pub(crate) validation_freq: ValidationFreq,
    /// How many batches make an epoch.
    pub(crate) steps: usize,
    /// What comes next.
    pub(crate) position: Position,
    /// Whether a callback stopped training, so that no epoch follows.
    pub(crate) is_over: bool,
    /// Those of the last epoch that ended, without what callbacks added.
    pub(crate) logs: Logs,
    key: RandomKey,
    /// The layers that were frozen when `fit` was called. Callbacks may freeze others.
    pub(crate) frozen_layers: Vec<String>,
    /// Found out when the first snapshot is taken or a run is resumed, as all data is read for it.
    pub(crate) identity: Option<Identity>,
}

impl<'a> Run<'a> {
    /// A run that begins with the first epoch.
    pub(crate) fn new(
        training: Training<'a>,
        (train, validation): Data<'a>,
        options: &FitOptions<'_>,
    ) -> Run<'a> {
        let (model, params) = (&*training.model, training.params());
        let validate = |batches| Evaluation::new(model, batches, options.validation_steps, true);
        let validation = validation.map(validate);
        Run {
            batch: Batch::default(),
            running: model.running(),
            shuffle: options.shuffle,
            validation_freq: options.validation_freq.clone(),
            steps: options.steps_per_epoch.unwrap_or(train.len()),
            position: Position {
                epoch: params.initial_epoch,
                pass: params.initial_epoch,
                ..Position::default()
            },
            is_over: false,
            logs: Logs::new(),
            key: RandomKey::from_seed(params.seed),
            frozen_layers: model.network().frozen_layers(),
            identity: None,
            training,
            train,
            validation,
        }
    }
}

impl Run<'_> {
    /// All epochs, and `on_train_end` however they ended.
    pub(crate) fn run(
        &mut self,
        checkpoint: Option<Checkpoint>,
        callbacks: &mut CallbackList<'_>,
    ) -> Result<(), FitError> {
        let states = checkpoint.map(|checkpoint| self.resume(checkpoint, callbacks)).transpose()?;
        let begun = match states {
            Some(states) => callbacks
                .on_train_resume(&mut self.training, &states)
                .and_then(|()| self.safe_point(callbacks)),
            None => callbacks.on_train_begin(&mut self.training),
        };
        let result = begun.and_then(|()| self.epochs(callbacks));
        match &result {
            Ok(()) => {
                self.training.model.finalize_weights();
                self.training.end();
            }
            Err(FitError::Interrupted { .. }) => self.training.ending = Some(Ending::Interrupted),
            Err(error) => self.training.ending = Some(Ending::Failed(error.to_string())),
        }
        let logs = if result.is_ok() { std::mem::take(&mut self.logs) } else { Logs::new() };
        let ended = callbacks.on_train_end(&mut self.training, &logs);
        result.and(ended)
    }

    fn epochs(&mut self, callbacks: &mut CallbackList<'_>) -> Result<(), FitError> {
        while !self.is_over && self.position.epoch < self.training.params().epochs {
            self.epoch(callbacks)?;
            self.is_over = self.training.is_stopping();
        }
        Ok(())
    }

    /// An epoch, or what an interruption has left of it.
    fn epoch(&mut self, callbacks: &mut CallbackList<'_>) -> Result<(), FitError> {
        let epoch = self.position.epoch;
        self.training.begin_epoch(epoch);
        if self.position.batch == 0 {
            self.running.reset();
            callbacks.on_epoch_begin(&mut self.training)?;
        }
        self.training.progress.begin_epoch(epoch, self.training.params().epochs, Some(self.steps));
        self.train_batches(callbacks)?;
        let mut logs = self.running.logs(self.training.model.metrics()).clone();
        if self.validation_freq.is_due(epoch)
            && let Some(validation) = &mut self.validation
        {
            let validation_logs = validation.run(&mut self.training, callbacks)?;
            logs.extend_prefixed("val_", &validation_logs);
            logs.sort();
        }
        self.logs = logs.clone();
        callbacks.on_epoch_end(&mut self.training, &mut logs)?;
        self.training.end_epoch(&logs);
        (self.position.epoch, self.position.batch) = (epoch + 1, 0);
        self.safe_point(callbacks)?;
        self.training.progress.end(&logs);
        Ok(())
    }

    /// The batches of an epoch that are left, until a callback stops.
    fn train_batches(&mut self, callbacks: &mut CallbackList<'_>) -> Result<(), FitError> {
        if self.position.batch == 0 && self.position.cursor == self.train.len() {
            (self.position.pass, self.position.cursor) = (self.position.pass + 1, 0);
        }
        let order = self.key.purpose(Purpose::Shuffle).derive(self.position.pass as u64);
        self.train.shuffle(self.shuffle, order);
        let train = self.train.clone();
        let end = self.position.cursor + self.steps.saturating_sub(self.position.batch);
        train.with_reader(end, |reader| {
            // A stop that is asked for before the first batch takes effect after it, as in Keras.
            while self.position.batch < self.steps
                && (self.position.batch == 0 || !self.training.is_stopping())
            {
                if self.position.cursor == train.len() {
                    self.training.message(OUT_OF_DATA);
                    break;
                }
                self.train_batch(reader, callbacks)?;
            }
            Ok(())
        })
    }

    fn train_batch(
        &mut self,
        reader: &mut BatchReader<'_>,
        callbacks: &mut CallbackList<'_>,
    ) -> Result<(), FitError> {
        self.training.begin_batch(self.position.batch);
        callbacks.on_train_batch_begin(&mut self.training)?;
        reader.read(self.position.cursor, self.training.model, &mut self.batch)?;
        self.training.model.train_step(&mut self.batch, self.key, &mut self.running)?;
        (self.position.batch, self.position.cursor) = (self.position.batch + 1, self.position.cursor + 1);
        let logs = self.running.logs(self.training.model.metrics());
        callbacks.on_train_batch_end(&mut self.training, logs)?;
        self.training.progress.update(self.position.batch, logs);
        self.safe_point(callbacks)
    }
}
