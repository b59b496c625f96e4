//! Metrics that are the mean of a loss, which they compute as the loss does.

use std::sync::{Mutex, PoisonError};

use olifant_core::{Mode, Shape, Tape, TensorView, Weights, Workspace};

use super::weighted_mean::add_to_mean;
use crate::{Loss, MetricBatch, TargetError};

/// The memory in which a loss is computed. It holds nothing between two batches, so all are equal, and a clone has none.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Option<Workspace>>);

impl Clone for Memory {
    fn clone(&self) -> Memory {
        Memory::default()
    }
}

impl PartialEq for Memory {
    fn eq(&self, _: &Memory) -> bool {
        true
    }
}

impl Memory {
    /// Adds the losses of a batch, times a sign, to the mean.
    ///
    /// Targets that the loss cannot work with make the mean NaN, so that it shows.
    pub(super) fn add_losses(&self, sums: &mut [f64], batch: &MetricBatch<'_>, loss: &dyn Loss, sign: f64) {
        if batch.y_pred.data.is_empty() {
            return;
        }
        if loss.check(batch.y_true, batch.y_pred.shape).is_err() {
            sums[0] = f64::NAN;
            return;
        }
        let place = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let workspace = place().take().unwrap_or_default();
        let weights = Weights::default();
        let tape = Tape::record(workspace, &weights, Mode::Inference);
        let losses = loss.call(tape.input(batch.y_true), tape.input(batch.y_pred));
        losses.with_value(|losses| {
            add_to_mean(sums, batch, losses.data.iter().map(|&loss| sign * f64::from(loss)));
        });
        *place() = Some(tape.finish());
    }
}

/// Whether targets of this shape suit a loss; their numbers are not known yet.
pub(super) fn check_shape(loss: &dyn Loss, y_true: Shape, y_pred: Shape) -> Result<(), TargetError> {
    loss.check(TensorView { data: &[], shape: y_true }, y_pred)
}

/// Writes a metric with `new` and `name`, which is the mean of a loss.
///
/// Its options besides the name are those of the loss, and its builder methods for them stand beside it.
macro_rules! loss_mean {
    ($(#[$doc:meta])* $Metric:ident, $tag:tt, $name:literal, $objective:ident, $sign:literal) => {
        loss_mean!($(#[$doc])* $Metric, $Metric, $tag, $name, $objective, $sign);
    };
    ($(#[$doc:meta])* $Metric:ident, $Loss:ident, $tag:tt, $name:literal, $objective:ident, $sign:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $Metric {
            name: String,
            #[serde(flatten)]
            loss: $crate::losses::$Loss,
            #[serde(skip)]
            memory: super::loss_mean::Memory,
        }

        impl Default for $Metric {
            fn default() -> $Metric {
                $Metric { name: $name.into(), loss: Default::default(), memory: Default::default() }
            }
        }

        impl $Metric {
            #[doc = concat!("The metric under the name `\"", $name, "\"`.")]
            pub fn new() -> $Metric {
                $Metric::default()
            }

            /// The key in the logs.
            pub fn name(mut self, name: impl Into<String>) -> $Metric {
                self.name = name.into();
                self
            }
        }

        #[typetag::serde(name = $tag)]
        impl $crate::Metric for $Metric {
            fn name(&self) -> &str {
                &self.name
            }

            fn objective(&self) -> $crate::Objective {
                $crate::Objective::$objective
            }

            fn check_options(&self) -> Result<(), $crate::BuildError> {
                $crate::Loss::check_options(&self.loss)
            }

            fn check(
                &self,
                y_true: olifant_core::Shape,
                y_pred: olifant_core::Shape,
            ) -> Result<(), $crate::TargetError> {
                super::loss_mean::check_shape(&self.loss, y_true, y_pred)
            }

            fn update(&self, sums: &mut [f64], batch: &$crate::MetricBatch<'_>) {
                self.memory.add_losses(sums, batch, &self.loss, $sign);
            }
        }
    };
}
pub(super) use loss_mean;

/// Writes the builder methods that are listed where it is called: those of a loss, for the metric that is its mean.
macro_rules! options_of_loss {
    ($Metric:ident: $($(#[$doc:meta])* $option:ident: $type:ty),+ $(,)?) => {
        impl $Metric {
            $(
                $(#[$doc])*
                pub fn $option(mut self, $option: $type) -> $Metric {
                    self.loss = self.loss.$option($option);
                    self
                }
            )+
        }
    };
}
pub(super) use options_of_loss;
