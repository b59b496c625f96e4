//! Training a model: what is asked for is checked and put together; the loop is in `run.rs`.

use crate::{
    Arrays, CallbackList, Checkpoint, FitError, FitOptions, History, IntoArrays, IntoFitOptions, Model,
    Params, Plan, Progress, Training, batches::Batches, run::Run,
};

impl Model {
    /// Trains the model on inputs `x` and targets `y`.
    ///
    /// The last argument is [`FitOptions`], or just callbacks: `()`, one of them, a tuple, an array or a vector,
    /// lent (`&mut early_stopping`, which is still yours afterwards) or given away.
    ///
    /// The same seed gives the same bits, on any number of threads.
    ///
    /// If a callback knows of an interrupted run, that run goes on from where it stood, to the same bits again:
    /// weights, history, the order of samples, and what all callbacks remember are as if nothing had happened.
    ///
    /// # Errors
    ///
    /// Data, targets or options do not suit the model; a callback cannot work, or failed;
    /// a run that was to be resumed differs from this one in model, data, options or callbacks.
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
        mut options: FitOptions<'_>,
    ) -> Result<History, FitError> {
        options.check()?;
        let mut callbacks = CallbackList::new(std::mem::take(&mut options.callbacks));
        let progress = Progress::to_user(options.output.take(), options.verbose);
        let data = data(self, x, y, &options)?;
        let mut params = params(self, &data, &options);
        let has_stream = data.0.is_stream() || data.1.as_ref().is_some_and(Batches::is_stream);
        let mut plan = Plan::new(self, &params);
        plan.has_stream = has_stream;
        callbacks.check(plan)?;
        let checkpoint = match &options.resume_from {
            Some(path) if has_stream => {
                let expected = "unset with a stream, which cannot be resumed";
                return Err(FitError::option("resume_from", expected, path.display()));
            }
            Some(path) => Some(Checkpoint::load(path)?),
            None => callbacks.resume()?,
        };
        let given_seed = options.seed.or(self.given_seed());
        let interrupted_seed = checkpoint.as_ref().map(|checkpoint| checkpoint.snapshot.seed);
        params.seed = given_seed.or(interrupted_seed).unwrap_or(self.seed());
        let mut training = Training::of_fit(self, params, progress);
        training.takes_snapshots = !has_stream;
        let mut run = Run::new(training, data, &options);
        run.run(checkpoint, &mut callbacks)?;
        Ok(run.training.history)
    }
}

/// What is known of a run before it begins, but for a seed that is not the model's.
fn params(model: &Model, (train, validation): &Data<'_>, options: &FitOptions<'_>) -> Params {
    Params {
        verbose: options.verbose,
        epochs: options.epochs,
        initial_epoch: options.initial_epoch,
        steps: Some(options.steps_per_epoch.unwrap_or(train.len())),
        batch_size: train.batch_size(),
        samples: train.samples(),
        validation_samples: validation.as_ref().map_or(0, Batches::samples),
        seed: model.seed(),
    }
}

/// What to train on, and what to validate on.
pub(crate) type Data<'a> = (Batches<'a>, Option<Batches<'a>>);

/// Checks the data and takes it apart.
fn data<'a>(
    model: &Model,
    x: &'a Arrays<'a>,
    y: &'a Arrays<'a>,
    options: &'a FitOptions<'_>,
) -> Result<Data<'a>, FitError> {
    let all = Batches::new(model, x, y, options.sample_weight.as_ref(), options.batch_size)?;
    let validation_batch_size = options.validation_batch_size.or(options.batch_size);
    let (train, validation) = match (&options.validation_data, options.validation_split) {
        (Some((x, y)), _) => {
            let weights = options.validation_sample_weight.as_ref();
            (all, Some(Batches::new(model, x, y, weights, validation_batch_size)?))
        }
        (None, Some(share)) => {
            let (train, validation) = all.split(share, validation_batch_size)?;
            (train, Some(validation))
        }
        (None, None) => (all, None),
    };
    let train = train.with_steps(options.batch_size, options.steps_per_epoch).checked_for(model)?;
    let validation = validation.map(|batches| {
        batches.with_steps(validation_batch_size, options.validation_steps).checked_for(model)
    });
    let validation = validation.transpose()?;
    Ok((train.class_weight(&options.class_weight)?, validation))
}
