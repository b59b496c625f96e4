//! What a metric is.

use std::fmt;

use olifant_core::{Float, Shape, TensorView};

use crate::{BuildError, TargetError};

/// Which way a metric improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// Less is better: losses and errors.
    Minimize,
    /// More is better: accuracies and scores.
    Maximize,
}

/// A number to watch, accumulated over the batches of an epoch.
///
/// The sums live outside the metric, as the slots of an optimizer do:
/// a metric is only the rule, so evaluating needs no exclusive access, and checkpoints need no further code.
/// A program that only loads a model must mention the crate its metrics come from: `use their_metrics as _;`.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Metric, MetricBatch, Objective};
/// use serde::{Deserialize, Serialize};
///
/// /// The share of predictions above one half.
/// #[derive(Clone, Debug, Serialize, Deserialize)]
/// struct PositiveRate;
///
/// #[typetag::serde(name = "my_crate/positive_rate")]
/// impl Metric for PositiveRate {
///     fn name(&self) -> &str {
///         "positive_rate"
///     }
///
///     fn objective(&self) -> Objective {
///         Objective::Maximize
///     }
///
///     fn update(&self, sums: &mut [f64], batch: &MetricBatch<'_>) {
///         sums[0] += batch.y_pred.data.iter().filter(|&&p| p > 0.5).count() as f64;
///         sums[1] += batch.y_pred.data.len() as f64;
///     }
/// }
/// ```
#[typetag::serde(tag = "metric")]
pub trait Metric: fmt::Debug + Send + Sync + 'static {
    /// The key in the logs.
    fn name(&self) -> &str;

    /// Which way it improves.
    fn objective(&self) -> Objective;

    /// Whether all options are in their ranges; asked once, when a model is compiled.
    ///
    /// # Errors
    ///
    /// The first option that is not.
    fn check_options(&self) -> Result<(), BuildError> {
        Ok(())
    }

    /// Whether targets and predictions of these shapes (batch axis in front) suit the metric; by default all do.
    ///
    /// # Errors
    ///
    /// They do not; without this check the value would mean nothing.
    fn check(&self, y_true: Shape, y_pred: Shape) -> Result<(), TargetError> {
        let _ = (y_true, y_pred);
        Ok(())
    }

    /// How many sums it accumulates. They start at zero.
    fn sums(&self) -> usize {
        2
    }

    /// How many sums it accumulates for predictions of this shape, without the batch axis; by default always as many.
    fn sums_for(&self, prediction: Shape) -> usize {
        let _ = prediction;
        self.sums()
    }

    /// Adds a batch to the sums.
    fn update(&self, sums: &mut [f64], batch: &MetricBatch<'_>);

    /// The value that the sums stand for; by default `sums[0] / sums[1]`, and 0 when nothing was added.
    fn result(&self, sums: &[f64]) -> f64 {
        if sums[1] == 0.0 { 0.0 } else { sums[0] / sums[1] }
    }
}

/// What a metric is told of a batch.
#[derive(Clone, Copy, Debug)]
pub struct MetricBatch<'a> {
    /// The targets, batch axis in front.
    pub y_true: TensorView<'a>,
    /// The predictions, batch axis in front.
    pub y_pred: TensorView<'a>,
    /// The weight of each sample, if samples are weighted; or as many weights for each as it has time steps.
    pub sample_weight: Option<&'a [Float]>,
}

impl MetricBatch<'_> {
    /// How many samples the batch has.
    pub fn samples(&self) -> usize {
        self.y_pred.shape.axes().first().copied().unwrap_or(0)
    }
}

/// A metric, and which output of its model it watches.
#[derive(Debug)]
pub struct OutputMetric {
    /// The name of the layer that the output comes from; `None` for the only output.
    pub output: Option<String>,
    /// The metric.
    pub metric: Box<dyn Metric>,
}

/// Anything that names the metrics of a model: `()`, one metric, an array, a vector, a tuple of up to six,
/// and for models with several outputs [`MetricsByOutput`].
pub trait IntoMetrics: Sized {
    /// The metrics in the order given.
    fn into_metrics(self) -> Vec<Box<dyn Metric>>;

    /// The metrics, each with the output it watches.
    fn into_output_metrics(self) -> Vec<OutputMetric> {
        let metrics = self.into_metrics().into_iter();
        metrics.map(|metric| OutputMetric { output: None, metric }).collect()
    }
}

/// The metrics of a model with several outputs; in the logs they are called `<output>_<metric>`.
///
/// # Examples
///
/// ```
/// use olifant_nn::{MetricsByOutput, metrics::{Accuracy, MeanAbsoluteError}};
///
/// let metrics = MetricsByOutput::new()
///     .output("digit", [Accuracy::new()])
///     .output("angle", MeanAbsoluteError::new());
/// ```
#[derive(Debug, Default)]
pub struct MetricsByOutput {
    metrics: Vec<OutputMetric>,
}

impl MetricsByOutput {
    /// No metric yet.
    pub fn new() -> MetricsByOutput {
        MetricsByOutput::default()
    }

    /// Metrics of one output, which is called after the layer it comes from.
    pub fn output(mut self, output: &str, metrics: impl IntoMetrics) -> MetricsByOutput {
        let metrics = metrics.into_metrics().into_iter();
        self.metrics.extend(metrics.map(|metric| OutputMetric { output: Some(output.to_owned()), metric }));
        self
    }
}

impl IntoMetrics for MetricsByOutput {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        self.metrics.into_iter().map(|metric| metric.metric).collect()
    }

    fn into_output_metrics(self) -> Vec<OutputMetric> {
        self.metrics
    }
}

impl IntoMetrics for () {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        Vec::new()
    }
}

impl<M: Metric> IntoMetrics for M {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        vec![Box::new(self)]
    }
}

impl<M: Metric, const N: usize> IntoMetrics for [M; N] {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        self.into_iter().map(|metric| Box::new(metric) as Box<dyn Metric>).collect()
    }
}

impl<const N: usize> IntoMetrics for [Box<dyn Metric>; N] {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        self.into()
    }
}

impl IntoMetrics for Vec<Box<dyn Metric>> {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        self
    }
}

macro_rules! tuples {
    ($($name:ident)+) => {
        impl<$($name: Metric),+> IntoMetrics for ($($name,)+) {
            #[allow(non_snake_case)]
            fn into_metrics(self) -> Vec<Box<dyn Metric>> {
                let ($($name,)+) = self;
                vec![$(Box::new($name)),+]
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
