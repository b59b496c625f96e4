//! A penalty on what a layer returns.

use olifant_core::{Float, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Regularizer};

/// The option of layers that may have a penalty on what they return.
///
/// The penalty of all outputs of a batch is divided by its samples, as the loss is a mean over them.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ActivityRegularizer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) activity_regularizer: Option<Regularizer>,
}

impl ActivityRegularizer {
    /// Whether there is no penalty.
    pub(crate) fn is_none(&self) -> bool {
        self.activity_regularizer.is_none()
    }

    /// Whether the factors of the penalty are in their ranges.
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        self.activity_regularizer.map_or(Ok(()), |regularizer| regularizer.check())
    }

    /// Adds the penalty of one output to the loss, and gives the output back.
    ///
    /// Nothing is computed where nobody wants the loss, or where the factors are 0.
    pub(crate) fn penalize<'t>(&self, y: Var<'t>) -> Var<'t> {
        let counts = |regularizer: &Regularizer| y.tape().wants_losses() && !regularizer.is_zero();
        if let Some(regularizer) = self.activity_regularizer.filter(counts) {
            let samples = y.shape()[0].max(1);
            y.tape().add_loss(regularizer.penalty(y) / samples as Float);
        }
        y
    }
}

/// Writes the method `activity_regularizer`, for a layer that keeps an [`ActivityRegularizer`] in a part of it.
macro_rules! activity_regularizer_option {
    ($($part:ident).+, $activity:literal) => {
        $crate::layers::options::options! {
            in [$($part).+];
            #[doc = concat!("A penalty on ", $activity, ", divided by the batch size and added to the loss, in training and in evaluation.")]
            activity_regularizer(regularizer: $crate::Regularizer) => Some(regularizer);
        }
    };
}
pub(crate) use activity_regularizer_option;
