//! Draws the progress of a hand-written loop.

use std::fmt;
use std::io::Write;

use olifant_train::{Callback, CallbackError, HookResult, Logs, Params, Plan, Progress, Training, Verbose};

/// Draws a bar or the lines of epochs, as `fit` does by itself: for a hand-written loop.
///
/// Put it last in the [`CallbackList`](olifant_train::CallbackList), behind whoever adds to the logs.
/// The loop's [`Params`] say how many epochs and steps there are.
/// Within `fit` it takes the place of `fit`'s own progress, which has to be silent.
///
/// # Defaults
///
/// [`Verbose::Auto`]: a bar on a terminal, else a line per epoch; standard output.
///
/// # Errors
///
/// Before the first step of `fit`: `fit` is not silent.
///
/// # Examples
///
/// ```
/// # use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// use olifant_callbacks::ProgressBar;
/// use olifant_train::{CallbackList, Compile, Logs, Params, Training, Verbose};
/// # let mut model =
/// #     Sequential::new([1]).add(Dense::new(1)).seed(1).compile(Sgd::new(0.1), MeanSquaredError::new(), ())?;
///
/// let mut output = Vec::new();
/// let bar = ProgressBar::new().verbose(Verbose::Epochs).output(&mut output);
/// let mut params = Params::default();
/// (params.epochs, params.steps) = (2, Some(5));
///
/// let mut callbacks = CallbackList::new(vec![Box::new(bar)]);
/// let mut training = Training::new(&mut model, params);
/// callbacks.on_train_begin(&mut training)?;
/// for epoch in 0..2 {
///     training.begin_epoch(epoch);
///     callbacks.on_epoch_begin(&mut training)?;
///     let mut logs = Logs::from_iter([("loss", 0.25)]);
///     for batch in 0..5 {
///         training.begin_batch(batch);
///         callbacks.on_train_batch_end(&mut training, &logs)?;
///     }
///     callbacks.on_epoch_end(&mut training, &mut logs)?;
/// }
/// drop(callbacks);
/// let output = String::from_utf8(output)?;
/// assert!(output.starts_with("Epoch 1/2\n5/5 - 0s - ") && output.ends_with("/step - loss: 0.2500\n"), "{output}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Keras's `ProgbarLogger`.
pub struct ProgressBar<'a> {
    verbose: Verbose,
    output: Option<Box<dyn Write + Send + 'a>>,
    /// Made when training begins.
    progress: Option<Progress<Box<dyn Write + Send + 'a>>>,
    /// Whether the epoch that is running has begun on the output. One that is gone on with has not.
    has_begun: bool,
}

impl<'a> ProgressBar<'a> {
    /// Draws on standard output.
    pub fn new() -> ProgressBar<'a> {
        ProgressBar::default()
    }

    /// What is drawn; 0, 1 and 2 mean what they mean in Keras.
    pub fn verbose(self, verbose: impl Into<Verbose>) -> Self {
        ProgressBar { verbose: verbose.into(), ..self }
    }

    /// Where it is drawn, if not on standard output.
    pub fn output(self, output: impl Write + Send + 'a) -> Self {
        ProgressBar { output: Some(Box::new(output)), ..self }
    }

    fn progress(&mut self) -> &mut Progress<Box<dyn Write + Send + 'a>> {
        let (output, verbose) = (&mut self.output, self.verbose);
        self.progress.get_or_insert_with(|| Progress::to_user(output.take(), verbose))
    }

    fn begin_epoch(&mut self, training: &Training<'_>) {
        let Params { epochs, steps, .. } = *training.params();
        self.progress().begin_epoch(training.epoch(), epochs, steps);
        self.has_begun = true;
    }
}

impl Default for ProgressBar<'_> {
    fn default() -> Self {
        ProgressBar { verbose: Verbose::Auto, output: None, progress: None, has_begun: false }
    }
}

impl Callback for ProgressBar<'_> {
    fn check(&self, plan: &Plan<'_>) -> HookResult {
        if plan.params().verbose == Verbose::Silent {
            return Ok(());
        }
        let expected =
            "Verbose::Silent in the options of fit, which else draws its own progress beside this one";
        Err(CallbackError::option("verbose", expected, format!("{:?}", plan.params().verbose)))
    }

    fn on_train_begin(&mut self, _training: &mut Training<'_>) -> HookResult {
        self.has_begun = false;
        Ok(())
    }

    fn on_epoch_begin(&mut self, training: &mut Training<'_>) -> HookResult {
        self.begin_epoch(training);
        Ok(())
    }

    fn on_train_batch_begin(&mut self, training: &mut Training<'_>) -> HookResult {
        if !self.has_begun {
            self.begin_epoch(training);
        }
        Ok(())
    }

    fn on_train_batch_end(&mut self, training: &mut Training<'_>, logs: &Logs) -> HookResult {
        self.progress().update(training.batch() + 1, logs);
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        // When a run is resumed behind its last batch, nothing but the validation is left of the epoch.
        if !self.has_begun {
            self.begin_epoch(training);
        }
        self.has_begun = false;
        self.progress().end(logs);
        Ok(())
    }
}

impl fmt::Debug for ProgressBar<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ProgressBar").field("verbose", &self.verbose).finish_non_exhaustive()
    }
}
