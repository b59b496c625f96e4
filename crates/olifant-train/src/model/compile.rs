//! Deciding how a network is trained.

use olifant_core::Float;
use olifant_nn::{BuildError, Functional, IntoLosses, IntoMetrics, Optimizer, Sequential};
use rand::{TryRngCore, rngs::OsRng};

use crate::{Model, compiled_losses::CompiledLosses, metric_list::MetricList};

/// Turns the description of a network into a [`Model`], or decides anew how a model is trained.
pub trait Compile {
    /// Builds the network and decides how it is trained.
    ///
    /// A model that is compiled again, after [`Model::load`] for example, keeps its weights;
    /// the optimizer remembers nothing, and all metrics are replaced.
    ///
    /// `loss` is one for all outputs, or for several outputs an array or a tuple of them.
    /// `metrics` is `()`, one metric, an array `[Accuracy::new()]`, or for several types a tuple;
    /// for several outputs it is [`MetricsByOutput`](olifant_nn::MetricsByOutput).
    ///
    /// # Errors
    ///
    /// A layer does not suit its inputs, or an option is outside its range.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::array;
    /// use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::{Adam, Sgd}};
    /// use olifant_train::Compile;
    ///
    /// let mut model =
    ///     Sequential::new([1]).add(Dense::new(1)).compile(Adam::new(0.1), MeanSquaredError::new(), ())?;
    /// model.fit(array![[1.0], [2.0]], array![2.0, 4.0], ())?;
    /// // The last steps with another optimizer.
    /// let mut model = model.compile(Sgd::new(0.001), MeanSquaredError::new(), ())?;
    /// model.fit(array![[1.0], [2.0]], array![2.0, 4.0], ())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn compile(
        self,
        optimizer: impl Optimizer,
        loss: impl IntoLosses,
        metrics: impl IntoMetrics,
    ) -> Result<Model, BuildError>;
}

/// Compiles what describes a network: both kinds of description have the same methods.
macro_rules! compile_description {
    ($Description:ident) => {
        impl Compile for $Description {
            fn compile(
                self,
                optimizer: impl Optimizer,
                loss: impl IntoLosses,
                metrics: impl IntoMetrics,
            ) -> Result<Model, BuildError> {
                let (seed, seed_is_drawn) =
                    self.given_seed().map_or_else(|| (random_seed(), true), |seed| (seed, false));
                let (optimizer, losses) = (Box::new(optimizer), CompiledLosses::new(loss.into_losses()));
                let metrics = MetricList::new(metrics.into_output_metrics(), Vec::new());
                let model = Model::new(self.build(seed)?, seed, optimizer, losses, metrics)?;
                Ok(Model { seed_is_drawn, ..model })
            }
        }
    };
}

compile_description!(Sequential);
compile_description!(Functional);

impl Compile for Model {
    fn compile(
        mut self,
        optimizer: impl Optimizer,
        loss: impl IntoLosses,
        metrics: impl IntoMetrics,
    ) -> Result<Model, BuildError> {
        self.put_weights_back();
        let (optimizer, losses) = (Box::new(optimizer), CompiledLosses::new(loss.into_losses()));
        let metrics = MetricList::new(metrics.into_output_metrics(), Vec::new());
        let model = Model::new(self.network, self.seed, optimizer, losses, metrics)?;
        Ok(Model { seed_is_drawn: self.seed_is_drawn, ..model })
    }
}

impl Model {
    /// Metrics that weigh samples as the loss does, by `sample_weight` or `class_weight`: Σ w·v / Σ w.
    ///
    /// They replace those given before. The metrics of [`Compile::compile`] count all samples alike.
    /// One whose name is taken already is logged as `weighted_name`.
    ///
    /// # Errors
    ///
    /// An option of a metric is outside its range.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::array;
    /// use olifant_nn::{Sequential, layers::Dense, losses, metrics::MeanAbsoluteError, optimizers::Sgd};
    /// use olifant_train::{Compile, EvaluateOptions};
    ///
    /// let mut model = Sequential::new([1])
    ///     .add(Dense::new(1))
    ///     .compile(Sgd::new(0.1), losses::MeanSquaredError::new(), MeanAbsoluteError::new())?
    ///     .weighted_metrics(MeanAbsoluteError::new())?;
    /// model.weights_mut().trainable_mut().fill(0.0);
    ///
    /// let options = EvaluateOptions::new().sample_weight(array![3.0, 1.0]);
    /// let logs = model.evaluate_with(array![[0.0], [0.0]], array![1.0, 5.0], options)?;
    /// assert_eq!(logs["mean_absolute_error"], 3.0);
    /// assert_eq!(logs["weighted_mean_absolute_error"], 2.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn weighted_metrics(mut self, metrics: impl IntoMetrics) -> Result<Model, BuildError> {
        self.metrics = self.metrics.with_weighted(metrics.into_output_metrics()).of_network(&self.network)?;
        self.metrics.check_options()?;
        Ok(self)
    }

    /// How much the loss of each output counts, in their order: `[0.5]`.
    ///
    /// The losses are multiplied by it, penalties of regularizers are not.
    ///
    /// # Defaults
    ///
    /// 1.
    ///
    /// # Errors
    ///
    /// There are more or fewer numbers than outputs, or one is not finite.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::array;
    /// use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
    /// use olifant_train::Compile;
    ///
    /// let mut model = Sequential::new([1])
    ///     .add(Dense::new(1))
    ///     .compile(Sgd::new(0.1), MeanSquaredError::new(), ())?
    ///     .loss_weights([0.25])?;
    /// model.weights_mut().trainable_mut().fill(0.0);
    /// assert_eq!(model.evaluate(array![[1.0]], array![4.0])?["loss"], 4.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn loss_weights(mut self, loss_weights: impl AsRef<[Float]>) -> Result<Model, BuildError> {
        self.losses = self.losses.with_weights(loss_weights.as_ref(), &self.network)?;
        Ok(self)
    }
}

/// A seed from the operating system, short enough to be typed again.
fn random_seed() -> u64 {
    // Where the system has no randomness to give, a fixed seed still trains.
    u64::from(OsRng.try_next_u32().unwrap_or(42))
}
