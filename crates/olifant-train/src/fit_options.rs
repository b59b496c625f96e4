//! Keras's keyword arguments of `fit`.

use std::{collections::HashMap, io::Write, path::PathBuf};

use crate::{
    Arrays, Callback, FitError, IntoArrays, Shuffle, ValidationFreq, Verbose,
    class_weight::check_class_weight,
};

/// The options of [`Model::fit`](crate::Model::fit), under Keras's names.
///
/// # Defaults
///
/// | option | default | meaning |
/// |---|---|---|
/// | `epochs` | 1 | the index after the last epoch |
/// | `initial_epoch` | 0 | the index of the first epoch |
/// | `batch_size` | 32 | samples per step; the last batch may be smaller. With `steps_per_epoch` s alone: ⌈samples / s⌉ |
/// | `steps_per_epoch` | all | batches per epoch; the next epoch goes on where this one stopped |
/// | `shuffle` | true | samples come in a new order in every epoch; [`Shuffle::WithinBatches`]: only those of a batch |
/// | `validation_split` | none | the share, in (0, 1), at the *end* of the data that is kept for validation |
/// | `validation_data` | none | other data for validation; wins over `validation_split` |
/// | `validation_sample_weight` | none | how much each sample of `validation_data` counts |
/// | `validation_batch_size` | `batch_size` | samples per batch of validation. With `validation_steps` s alone: ⌈samples / s⌉ |
/// | `validation_steps` | all | batches of validation, always from the first |
/// | `validation_freq` | 1 | validate after every so many epochs; a list: after these, counted from 1 |
/// | `class_weight` | none | how much each class counts in training; 1 for those not named |
/// | `sample_weight` | none | how much each sample counts |
/// | `verbose` | [`Verbose::Auto`] | what is printed |
/// | `output` | standard output | where it is printed |
/// | `seed` | the model's | what the order of samples and all dropout follow from |
/// | `resume_from` | none | a file of an interrupted run that goes on |
/// | `callback` | none | who watches |
///
/// # Examples
///
/// ```
/// use olifant_train::{FitOptions, Verbose};
///
/// let options = FitOptions::new().epochs(20).batch_size(128).validation_split(0.1).verbose(Verbose::Epochs);
/// # let _ = options;
/// ```
pub struct FitOptions<'a> {
    pub(crate) epochs: usize,
    pub(crate) initial_epoch: usize,
    pub(crate) batch_size: Option<usize>,
    pub(crate) steps_per_epoch: Option<usize>,
    pub(crate) shuffle: Shuffle,
    pub(crate) validation_split: Option<f64>,
    pub(crate) validation_data: Option<(Arrays<'a>, Arrays<'a>)>,
    pub(crate) validation_sample_weight: Option<Arrays<'a>>,
    pub(crate) validation_batch_size: Option<usize>,
    pub(crate) validation_steps: Option<usize>,
    pub(crate) validation_freq: ValidationFreq,
    pub(crate) class_weight: HashMap<usize, f32>,
    pub(crate) sample_weight: Option<Arrays<'a>>,
    pub(crate) verbose: Verbose,
    pub(crate) output: Option<Box<dyn Write + Send + 'a>>,
    pub(crate) seed: Option<u64>,
    pub(crate) resume_from: Option<PathBuf>,
    pub(crate) callbacks: Vec<Box<dyn Callback + 'a>>,
}

impl Default for FitOptions<'_> {
    fn default() -> Self {
        FitOptions {
            epochs: 1,
            initial_epoch: 0,
            batch_size: None,
            steps_per_epoch: None,
            shuffle: Shuffle::Samples,
            validation_split: None,
            validation_data: None,
            validation_sample_weight: None,
            validation_batch_size: None,
            validation_steps: None,
            validation_freq: ValidationFreq::Every(1),
            class_weight: HashMap::new(),
            sample_weight: None,
            verbose: Verbose::Auto,
            output: None,
            seed: None,
            resume_from: None,
            callbacks: Vec::new(),
        }
    }
}

impl<'a> FitOptions<'a> {
    /// The defaults.
    pub fn new() -> FitOptions<'a> {
        FitOptions::default()
    }

    /// The index after the last epoch: how many epochs there are if training begins at 0.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// The index of the first epoch, to go on after an earlier `fit`.
    pub fn initial_epoch(mut self, initial_epoch: usize) -> Self {
        self.initial_epoch = initial_epoch;
        self
    }

    /// How many samples make a step.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = Some(batch_size);
        self
    }

    /// How many batches make an epoch.
    ///
    /// The next epoch goes on with the data where this one stopped.
    /// Should the data end in the midst of an epoch, the epoch ends with it, with a warning; the next begins it anew.
    pub fn steps_per_epoch(mut self, steps_per_epoch: usize) -> Self {
        self.steps_per_epoch = Some(steps_per_epoch);
        self
    }

    /// Whether samples come in a new order in every epoch, or [`Shuffle::WithinBatches`].
    ///
    /// Those of a [`Stream`](crate::Stream) come in their own, as in Keras.
    pub fn shuffle(mut self, shuffle: impl Into<Shuffle>) -> Self {
        self.shuffle = shuffle.into();
        self
    }

    /// The share at the end of the data, before shuffling, that is kept for validation.
    pub fn validation_split(mut self, validation_split: f64) -> Self {
        self.validation_split = Some(validation_split);
        self
    }

    /// Data for validation.
    pub fn validation_data(mut self, x: impl IntoArrays<'a>, y: impl IntoArrays<'a>) -> Self {
        self.validation_data = Some((x.into_arrays(), y.into_arrays()));
        self
    }

    /// How much each sample of `validation_data` counts.
    pub fn validation_sample_weight(mut self, sample_weight: impl IntoArrays<'a>) -> Self {
        self.validation_sample_weight = Some(sample_weight.into_arrays());
        self
    }

    /// How many samples are validated at a time.
    pub fn validation_batch_size(mut self, validation_batch_size: usize) -> Self {
        self.validation_batch_size = Some(validation_batch_size);
        self
    }

    /// How many batches of validation there are, always from the first on; should there be fewer, with a warning.
    pub fn validation_steps(mut self, validation_steps: usize) -> Self {
        self.validation_steps = Some(validation_steps);
        self
    }

    /// Validate after every so many epochs, or after those in a list, counted from 1.
    pub fn validation_freq(mut self, validation_freq: impl Into<ValidationFreq>) -> Self {
        self.validation_freq = validation_freq.into();
        self
    }

    /// How much each class counts in training: pairs of class index and weight.
    pub fn class_weight(mut self, class_weight: impl IntoIterator<Item = (usize, f32)>) -> Self {
        self.class_weight = class_weight.into_iter().collect();
        self
    }

    /// How much each sample counts: one number for each, or one for each element of the loss.
    pub fn sample_weight(mut self, sample_weight: impl IntoArrays<'a>) -> Self {
        self.sample_weight = Some(sample_weight.into_arrays());
        self
    }

    /// What is printed; 0, 1 and 2 mean what they mean in Keras.
    pub fn verbose(mut self, verbose: impl Into<Verbose>) -> Self {
        self.verbose = verbose.into();
        self
    }

    /// Where it is printed, if not to standard output.
    pub fn output(mut self, output: impl Write + Send + 'a) -> Self {
        self.output = Some(Box::new(output));
        self
    }

    /// What the order of samples and all dropout follow from.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Goes on with an interrupted run, from a file that a callback wrote during that run: see
    /// [`Checkpoint`](crate::Checkpoint). All other arguments must be what they were, but for `epochs`, which may be more.
    ///
    /// Callbacks that know of an interrupted run themselves need no such option.
    pub fn resume_from(mut self, path: impl Into<PathBuf>) -> Self {
        self.resume_from = Some(path.into());
        self
    }

    /// Whether all options are in their ranges, as far as that can be said without the data.
    pub(crate) fn check(&self) -> Result<(), FitError> {
        let counts = [
            ("epochs", self.epochs),
            ("batch_size", self.batch_size.unwrap_or(1)),
            ("steps_per_epoch", self.steps_per_epoch.unwrap_or(1)),
            ("validation_batch_size", self.validation_batch_size.unwrap_or(1)),
            ("validation_steps", self.validation_steps.unwrap_or(1)),
            ("validation_freq", self.validation_freq.smallest()),
        ];
        for (option, count) in counts {
            if count == 0 {
                return Err(FitError::option(option, "at least 1", count));
            }
        }
        check_class_weight(&self.class_weight, self.sample_weight.as_ref())?;
        if self.validation_sample_weight.is_some() && self.validation_data.is_none() {
            let expected = "unset without validation_data; validation_split takes its part of sample_weight";
            return Err(FitError::option("validation_sample_weight", expected, "set"));
        }
        Ok(())
    }

    /// One more callback, lent (`&mut early_stopping`) or given away.
    pub fn callback(mut self, callback: impl Callback + 'a) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// More callbacks: a tuple, an array, a vector. Of other [`FitOptions`] only their callbacks are taken.
    pub fn callbacks(mut self, callbacks: impl IntoFitOptions<'a>) -> Self {
        self.callbacks.extend(callbacks.into_fit_options().callbacks);
        self
    }
}

/// Anything that can be the last argument of `fit`: [`FitOptions`], `()`, a callback,
/// or several of them in a tuple, an array or a vector, lent or given away.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither callbacks nor `FitOptions`",
    note = "nothing is `()`; options are `FitOptions::new().epochs(20)`",
    note = "a callback is lent (`&mut early_stopping`) or given away; several of different types are a tuple"
)]
pub trait IntoFitOptions<'a> {
    /// The options.
    fn into_fit_options(self) -> FitOptions<'a>;
}

impl<'a> IntoFitOptions<'a> for FitOptions<'a> {
    fn into_fit_options(self) -> FitOptions<'a> {
        self
    }
}

impl<'a> IntoFitOptions<'a> for () {
    fn into_fit_options(self) -> FitOptions<'a> {
        FitOptions::new()
    }
}

impl<'a, C: Callback + 'a> IntoFitOptions<'a> for C {
    fn into_fit_options(self) -> FitOptions<'a> {
        FitOptions::new().callback(self)
    }
}

impl<'a, C: Callback + 'a, const N: usize> IntoFitOptions<'a> for [C; N] {
    fn into_fit_options(self) -> FitOptions<'a> {
        self.into_iter().fold(FitOptions::new(), FitOptions::callback)
    }
}

impl<'a, C: Callback + 'a> IntoFitOptions<'a> for Vec<C> {
    fn into_fit_options(self) -> FitOptions<'a> {
        self.into_iter().fold(FitOptions::new(), FitOptions::callback)
    }
}

impl<'a, C: Callback + 'a> IntoFitOptions<'a> for &'a mut Vec<C> {
    fn into_fit_options(self) -> FitOptions<'a> {
        self.iter_mut().fold(FitOptions::new(), FitOptions::callback)
    }
}

impl<'a, C: Callback + 'a> IntoFitOptions<'a> for &'a mut [C] {
    fn into_fit_options(self) -> FitOptions<'a> {
        self.iter_mut().fold(FitOptions::new(), FitOptions::callback)
    }
}

macro_rules! tuples {
    ($($name:ident)+) => {
        impl<'a, $($name: Callback + 'a),+> IntoFitOptions<'a> for ($($name,)+) {
            #[allow(non_snake_case)]
            fn into_fit_options(self) -> FitOptions<'a> {
                let ($($name,)+) = self;
                FitOptions::new()$(.callback($name))+
            }
        }
    };
}

tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);
