//! One batch by hand.

use std::collections::HashMap;

use olifant_core::RandomKey;

use crate::{
    Arrays, FitError, IntoArrays, Logs, Model,
    batches::{Batch, Batches, inputs},
    class_weight::check_class_weight,
};

/// The options of [`Model::train_on_batch_with`] and [`Model::test_on_batch_with`], under Keras's names.
///
/// # Defaults
///
/// All samples count alike.
#[derive(Default)]
pub struct BatchOptions<'a> {
    sample_weight: Option<Arrays<'a>>,
    class_weight: HashMap<usize, f32>,
}

impl<'a> BatchOptions<'a> {
    /// The defaults.
    pub fn new() -> BatchOptions<'a> {
        BatchOptions::default()
    }

    /// How much each sample counts: one number for each, or one for each of its time steps.
    pub fn sample_weight(mut self, sample_weight: impl IntoArrays<'a>) -> Self {
        self.sample_weight = Some(sample_weight.into_arrays());
        self
    }

    /// How much each class counts in training: pairs of class index and weight.
    pub fn class_weight(mut self, class_weight: impl IntoIterator<Item = (usize, f32)>) -> Self {
        self.class_weight = class_weight.into_iter().collect();
        self
    }
}

impl Model {
    /// One step on these samples; returns loss and metrics of this batch from before the step.
    ///
    /// It is the step that `fit` would make next: optimizer and dropout go on from the steps made before, by either.
    /// No callbacks are called. [`Model::train_on_batch_with`] has options.
    ///
    /// # Errors
    ///
    /// Data or targets do not suit the model.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::array;
    /// use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
    /// use olifant_train::Compile;
    ///
    /// let mut model =
    ///     Sequential::new([1]).add(Dense::new(1)).compile(Sgd::new(0.1), MeanSquaredError::new(), ())?;
    /// let (x, y) = (array![[1.0], [2.0]], array![2.0, 4.0]);
    /// let before = model.train_on_batch(&x, &y)?;
    /// let after = model.test_on_batch(&x, &y)?;
    /// assert!(after["loss"] < before["loss"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn train_on_batch<'a>(
        &mut self,
        x: impl IntoArrays<'a>,
        y: impl IntoArrays<'a>,
    ) -> Result<Logs, FitError> {
        self.train_on_batch_with(x, y, BatchOptions::new())
    }

    /// As [`Model::train_on_batch`], with weights of samples or of classes.
    ///
    /// # Errors
    ///
    /// Data, targets or options do not suit the model.
    pub fn train_on_batch_with<'a>(
        &mut self,
        x: impl IntoArrays<'a>,
        y: impl IntoArrays<'a>,
        options: BatchOptions<'a>,
    ) -> Result<Logs, FitError> {
        let (x, y) = (x.into_arrays(), y.into_arrays());
        let mut batch = self.batch(&x, &y, &options)?;
        let mut running = self.running();
        self.train_step(&mut batch, RandomKey::from_seed(self.seed()), &mut running)?;
        Ok(running.logs(self.metrics()).clone())
    }

    /// Loss and metrics of this batch, without learning.
    ///
    /// No callbacks are called. [`Model::test_on_batch_with`] has options.
    ///
    /// # Errors
    ///
    /// Data or targets do not suit the model; a layer is stateful.
    pub fn test_on_batch<'a>(
        &self,
        x: impl IntoArrays<'a>,
        y: impl IntoArrays<'a>,
    ) -> Result<Logs, FitError> {
        self.test_on_batch_with(x, y, BatchOptions::new())
    }

    /// As [`Model::test_on_batch`], with weights of samples.
    ///
    /// # Errors
    ///
    /// Data, targets or options do not suit the model; a layer is stateful; weights of classes are for training only.
    pub fn test_on_batch_with<'a>(
        &self,
        x: impl IntoArrays<'a>,
        y: impl IntoArrays<'a>,
        options: BatchOptions<'a>,
    ) -> Result<Logs, FitError> {
        if !options.class_weight.is_empty() {
            return Err(FitError::option("class_weight", "unset but in training", "set"));
        }
        let (x, y) = (x.into_arrays(), y.into_arrays());
        let mut batch = self.batch(&x, &y, &options)?;
        self.check_stateless("evaluate_with")?;
        let mut running = self.running();
        self.drop_states(self.test_step(&mut batch, &mut running)?);
        Ok(running.logs(self.metrics()).clone())
    }

    /// All samples as one batch.
    fn batch(&self, x: &Arrays<'_>, y: &Arrays<'_>, options: &BatchOptions<'_>) -> Result<Batch, FitError> {
        check_class_weight(&options.class_weight, options.sample_weight.as_ref())?;
        let samples = inputs(self, x)?[0].len;
        let weights = options.sample_weight.as_ref();
        let batches = Batches::new(self, x, y, weights, Some(samples.max(1)))?.checked_for(self)?;
        let mut batch = Batch::default();
        batches.class_weight(&options.class_weight)?.read(0, self, &mut batch)?;
        Ok(batch)
    }
}
